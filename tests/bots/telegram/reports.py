"""Report audio, and see what admins see of it."""

from tests.bots.telegram.talk import pressed
from tests.worlds.telegram import Chat, Message, TelegramWorld, User

REPORTED = "It is reported: what I posted here is for the admins."


async def heard(band: Chat, bob: User, text: str = "Hello", number: int = 1) -> Message:
    await band.says(bob, f"/speak {text}")
    found: list[Message] = await band.wait_for(lambda chat: chat.audios if len(chat.audios) == number else None)
    return found[-1]


async def report(world: TelegramWorld, who: User, voice: Message, label: str = "Report it") -> str:
    """Report audio by two taps; return what its reporter is told."""
    if "Report it" not in voice.buttons:
        await pressed(world, who, voice, "Report")
    return str((await pressed(world, who, voice, label))["text"])


def notice_in(band: Chat) -> Message:
    [notice] = [m for m in band.sent if m.text.startswith("For admins: ") and not m.deleted]
    return notice
