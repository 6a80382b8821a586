"""Audio that is called back for after its order has expired is posted, free, without the token that was wiped."""

import asyncio
from urllib.parse import urlsplit

import aiohttp
import pytest

from core.domain.models import Job
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import posted
from tests.waiting import WAIT_S


async def test_late_audio_is_posted_free(
    stage: Stage, running: Running, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.watching.UNSURE_S", 0.05)
    studio.refusal = 500
    async with running(public_url="https://bot.example") as app:
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        told = await reply.settled(lambda m: "not charged" in m.content)
        assert "turns up within a day all the same, you get it free" in told.content
        [path] = [urlsplit(url).path for url in studio.webhooks]

        async def job() -> Job:
            found = await app.service._store.job(path.rpartition("/")[2].partition(".")[0])
            assert found is not None
            return found

        async with asyncio.timeout(WAIT_S):
            while not (await job()).destination.data.get("message_id") or (await job()).destination.data["token"]:
                await asyncio.sleep(0.005)
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                url = f"http://127.0.0.1:{app.web.port}{path}"
                async with session.post(url, json={"request_id": "speech_1", "status": "COMPLETED"}) as answer:
                    assert answer.status == 200
        message = await posted(stage, reply)
        assert message.content == "Aria for Ana: “Hello everyone”\nThis came late; it costs you nothing."
        balance = await (await stage.world.command(stage.ana, stage.channel, "/balance")).answered()
        assert "$0.10 left today" in balance.content
