"""Audio that members report: one notice for the server's admins, who delete it, block its member, or dismiss it."""

import asyncio

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.reports import JOINED, REPORTED, heard, labels, notice_in, question, report, told
from tests.bots.discord.talk import ADMINS_ONLY, button, refused, say
from tests.worlds.discord import Reply
from tests.worlds.discord.places import BOT, SEND_VOICE_MESSAGES, VIEW_CHANNEL
from tests.worlds.discord.replies import COMPONENT


async def test_two_taps_tell_the_admins_once_and_later_reports_are_counted(stage: Stage, app: App) -> None:
    card = await heard(stage)
    asked = await question(stage, stage.bea, card)
    assert asked.content.startswith("Report this audio to the admins here?")
    assert [m for m in stage.channel.posted if m is not card] == []
    assert await report(stage, stage.bea, card) == REPORTED
    notice = notice_in(stage)
    line = f"For admins: 1 member reported audio that Ana (id {stage.ana.id}) ordered."
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/{card.id}"
    assert notice.content == f"{line}\n{link}\n<@1>"
    assert notice.allowed_mentions == {"parse": [], "users": ["1"]}
    assert labels(notice) == ["Delete", "Block for a day", "Who reported it", "Dismiss"]
    assert await report(stage, stage.bea, card) == "You have reported that already, and once is enough."
    assert notice.content.startswith(line)
    carl = stage.guild.member("Carl")
    assert await report(stage, carl, card) == JOINED
    assert notice.content == f"{line.replace('1 member', '2 members')}\n{link}"
    who = await told(stage, stage.boss, notice, button(notice, "Who reported it"))
    assert who == f"Reported by Bea (id {stage.bea.id}), Carl (id {carl.id})"


async def test_admins_alone_are_told_why_if_its_reporter_says_so(stage: Stage, app: App) -> None:
    card = await heard(stage)
    assert labels(await question(stage, stage.bea, card)) == [
        "Report it", "It is hurtful", "It passes for somebody", "It tells something private", "It is too much"
    ]  # fmt: skip
    assert await report(stage, stage.bea, card, "It passes for somebody") == REPORTED
    carl = stage.guild.member("Carl")
    assert await report(stage, carl, card) == JOINED
    notice = notice_in(stage)
    assert "passes" not in notice.content
    assert await told(stage, stage.boss, notice, button(notice, "Who reported it")) == (
        f"Reported by Bea (id {stage.bea.id}): It passes for somebody, Carl (id {carl.id})"
    )


async def test_admins_are_called_once_within_an_hour(stage: Stage, app: App) -> None:
    for card in (await heard(stage), await heard(stage)):
        assert await report(stage, stage.bea, card) == REPORTED
    first, second = (m for m in stage.channel.posted if m.content.startswith("For admins: "))
    assert ["<@" in message.content for message in (first, second)] == [True, False]
    assert second.allowed_mentions == {"parse": []}


async def test_only_admins_act_on_a_report(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice = notice_in(stage)
    for custom_id in [str(each["custom_id"]) for each in notice.buttons]:
        for who in (stage.ana, stage.bea):
            assert await told(stage, who, notice, custom_id) == ADMINS_ONLY
    assert not card.deleted


async def test_what_an_admin_deletes_is_offered_nowhere_and_stays_charged(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice = notice_in(stage)
    asked = list(notice.components)
    said = "Boss deleted it, and nothing sends it again. What it cost stays charged."
    assert await told(stage, stage.boss, notice, button(notice, "Delete")) == said
    assert (card.deleted, notice.content.splitlines()[-1]) == (True, said)
    assert labels(notice) == ["Block for a day", "Who reported it"]
    notice.components = asked  # as a client that was slow still shows it
    second = stage.guild.member("Second", admin=True)
    for label, answer in (("Delete", "Boss has deleted it already."), ("Dismiss", "Boss has deleted it already.")):
        assert await told(stage, second, notice, button(notice, label)) == answer
    assert "x" * 9 not in (await say(stage, stage.ana, "/history")).content
    assert "$0.0986 left today" in (await say(stage, stage.ana, "/balance")).content
    audit = (await say(stage, stage.boss, "/audit")).content
    assert f"Boss deleted reported audio of Ana (id {stage.ana.id})" in audit


async def test_a_voice_message_goes_with_its_words(stage: Stage, running: Running, listens: None) -> None:
    stage.channel.bot_permissions = BOT | SEND_VOICE_MESSAGES
    async with running():
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await reply.wait_for(lambda r: bool(r.original and "Report" in labels(r.original)))
        card, [spoken] = reply.original, [m for m in stage.channel.posted if m.attachments]
        assert card
        assert card is not spoken
        await report(stage, stage.bea, card)
        await told(stage, stage.boss, notice_in(stage), button(notice_in(stage), "Delete"))
        assert (card.deleted, spoken.deleted) == (True, True)


async def test_where_its_message_can_not_be_deleted_that_is_said_and_tried_again(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice = notice_in(stage)
    stage.world.fail("DELETE", f"/messages/{card.id}$", 403, 50013, "Missing Permissions")
    said = await told(stage, stage.boss, notice, button(notice, "Delete"))
    assert said.startswith("Boss deleted it: nothing sends it again, but its message I may not delete")
    assert not card.deleted
    await told(stage, stage.boss, notice, button(notice, "Delete"))
    assert (card.deleted, "Delete" in labels(notice)) == (True, False)


async def test_a_press_blocks_its_member_for_a_day_once(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice, asked = notice_in(stage), list(notice_in(stage).components)
    said = await told(stage, stage.boss, notice, button(notice, "Block for a day"))
    assert said.startswith("Boss blocked the orders of Ana until <t:")
    assert said in notice.content
    assert labels(notice) == ["Delete", "Who reported it", "Dismiss"]
    notice.components, second = asked, stage.guild.member("Second", admin=True)
    late = await told(stage, second, notice, button(notice, "Block for a day"))
    assert late.startswith("Boss has blocked their orders already, until <t:")
    assert "has blocked your orders until" in (await refused(stage, stage.ana)).content
    await told(stage, stage.boss, notice, button(notice, "Dismiss"))
    assert notice.content.splitlines()[-1] == "Boss dismissed that: the audio stays."
    assert notice.buttons == []
    assert await report(stage, stage.bea, card) == "An admin has looked at that already, and left it."
    assert not card.deleted


async def test_who_is_blocked_for_good_stays_so(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    await say(stage, stage.boss, "/block", member=stage.ana)
    notice = notice_in(stage)
    said = await told(stage, stage.boss, notice, button(notice, "Block for a day"))
    assert said == "Their orders are refused already, for good."
    assert (await refused(stage, stage.ana)).content == "An admin of this community has blocked your orders."


async def test_a_report_outlives_the_process(stage: Stage, running: Running) -> None:
    async with running():
        card = await heard(stage)
        asked = await question(stage, stage.bea, card)
    async with running():
        await (await stage.world.press(stage.bea, asked, button(asked, "Report it"))).wait_for(
            lambda _: asked.content == REPORTED
        )
    async with running():
        assert await report(stage, stage.guild.member("Carl"), card) == JOINED
        notice = notice_in(stage)
        assert notice.content.startswith("For admins: 2 members reported")
        await told(stage, stage.boss, notice, button(notice, "Delete"))
    assert card.deleted


async def test_those_who_report_at_once_are_counted_in_one_notice(stage: Stage, app: App) -> None:
    card, crowd = await heard(stage), [stage.guild.member(f"Member {n}") for n in range(4)]
    said = await asyncio.gather(*(report(stage, who, card) for who in crowd))
    assert sorted(said) == sorted([REPORTED, *[JOINED] * 3])
    await stage.world.pulse.until(lambda: "4 members reported" in notice_in(stage).content)


async def test_two_admins_at_once_are_told_who_was_first(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice, second = notice_in(stage), stage.guild.member("Second", admin=True)
    dismiss = button(notice, "Dismiss")
    said = await asyncio.gather(*(told(stage, who, notice, dismiss) for who in (stage.boss, second)))
    first = notice.content.splitlines()[-1].removesuffix(" dismissed that: the audio stays.")
    assert sorted(said) == sorted([f"{first} dismissed that: the audio stays.", f"{first} has dismissed that already."])


async def test_a_notice_that_somebody_deleted_is_posted_anew(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    notice_in(stage).deleted = True
    assert await report(stage, stage.guild.member("Carl"), card) == REPORTED
    assert notice_in(stage).content.startswith("For admins: 2 members reported")


async def test_where_the_notice_can_not_be_changed_the_report_counts_all_the_same(stage: Stage, app: App) -> None:
    card = await heard(stage)
    await report(stage, stage.bea, card)
    stage.channel.bot_permissions = BOT & ~VIEW_CHANNEL
    assert await report(stage, stage.guild.member("Carl"), card) == JOINED
    stage.channel.bot_permissions = BOT
    notice = notice_in(stage)
    await told(stage, stage.boss, notice, button(notice, "Dismiss"))
    assert notice.content.startswith("For admins: 2 members reported")


async def test_where_nothing_can_be_posted_nothing_is_reported(stage: Stage, app: App) -> None:
    card = await heard(stage)
    asked = await question(stage, stage.bea, card)
    custom_id = button(asked, "Report it")
    components = list(asked.components)
    stage.world.fail("POST", f"/webhooks/{stage.world.application_id}/", 403, 50013, "Missing Permissions")
    await (await stage.world.press(stage.bea, asked, custom_id)).wait_for(
        lambda _: asked.content.startswith("I can't tell the admins now, so nothing is reported.")
    )
    asked.components = components
    await (await stage.world.press(stage.bea, asked, custom_id)).wait_for(lambda _: asked.content == REPORTED)
    assert notice_in(stage).content.endswith("\n<@1>")  # they were not called before


async def test_nobody_reports_their_own_or_names_other_messages(stage: Stage, app: App) -> None:
    card, other = await heard(stage), await heard(stage)
    assert await told(stage, stage.ana, card, button(card, "Report")) == (
        "That is your own order: Delete takes its audio away."
    )
    job_id = button(card, "Report").partition(":")[2]
    asked = await question(stage, stage.bea, card)
    forged = {"custom_id": f"tell:{job_id}:{other.id}", "component_type": 2, "id": 1}
    pressed = await stage.world._interact(COMPONENT, stage.bea, stage.channel, forged, asked)
    assert (await pressed.settled(lambda m: "know" in m.content)).content == "I don't know that order any more."
    for made_up in ("tell:x", f"tell:{job_id}", f"tell:{job_id}:1:2:3", "remove:", "remove:x", "who:", "dismiss:x y"):
        asked.components = [{"type": 1, "components": [{"type": 2, "style": 2, "custom_id": made_up}]}]
        assert (await told(stage, stage.boss, asked, made_up)).startswith("I don't know that "), made_up
    assert not other.deleted


async def test_a_direct_chat_has_nobody_to_report_to(stage: Stage, running: Running) -> None:
    async with running(direct_allowance="1.00 day"):
        sam = stage.world.user("Sam")
        reply: Reply = await stage.world.command(sam, stage.world.dm(sam), "/speak", voice="Aria", text="Hello")
        await reply.audio()
        assert "Details" in labels(reply.last)
        assert "Report" not in labels(reply.last)
