"""What the log says of members at its most talkative: nothing that they wrote, and not who they are."""

from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.e2e.process import process

CANARY = "kestrel"


async def test_the_log_holds_no_members_words_or_names(tmp_path: Path) -> None:
    async with Studio() as gateway, process(tmp_path, gateway.url, LOG_LEVEL="DEBUG") as service:
        guild = service.discord.guild()
        bea, channel = guild.member(f"Bea {CANARY}"), guild.channel(f"{CANARY}-talk")
        ann = service.telegram.user(f"Ann {CANARY}", f"ann_{CANARY}")
        band = service.telegram.group(f"Band {CANARY}", ann)
        await service.start()
        reply = await service.discord.command(bea, channel, "/speak", voice="Aria", text=f"Hello {CANARY}")
        assert len(await reply.audio()) == 1
        await band.says(ann, f"/music a {CANARY} beat")
        await band.wait_for(lambda chat: chat.audios)
        await band.says(ann, f"/grant @ann_{CANARY} {CANARY}")
        await band.wait_for(lambda chat: [text for text in chat.texts if "admin" in text])
        assert "delivered" in service.log
        assert CANARY not in service.log.casefold()
