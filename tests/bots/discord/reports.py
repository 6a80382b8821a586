"""Report audio, and see what admins see of it."""

from tests.bots.discord.conftest import Stage
from tests.bots.discord.talk import button, order
from tests.worlds.discord import Member, Message

REPORTED = "It is reported: what I posted here is for the admins."
JOINED = "It is reported, as it was by others before you."


async def heard(stage: Stage) -> Message:
    """Let Ana order something; return the card with its audio."""
    reply = await order(stage, stage.ana)
    await reply.audio()
    assert reply.original
    return reply.original


async def question(stage: Stage, who: Member, card: Message) -> Message:
    asked = await stage.world.press(who, card, button(card, "Report"))
    await asked.wait_for(lambda r: r.followups)
    [said] = asked.followups
    assert said.ephemeral
    return said


async def report(stage: Stage, who: Member, card: Message, label: str = "Report it") -> str:
    """Report audio by two taps; return what its reporter is told."""
    asked = await question(stage, who, card)
    before = asked.content
    pressed = await stage.world.press(who, asked, button(asked, label))
    await pressed.wait_for(lambda r: asked.content != before or any(m.ephemeral for m in r.followups))
    return pressed.followups[-1].content if asked.content == before else asked.content


def notice_in(stage: Stage) -> Message:
    [notice] = [m for m in stage.channel.posted if m.content.startswith("For admins: ")]
    return notice


async def told(stage: Stage, who: Member, message: Message, custom_id: str) -> str:
    """Press a button; return what whoever pressed is told alone."""
    pressed = await stage.world.press(who, message, custom_id)
    await pressed.wait_for(lambda r: [m for m in r.followups if m.ephemeral])
    return [m for m in pressed.followups if m.ephemeral][-1].content


def labels(message: Message) -> list[str]:
    return [str(each["label"]) for each in message.buttons]
