"""What a file is, told by its content."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from core.domain.audio import Probe, RawFormat, raw_format
from core.domain.errors import SilentAudio, StoreError, Undecodable
from core.domain.products import OUTPUT_FORMATS
from core.media.media import Media
from tests.core.media.files import tone, write, write_wav

pytestmark = pytest.mark.asyncio(loop_scope="module")

HTML = b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n" * 40


@pytest.mark.parametrize(
    ("container", "encoder", "rate", "channels", "kind", "mime", "extension"),
    [
        ("wav", "pcm_s16le", 44_100, 2, "wav/pcm_s16le", "audio/wav", "wav"),
        ("mp3", "libmp3lame", 22_050, 1, "mp3/mp3", "audio/mpeg", "mp3"),
        ("mp3", "libmp3lame", 44_100, 2, "mp3/mp3", "audio/mpeg", "mp3"),
        ("ogg", "libopus", 48_000, 2, "ogg/opus", "audio/ogg", "ogg"),
        ("flac", "flac", 16_000, 1, "flac/flac", "audio/flac", "flac"),
        ("ipod", "aac", 44_100, 1, "mp4/aac", "audio/mp4", "m4a"),
    ],
)
async def test_a_header_tells_everything(
    shared: Media,
    tmp_path: Path,
    container: str,
    encoder: str,
    rate: int,
    channels: int,
    kind: str,
    mime: str,
    extension: str,
) -> None:
    path = write(tmp_path / "misleading.txt", container, encoder, 1.5, rate, channels)
    probe = await shared.probe(path)
    assert (probe.kind, probe.mime, probe.extension) == (kind, mime, extension)
    assert (probe.sample_rate_hz, probe.channels) == (rate, channels)
    assert probe.duration_ms == pytest.approx(1500, abs=60)


@pytest.mark.parametrize(
    ("output_format", "container", "encoder", "rate", "codec", "extension"),
    [
        ("pcm_8000", "s16le", "pcm_s16le", 8000, "pcm_s16le", "pcm"),
        ("pcm_44100", "s16le", "pcm_s16le", 44_100, "pcm_s16le", "pcm"),
        ("ulaw_8000", "mulaw", "pcm_mulaw", 8000, "pcm_mulaw", "ulaw"),
        ("alaw_8000", "alaw", "pcm_alaw", 8000, "pcm_alaw", "alaw"),
    ],
)
async def test_headerless_audio_is_read_as_declared(
    shared: Media,
    tmp_path: Path,
    output_format: str,
    container: str,
    encoder: str,
    rate: int,
    codec: str,
    extension: str,
) -> None:
    path = write(tmp_path / "a", container, encoder, 2, rate)
    probe = await shared.probe(path, raw_format(output_format))
    assert (probe.container, probe.codec, probe.extension) == ("raw", codec, extension)
    assert (probe.sample_rate_hz, probe.channels, probe.duration_ms) == (rate, 1, 2000)


async def test_samples_that_look_like_an_mp3_header_stay_samples(shared: Media, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff\xfb\x90\x00" + tone(1, 8000).tobytes()[4:])
    assert (await shared.probe(path, RawFormat("s16le", 8000))).kind == "raw/pcm_s16le"


async def test_speech_that_swings_around_a_letter_is_no_text(shared: Media, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("\u0566".encode() * 6000 + tone(1, 24_000).tobytes())  # a quarter of a second off zero
    assert (await shared.probe(path, RawFormat("s16le", 24_000))).duration_ms == 1250


async def test_a_header_is_believed_before_the_declared_format(shared: Media, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a", 1, 24_000)
    ogg = write(tmp_path / "b", "ogg", "libopus", 1, 48_000)
    raw = RawFormat("s16le", 8000)
    assert await shared.probe(wav, raw) == Probe("wav", "pcm_s16le", 24_000, 1, 1000, "audio/wav", "wav")
    assert (await shared.probe(ogg, raw)).kind == "ogg/opus"


async def test_mp3_without_a_tag_is_known_by_its_first_frame(shared: Media, tmp_path: Path) -> None:
    tagged = write(tmp_path / "a", "mp3", "libmp3lame", 1, 44_100).read_bytes()
    path = tmp_path / "b"
    path.write_bytes(tagged[tagged.index(b"\xff\xfb") :])
    assert (await shared.probe(path)).duration_ms == pytest.approx(1000, abs=60)


async def test_some_broken_packets_are_passed_over(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mp3", "libmp3lame", 3, 44_100)
    content = bytearray(path.read_bytes())
    content[20_000:22_000] = bytes(2000)
    path.write_bytes(content)
    assert (await shared.probe(path)).duration_ms == pytest.approx(3000, abs=350)


async def test_a_file_that_ends_early_has_the_length_that_decodes(shared: Media, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a", 2, 8000)
    path.write_bytes(path.read_bytes()[: 44 + 8000])
    assert (await shared.probe(path)).duration_ms == 500


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"OggS\x00\x02",
        b"ID3\x04\x00\x00\x00\x00\x00\x00",
        b"\xff\xfb\x90\x00" + bytes(5000),
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b'{"status": "ERROR"}',
        HTML,
        b"ID3" + HTML,
        b"OggS" + HTML,
        b"fLaC" + HTML,
        bytes(range(256)) * 64,
    ],
)
async def test_what_is_not_audio_is_undecodable(shared: Media, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audio.mp3"
    path.write_bytes(content)
    with pytest.raises(Undecodable):
        await shared.probe(path)


ERROR_TEXT = "Internal error: the request could not be finished, try again later.\n" * 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HTML,
        b'{"status": "ERROR"}',
        ERROR_TEXT.encode(),
        ("  \n" + ERROR_TEXT).encode("utf-16"),
        "Внутренняя ошибка, попробуйте позже. ".encode() * 100,
        "内部エラー".encode() * 2000,
        "Erreur: réessayez plus tard, l'été. ".encode("latin-1") * 60,
        b"\x89PNG\r\n\x1a\n" + os.urandom(5000),
        b"\x1f\x8b\x08" + os.urandom(5000),
        b"\x01\xf0" * 300,
    ],
    ids=["nothing", "html", "json", "words", "utf-16", "russian", "japanese", "latin-1", "png", "gzip", "too short"],
)
@pytest.mark.parametrize("raw", [RawFormat("mulaw", 8000), RawFormat("alaw", 8000), RawFormat("s16le", 44_100)])
async def test_what_is_no_audio_is_not_taken_for_samples(
    shared: Media, tmp_path: Path, content: bytes, raw: RawFormat
) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(Undecodable):
        await shared.probe(path, raw)


@pytest.mark.parametrize(
    ("container", "encoder", "rate", "raw"),
    [
        ("wav", "pcm_s16le", 24_000, ""),
        ("mp3", "libmp3lame", 44_100, ""),
        ("ogg", "libopus", 48_000, ""),
        ("flac", "flac", 16_000, ""),
        ("s16le", "pcm_s16le", 8000, "pcm_8000"),
        ("mulaw", "pcm_mulaw", 8000, "ulaw_8000"),
        ("alaw", "pcm_alaw", 8000, "alaw_8000"),
    ],
)
async def test_silence_from_end_to_end_is_no_audio(
    shared: Media, tmp_path: Path, container: str, encoder: str, rate: int, raw: str
) -> None:
    path = write(tmp_path / "a", container, encoder, 2, rate, samples=np.zeros(2 * rate, np.int16))
    with pytest.raises(SilentAudio):
        await shared.probe(path, raw_format(raw))


async def test_audio_after_a_long_silence_is_audio(shared: Media, tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(80_000, np.int16), tone(0.1, 8000) // 40])
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, 8000, samples=samples)
    assert (await shared.probe(path)).duration_ms == 10_100


async def test_a_long_silence_fits_into_little_memory(tmp_path: Path) -> None:
    media = Media(children=1, memory_bytes=400_000_000)
    path = write(tmp_path / "a", "ogg", "libopus", 2, 48_000, samples=np.zeros(48_000 * 60, np.int16))
    with pytest.raises(SilentAudio):
        await media.probe(path)
    await media.close()


async def test_random_bytes_behind_every_known_header_are_undecodable(shared: Media, tmp_path: Path) -> None:
    for number, magic in enumerate(
        (b"", b"OggS", b"ID3\x04\x00\x00\x00\x00\x00\x00", b"fLaC", b"\x00\x00\x00\x20ftypM4A ")
    ):
        path = tmp_path / str(number)
        path.write_bytes(magic + os.urandom(20_000))
        with pytest.raises(Undecodable):
            await shared.probe(path)


async def test_audio_without_a_single_sample_is_undecodable(shared: Media, tmp_path: Path) -> None:
    with pytest.raises(Undecodable):
        await shared.probe(write_wav(tmp_path / "a", 0))


async def test_a_file_that_is_not_there_is_no_statement_about_its_content(shared: Media, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        await shared.probe(tmp_path / "nothing")


async def test_callers_at_once_get_their_own_answers_from_few_children(shared: Media, tmp_path: Path) -> None:
    paths = [write_wav(tmp_path / str(n), n / 10, 8000) for n in range(1, 9)]
    probes = await asyncio.gather(*(shared.probe(path) for path in paths))
    assert [probe.duration_ms for probe in probes] == [n * 100 for n in range(1, 9)]
    assert len(shared._pool._alive) <= 2


async def test_every_format_of_the_gateway_is_sorted() -> None:
    raw = {name: raw_format(name) for name in OUTPUT_FORMATS}
    assert {name for name, read in raw.items() if read} == {
        name for name in OUTPUT_FORMATS if name.startswith(("pcm", "ulaw", "alaw"))
    }
    assert raw["pcm_22050"] == RawFormat("s16le", 22_050)
    assert raw["ulaw_8000"] == RawFormat("mulaw", 8000)
