"""Type commands as a member would, and find the answers."""

from bots.app.life import App
from bots.discord import Discord
from tests.bots.discord.conftest import Stage
from tests.worlds.discord import Channel, Member, Message, Reply

ADMINS_ONLY = "Only admins of this community may do that."
OPERATORS_ONLY = "Only whoever runs this bot may do that."
FREE = "free, from an earlier take"


async def say(stage: Stage, who: Member, line: str, **options: object) -> Message:
    """Use a command whose answer is for its author alone."""
    said = await (await stage.world.command(who, stage.channel, line, **options)).answered()
    assert said.ephemeral
    return said


async def order(stage: Stage, who: Member, characters: int = 14, *, channel: Channel | None = None) -> Reply:
    return await stage.world.command(who, channel or stage.channel, "/speak", voice="Aria", text="x" * characters)


async def spoken(stage: Stage, who: Member, text: str = "Hello everyone") -> Reply:
    reply = await stage.world.command(who, stage.channel, "/speak", text=f"Aria {text}")
    await reply.wait_for(lambda r: r.content.startswith(f"Aria: “{text}”"))
    return reply


async def refused(stage: Stage, who: Member, characters: int = 14, *, channel: Channel | None = None) -> Message:
    said = await (await order(stage, who, characters, channel=channel)).settled(lambda m: m.content)
    assert said.ephemeral
    return said


def button(message: Message, label: str) -> str:
    return next(str(b["custom_id"]) for b in message.buttons if b["label"] == label)


async def posted(stage: Stage, reply: Reply) -> Message:
    """Wait for a message of the channel with files that is not the reply."""

    def found() -> list[Message]:
        return [m for m in stage.channel.posted if m is not reply.original and m.attachments]

    await stage.world.pulse.until(lambda: bool(found()))
    return found()[0]


async def ready(app: App) -> None:
    platform = app.platforms["discord"]
    assert isinstance(platform, Discord)
    assert platform._bot is not None
    await platform._bot.wait_until_ready()
