"""SIGTERM while audio is on its way: members are answered until the end, and what they order goes on at the next start."""

import asyncio
from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.e2e.process import process
from tests.waiting import until
from tests.worlds.telegram import Fault

RESTARTING = "I am being restarted, waiting until I am back"


async def test_members_are_answered_while_audio_is_on_its_way(tmp_path: Path) -> None:
    async with Studio() as gateway, process(tmp_path, gateway.url, DRAIN_S="60") as service:
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        guild = service.discord.guild()
        bea, channel = guild.member("Bea"), guild.channel("general")
        await service.start()
        arrives = asyncio.Event()
        service.telegram.fail("sendVoice", Fault.slow(arrives))
        await band.says(ann, "/speak Aria The first")
        await service.telegram.until(lambda: service.telegram.calls_to("sendVoice"), "no upload")
        ending = asyncio.create_task(service.terminate())
        await until(lambda: "stopping: " in service.log, 0.01)

        assert "left" in (await band.reply_to(await band.says(ann, "/balance"))).text
        await (await service.discord.command(bea, channel, "/balance")).answered()
        assert RESTARTING in (await band.reply_to(await band.says(ann, "/speak Aria The second"))).text
        reply = await service.discord.command(bea, channel, "/speak", voice="Aria", text="The third")
        await reply.wait_for(lambda reply: RESTARTING in "".join(reply.edits))
        assert not ending.done()
        arrives.set()
        assert await ending == 0
        assert len(band.audios) == 1
        await service.start()
        await band.wait_for(lambda chat: len(chat.audios) == 2)
        assert len(await reply.audio()) == 1
