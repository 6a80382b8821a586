"""Reported audio that was sent more than once: whose it is, and where it is deleted."""

from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.reports import REPORTED, notice_in, report, told
from tests.bots.discord.talk import FREE, button, refused, say, spoken
from tests.worlds.discord import Channel, Member, Message


async def again(stage: Stage, who: Member, channel: Channel) -> Message:
    """Let a member order the same in a channel, where it comes free; return the card."""
    reply = await stage.world.command(who, channel, "/speak", text="Aria Hello everyone")
    await reply.wait_for(lambda r: r.content.endswith(FREE) and r.attachments)
    assert reply.original
    return reply.original


async def test_a_copy_is_of_whoever_had_it_sent_there(stage: Stage, running: Running) -> None:
    carl = stage.guild.member("Carl")
    async with running(repeat_kept=True):
        first = (await spoken(stage, stage.ana)).last
        copy = await again(stage, stage.bea, stage.channel)
        assert await report(stage, stage.bea, copy) == "You had that sent yourself, so there is nobody to report."
        assert await report(stage, carl, copy) == REPORTED
        notice = notice_in(stage)
        assert notice.content.startswith(f"For admins: 1 member reported audio that Bea (id {stage.bea.id}) ordered.")
        await told(stage, stage.boss, notice, button(notice, "Block for a day"))
        assert "has blocked your orders until" in (await refused(stage, stage.bea)).content
        assert "Boss blocked Bea" in (await say(stage, stage.boss, "/audit")).content
        assert "blocked" not in (await say(stage, stage.ana, "/balance")).content
        await told(stage, stage.boss, notice, button(notice, "Delete"))
        assert (first.deleted, copy.deleted) == (True, True)


async def test_the_first_is_of_whoever_ordered_it_also_after_copies(stage: Stage, running: Running) -> None:
    async with running(repeat_kept=True):
        first = (await spoken(stage, stage.ana)).last
        await again(stage, stage.bea, stage.channel)
        assert await report(stage, stage.bea, first) == REPORTED
        assert f"Ana (id {stage.ana.id})" in notice_in(stage).content


async def test_copies_in_other_channels_go_with_it_and_those_in_direct_chats_stay(
    stage: Stage, running: Running
) -> None:
    elsewhere, alone = stage.guild.channel("music"), stage.world.dm(stage.ana)
    async with running(repeat_kept=True):
        first = (await spoken(stage, stage.ana)).last
        copy = await again(stage, stage.ana, elsewhere)
        listed = await (await stage.world.command(stage.ana, alone, "/history")).answered()
        private = await stage.world.press(stage.ana, listed, button(listed, "1"))
        await private.audio()
        await report(stage, stage.bea, first)
        notice = notice_in(stage)
        said = await told(stage, stage.boss, notice, button(notice, "Delete"))
        assert said == "Boss deleted it, and nothing sends it again. What it cost stays charged."
    assert (first.deleted, copy.deleted, private.last.deleted) == (True, True, False)
