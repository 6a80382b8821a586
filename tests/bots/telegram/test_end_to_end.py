"""The app as it runs, over the sandbox gateway: a message in, audio out that plays."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from pydantic import SecretStr

from bots.app.compose import build, platforms
from bots.app.environment import load
from bots.app.settings import SANDBOX
from tests.worlds.telegram import Chat, TelegramWorld, User


@asynccontextmanager
async def serving(world: TelegramWorld, folder: Path, **changes: Any) -> AsyncIterator[None]:
    """Run the app as operators do; at the end it stops by itself."""
    values: dict[str, Any] = {"gateway_url": SANDBOX, "gateway_key": SecretStr("a-key-of-the-test"), **changes}
    settings = load(
        telegram_token=SecretStr(world.token),
        telegram_api_url=world.api_url,
        discord_token=None,
        communities="open",
        data_dir=folder,
        http_port=0,
        **values,
    )
    stop = asyncio.Event()
    async with build(settings, platforms(settings)) as app:
        running = asyncio.create_task(app.run(stop))
        try:
            yield
        finally:
            stop.set()
            await running


def _seconds(content: bytes) -> float:
    """Decode every sample."""
    with av.open(io.BytesIO(content), "r") as source:
        return sum((frame.samples / frame.sample_rate for frame in source.decode(source.streams.audio[0])), 0.0)


@pytest.mark.parametrize(
    ("text", "kind", "magic"),
    [("/speak Aria Hello everyone", "voice", b"OggS"), ("/music lo-fi rain beat", "audio", b"ID3")],
)
async def test_a_message_becomes_audio_that_plays(
    world: TelegramWorld, band: Chat, bob: User, tmp_path: Path, text: str, kind: str, magic: bytes
) -> None:
    async with serving(world, tmp_path):
        asked = await band.says(bob, text)
        sent = await band.wait_for(lambda chat: next(iter(chat.audios), None))
        assert (sent.kind, sent.reply_to) == (kind, asked.id)
        assert sent.content.startswith(magic)
        assert _seconds(sent.content) > 0.5
        await band.wait_for(lambda chat: chat.sent[0].deleted)


async def test_audio_that_goes_as_it_came_says_what_it_is(
    world: TelegramWorld, band: Chat, bob: User, tmp_path: Path
) -> None:
    async with serving(world, tmp_path, loudness_lufs="off"):
        await band.says(bob, "/music lo-fi rain beat output_format=mp3_44100_128")
        sent = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert sent.upload
    assert sent.upload.filename == "lo-fi rain beat.mp3"
    with av.open(io.BytesIO(sent.content), "r") as source:
        assert (source.metadata["title"], source.metadata["artist"]) == ("lo-fi rain beat", "Troubadour")


async def test_a_stop_waits_as_long_as_it_is_told(
    world: TelegramWorld, band: Chat, bob: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    posted, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        posted.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    gateway = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{gateway.sockets[0].getsockname()[1]}"
    async with gateway, serving(world, tmp_path, gateway_url=url, drain_s=0):
        await band.says(bob, "/speak Aria Hello everyone")
        await posted.wait()
    await gone.wait()
    assert "1 tasks did not come to rest in 0 s" in caplog.messages
