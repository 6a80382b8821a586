"""Audio that is called back for after its order has expired comes in place of the words that said so, free."""

from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer
from tests.service import service
from tests.worlds.telegram import TelegramWorld


async def test_late_audio_is_sent_free(
    world: TelegramWorld, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.watching.UNSURE_S", 0.05)
    studio.refusal = 500
    bob = world.user("Bob")
    band = world.group("Band", bob)
    async with (
        service(world, studio, tmp_path, public_url="https://bot.example") as app,
        aiohttp.ClientSession() as web,
    ):
        await band.says(bob, "/speak Hello everyone")
        told = await band.wait_for(lambda chat: next((t for t in chat.texts if "not charged" in t), None))
        assert "turns up within a day all the same, you get it free" in told
        [path] = [urlsplit(url).path for url in studio.webhooks]
        body = {"request_id": "speech_1", "status": "COMPLETED"}
        for _ in range(2):
            async with web.post(f"http://127.0.0.1:{app.web.port}{path}", json=body) as heard:
                assert heard.status == 200
        [audio] = await band.wait_for(lambda chat: chat.audios)
        assert "“Hello everyone”\nThis came late; it costs you nothing." in audio.text
        await band.wait_for(lambda chat: not any("not charged" in text for text in chat.texts))
        assert "$0.00 used" in await answer(band, bob, "/balance")
        assert len(band.audios) == 1
