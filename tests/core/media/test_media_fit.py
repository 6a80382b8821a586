"""Making a file fit what a chat takes."""

import asyncio
import wave
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from core.domain.audio import Want, raw_format
from core.domain.errors import CannotFit, StoreError, Undecodable
from core.media.media import Media
from tests.core.media.files import names, tone, write, write_wav

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAYABLE = frozenset({"ogg/opus", "mp3/mp3"})


def want(max_bytes: int, prefer: Literal["opus", "mp3"] = "opus", playable: frozenset[str] = PLAYABLE) -> Want:
    return Want(max_bytes, playable, prefer)


async def test_a_file_that_fits_is_not_touched(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mp3", "libmp3lame", 1, 44_100)
    probe = await shared.probe(path)
    assert await shared.fit(path, probe, tmp_path / "b", want(path.stat().st_size)) == (path, probe)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("prefer", "kind"), [("opus", "ogg/opus"), ("mp3", "mp3/mp3")])
async def test_wav_becomes_what_the_chat_plays(
    shared: Media, tmp_path: Path, prefer: Literal["opus", "mp3"], kind: str, channels: int
) -> None:
    path = write_wav(tmp_path / "a", 3, 44_100, channels)
    into, probe = await shared.fit(path, await shared.probe(path), tmp_path / "b", want(10**6, prefer))
    assert into == tmp_path / "b"
    assert probe == await shared.probe(into)
    assert (probe.kind, probe.channels) == (kind, channels)
    assert probe.duration_ms == pytest.approx(3000, abs=100)
    assert names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(
    ("prefer", "max_bytes", "channels"),
    [
        ("opus", 51_000, 2),
        ("opus", 29_000, 2),
        ("opus", 12_300, 1),
        ("opus", 7_000, 1),
        ("mp3", 77_000, 2),
        ("mp3", 15_000, 1),
    ],
)
async def test_a_tight_limit_is_met_with_the_whole_length(
    shared: Media, tmp_path: Path, prefer: Literal["opus", "mp3"], max_bytes: int, channels: int
) -> None:
    path = write_wav(tmp_path / "a", 3, 48_000, 2)
    into, probe = await shared.fit(path, await shared.probe(path), tmp_path / "b", want(max_bytes, prefer))
    assert max_bytes * 0.65 < into.stat().st_size <= max_bytes
    assert probe.duration_ms == pytest.approx(3000, abs=100)
    assert probe.channels == channels


async def test_a_playable_file_that_is_too_large_is_made_smaller(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mp3", "libmp3lame", 2, 44_100)
    max_bytes = path.stat().st_size - 1
    into, probe = await shared.fit(path, await shared.probe(path), tmp_path / "b", want(max_bytes, "mp3"))
    assert into == tmp_path / "b"
    assert into.stat().st_size <= max_bytes
    assert probe.duration_ms == pytest.approx(2000, abs=100)


async def test_the_playable_format_wins_over_the_preferred_one(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 1)
    only_mp3 = want(10**6, "opus", frozenset({"mp3/mp3"}))
    _, probe = await shared.fit(path, await shared.probe(path), tmp_path / "b", only_mp3)
    assert probe.kind == "mp3/mp3"


async def test_headerless_audio_is_given_a_container(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mulaw", "pcm_mulaw", 2, 8000)
    raw = raw_format("ulaw_8000")
    _, probe = await shared.fit(path, await shared.probe(path, raw), tmp_path / "b", want(10**6), raw)
    assert probe.kind == "ogg/opus"
    assert probe.duration_ms == pytest.approx(2000, abs=100)


CHOSEN = [
    ("mp3_44100_128", "mp3", "mp3", 44_100, "libmp3lame"),
    ("mp3_22050_32", "mp3", "mp3", 22_050, "libmp3lame"),
    ("opus_48000_64", "ogg", "opus", 48_000, "libopus"),
    ("pcm_16000", "wav", "pcm_s16le", 16_000, "pcm_s16le"),
    ("ulaw_8000", "wav", "pcm_mulaw", 8000, "pcm_mulaw"),
    ("alaw_8000", "wav", "pcm_alaw", 8000, "pcm_alaw"),
]


@pytest.mark.parametrize(("output_format", "container", "codec", "rate", "encoder"), CHOSEN)
async def test_a_chosen_format_arrives_as_chosen_whatever_was_made(
    shared: Media, tmp_path: Path, output_format: str, container: str, codec: str, rate: int, encoder: str
) -> None:
    wanted = replace(want(10**7, "mp3", frozenset({"mp3/mp3"})), output_format=output_format)
    other = write_wav(tmp_path / "other", 1, 32_000, 2)
    _, probe = await shared.fit(other, await shared.probe(other), tmp_path / "b", wanted)
    assert (probe.container, probe.codec, probe.sample_rate_hz, probe.channels) == (container, codec, rate, 2)
    right = write(tmp_path / "right", container, encoder, 1, rate)
    probe = await shared.probe(right)
    assert await shared.fit(right, probe, tmp_path / "c", wanted) == (right, probe)
    assert names(tmp_path) == ["b", "other", "right"]


async def test_bare_samples_are_told_in_a_header_and_stay_the_same(shared: Media, tmp_path: Path) -> None:
    path, raw = tmp_path / "a", raw_format("pcm_24000")
    path.write_bytes(tone(1, 24_000).tobytes())
    wanted = replace(want(10**6), output_format="pcm_24000")
    into, _ = await shared.fit(path, await shared.probe(path, raw), tmp_path / "b", wanted, raw)
    with wave.open(str(into)) as heard:
        assert heard.getframerate() == 24_000
        assert heard.readframes(10**6) == path.read_bytes()


async def test_a_chosen_format_that_is_too_large_gives_way_to_what_fits(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 3, 44_100)
    wanted = replace(want(100_000, "mp3"), output_format="pcm_44100")
    made = await shared.probe(path)
    into, probe = await shared.fit(path, made, tmp_path / "b", wanted)
    assert probe.kind == "mp3/mp3"
    assert into.stat().st_size <= 100_000
    assert not wanted.honours(made, path.stat().st_size, probe)


async def test_a_lower_bitrate_than_the_chosen_one_is_known_as_such(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 3, 44_100)
    made, wanted = await shared.probe(path), replace(want(60_000, "mp3"), output_format="mp3_44100_192")
    _, probe = await shared.fit(path, made, tmp_path / "b", wanted)
    assert (probe.kind, probe.sample_rate_hz) == ("mp3/mp3", 44_100)
    assert not wanted.honours(made, path.stat().st_size, probe)
    roomy = replace(wanted, max_bytes=10**6)
    _, probe = await shared.fit(path, made, tmp_path / "c", roomy)
    assert roomy.honours(made, path.stat().st_size, probe)
    assert wanted.honours(probe, 50_000, probe)


@pytest.mark.parametrize(
    ("riff_bytes", "data_bytes"), [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (0xFFFFFFFF, 0), (0x7FFFFFFF, 0x7FFFFFFF), (0, -1)]
)
@pytest.mark.parametrize("output_format", ["", "pcm_24000"])
async def test_a_header_with_place_holders_is_mended(
    shared: Media, tmp_path: Path, riff_bytes: int, data_bytes: int, output_format: str
) -> None:
    samples = write_wav(tmp_path / "a", 1).read_bytes()
    data_bytes = len(samples) - 44 if data_bytes < 0 else data_bytes
    path = tmp_path / "a"
    path.write_bytes(
        samples[:4] + riff_bytes.to_bytes(4, "little") + samples[8:40] + data_bytes.to_bytes(4, "little") + samples[44:]
    )
    probe = await shared.probe(path)
    assert probe.duration_ms == 1000
    wanted = replace(want(10**6, playable=PLAYABLE | {"wav/pcm_s16le"}), output_format=output_format)
    into, mended = await shared.fit(path, probe, tmp_path / "b", wanted)
    assert mended == probe
    with wave.open(str(into)) as heard:
        assert heard.getnframes() == 24_000
        assert heard.readframes(24_000) == samples[44:]


@pytest.mark.parametrize("max_bytes", [2500, 100])
async def test_what_no_bitrate_makes_small_enough_cannot_fit(shared: Media, tmp_path: Path, max_bytes: int) -> None:
    path = write_wav(tmp_path / "a", 4)
    with pytest.raises(CannotFit) as caught:
        await shared.fit(path, await shared.probe(path), tmp_path / "b", want(max_bytes))
    assert (caught.value.size_bytes, caught.value.max_bytes) == (path.stat().st_size, max_bytes)
    assert names(tmp_path) == ["a"]


async def test_an_output_that_outgrows_its_limit_is_given_up(shared: Media, tmp_path: Path) -> None:
    """The probe claims a fraction of the length, so every estimate is far too small."""
    path = write_wav(tmp_path / "long", 5)
    short = await shared.probe(write_wav(tmp_path / "short", 0.1))
    with pytest.raises(CannotFit):
        await shared.fit(path, short, tmp_path / "b", want(5000))
    assert names(tmp_path) == ["long", "short"]


async def test_a_file_that_went_bad_replaces_nothing(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 1)
    probe = await shared.probe(path)
    path.write_bytes(b"<html>")
    (tmp_path / "b").write_bytes(b"before")
    with pytest.raises(Undecodable):
        await shared.fit(path, probe, tmp_path / "b", want(10**6))
    assert (tmp_path / "b").read_bytes() == b"before"
    assert names(tmp_path) == ["a", "b"]


async def test_a_disk_that_takes_nothing_says_nothing_about_the_file(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 3)
    probe = await shared.probe(path)
    with pytest.raises(StoreError, match="spool"):
        await shared.fit(path, probe, tmp_path / "none" / "b", want(10**6))


async def test_two_at_once_into_the_same_place_leave_one_whole_file(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 2)
    probe = await shared.probe(path)
    fits = await asyncio.gather(*(shared.fit(path, probe, tmp_path / "b", want(10**6)) for _ in range(2)))
    assert fits[0] == fits[1]
    assert await shared.probe(tmp_path / "b") == fits[0][1]
    assert names(tmp_path) == ["a", "b"]


async def test_a_want_that_no_encoding_serves_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="ogg/opus"):
        want(10**6, playable=frozenset({"wav/pcm_s16le"}))


async def test_encodings_go_from_good_to_poor_and_end_with_the_poorest() -> None:
    rows = want(10**7, "mp3").encodings(channels=2, duration_ms=60_000)
    assert [row.bitrate_bps for row in rows] == [192_000, 128_000, 32_000]
    assert [row.bitrate_bps for row in want(500_000).encodings(1, 60_000)] == [64_000, 48_000, 12_000]
    assert [row.bitrate_bps for row in want(100_000).encodings(1, 60_000)] == [12_000]
    assert not want(90_000).encodings(1, 60_000)
