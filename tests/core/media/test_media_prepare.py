"""Telling what was fetched and making what the chat takes of it, in one go."""

import os
from pathlib import Path

import pytest

from core.domain.audio import Want, raw_format
from core.domain.errors import SilentAudio, StoreError, Undecodable
from core.media.media import Media
from tests.core.media.files import names, write, write_wav

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAYABLE = frozenset({"ogg/opus", "mp3/mp3"})
WANT = Want(10**6, PLAYABLE, "opus")


async def test_preparing_says_what_probing_says_and_makes_what_fitting_makes(shared: Media, tmp_path: Path) -> None:
    raw = raw_format("pcm_16000")
    for path, read in (
        (write_wav(tmp_path / "mono", 2), None),
        (write_wav(tmp_path / "stereo", 2, 44_100, 2), None),
        (write(tmp_path / "flac", "flac", "flac", 2, 48_000), None),
        (write(tmp_path / "raw", "s16le", "pcm_s16le", 2, 16_000), raw),
    ):
        probe = await shared.probe(path, read)
        fitted = await shared.fit(path, probe, tmp_path / "b", WANT, read)
        size_bytes = (tmp_path / "b").stat().st_size
        assert await shared.prepare(path, tmp_path / "b", WANT, read) == (probe, fitted)
        assert (tmp_path / "b").stat().st_size == size_bytes


async def test_what_the_chat_takes_stays_as_it_is(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mp3", "libmp3lame", 1, 44_100)
    probe = await shared.probe(path)
    assert await shared.prepare(path, tmp_path / "b", WANT) == (probe, (path, probe))
    assert names(tmp_path) == ["a"]


async def test_a_header_that_promises_hours_does_not_cost_the_quality(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 3)
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"\xff\xff\xff\xff" + content[44:])
    probe, fit = await shared.prepare(path, tmp_path / "b", WANT)
    assert probe.duration_ms == 3000
    assert fit
    assert fit[0].stat().st_size > 20_000


async def test_what_nothing_makes_small_enough_is_audio_all_the_same(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 4)
    probe, fit = await shared.prepare(path, tmp_path / "b", Want(2500, PLAYABLE, "opus"))
    assert (probe.duration_ms, fit) == (4000, None)
    assert names(tmp_path) == ["a"]


async def test_a_disk_that_takes_no_copy_leaves_the_audio(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 4)
    probe, fit = await shared.prepare(path, tmp_path / "none" / "b", WANT)
    assert (probe.duration_ms, fit) == (4000, None)


async def test_what_is_no_audio_leaves_nothing(shared: Media, tmp_path: Path) -> None:
    for content, error in (
        (b"<html>", Undecodable),
        (write_wav(tmp_path / "a", 0).read_bytes(), Undecodable),
        (write_wav(tmp_path / "a", 1).read_bytes()[:44] + bytes(48_000), SilentAudio),
    ):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(error):
            await shared.prepare(tmp_path / "a", tmp_path / "b", WANT)
    with pytest.raises(StoreError):
        await shared.prepare(tmp_path / "nothing", tmp_path / "b", WANT)
    assert names(tmp_path) == ["a"]


async def test_an_encoder_that_takes_the_process_along_costs_the_copy_alone(tmp_path: Path) -> None:
    """The encoder's file is a FIFO that nobody reads: it hangs until the deadline."""
    media = Media(children=1)
    path = write_wav(tmp_path / "a", 1)
    os.mkfifo(tmp_path / "stuck")
    ask = media._pool.ask

    async def into_a_fifo(operation: str, arguments: dict[str, object], deadline_s: float) -> dict[str, object]:
        if operation == "prepare":
            return await ask(operation, arguments | {"part": str(tmp_path / "stuck")}, 0.5)
        return await ask(operation, arguments, deadline_s)

    media._pool.ask = into_a_fifo  # type: ignore[method-assign]
    probe, fit = await media.prepare(path, tmp_path / "b", WANT)
    assert (probe.duration_ms, fit) == (1000, None)
    await media.close()
