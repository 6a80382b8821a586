"""The same speech once more: what is kept of it comes, free, and says so; a new take is one press away."""

from bots.discord.voice_messages import VOICE_FLAG
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import FREE, button, say, spoken
from tests.worlds.discord import Message
from tests.worlds.discord.places import BOT, SEND_VOICE_MESSAGES


def labels(message: Message) -> list[str]:
    return [str(button["label"]) for button in message.buttons]


async def test_what_another_had_made_here_comes_free_and_a_new_take_is_paid(
    stage: Stage, running: Running, studio: Studio
) -> None:
    async with running(repeat_kept=True):
        first = await spoken(stage, stage.ana)
        assert "Again ($0.0014)" in labels(first.last)
        reply = await spoken(stage, stage.bea)
        assert reply.content == f"Aria: “Hello everyone”\n{FREE}"
        assert [file.content for file in reply.attachments] == [file.content for file in first.attachments]
        assert "New take ($0.0014)" in labels(reply.last)
        assert "Delete" not in labels(reply.last)  # it would be Ana's
        assert "$0.10 left" in (await say(stage, stage.bea, "/balance")).content
        assert reply.followups == []
        pressed = await stage.world.press(stage.bea, reply.last, button(reply.last, "New take ($0.0014)"))
        await pressed.wait_for(lambda r: r.original is not reply.original and r.attachments)
        assert FREE not in pressed.content
        assert "$0.0986" in (await say(stage, stage.bea, "/balance")).content
    assert len(studio.orders) == 2


async def test_whoever_asked_has_it_as_a_file_also_after_others_asked(stage: Stage, running: Running) -> None:
    async with running(repeat_kept=True):
        await spoken(stage, stage.ana)
        card = (await spoken(stage, stage.bea)).last
        await spoken(stage, stage.ana)
        filed = await stage.world.press(stage.bea, card, button(card, "As a file"))
        assert await filed.audio()
        details = await stage.world.press(stage.bea, card, button(card, "Details"))
        await details.wait_for(lambda r: r.followups)
        assert details.last.content.startswith("Speech · Aria")
        theirs = await stage.world.press(stage.boss, card, button(card, "As a file"))
        await theirs.wait_for(lambda r: r.followups)
        assert theirs.last.content == "That order belongs to somebody else."


async def test_a_voice_message_comes_again_as_one(stage: Stage, running: Running, listens: None) -> None:
    stage.channel.bot_permissions = BOT | SEND_VOICE_MESSAGES
    async with running(repeat_kept=True):
        await spoken(stage, stage.ana)
        reply = await spoken(stage, stage.ana)
        assert reply.content.endswith(FREE)
    first, second = (m for m in stage.channel.posted if m.flags & VOICE_FLAG)
    assert first.attachments[0].content == second.attachments[0].content
