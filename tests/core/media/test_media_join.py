"""Joining the parts of one order."""

import gc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from av.filter import Graph
from numpy.typing import NDArray

from bots.sandbox.speech import speak
from core.domain.audio import Want, raw_format
from core.domain.errors import SilentAudio, Undecodable
from core.domain.joining import AudioPart
from core.media.measuring import lulls_ms, measured
from core.media.media import Media
from core.media.shaping import plain
from tests.core.media.files import voice, write

pytestmark = pytest.mark.asyncio(loop_scope="module")
WANT = Want(10**7, frozenset({"ogg/opus", "mp3/mp3"}), "opus")
PAUSE_MS = 400


async def parts_in(media: Media, folder: Path) -> list[AudioPart]:
    """Return a loud, a quiet and a middling voice, of three kinds, each 1.5 s long, two of them off zero."""
    loud = write(folder / "a", "wav", "pcm_s16le", 0, 44_100, 1, voice(1.5, 44_100, 9000, 1500))
    quiet = folder / "b"
    quiet.write_bytes(voice(1.5, 24_000, 900, -1500, 180).tobytes())
    middling = write(folder / "c", "mp3", "libmp3lame", 0, 22_050, 1, voice(1.5, 22_050, 3000, 0, 220))
    raw = raw_format("pcm_24000")
    return [
        AudioPart(loud, await media.probe(loud), 900, "One"),
        AudioPart(quiet, await media.probe(quiet, raw), PAUSE_MS, "", raw),
        AudioPart(middling, await media.probe(middling), PAUSE_MS, "Zwei ü"),
    ]


def heard(path: Path) -> tuple[NDArray[np.float64], int, list[tuple[int, str]]]:
    with av.open(path) as source:
        frames = [frame.to_ndarray() for frame in source.decode(audio=0)]
        rate = source.streams.audio[0].rate
        marks = [(int(c["start"] * c["time_base"] * 1000), c["metadata"]["title"]) for c in source.chapters()]
    sound = np.concatenate(frames, axis=1)[0].astype(float)
    return sound / (32768 if frames[0].dtype == np.int16 else 1), rate, marks


def stretches(sound: NDArray[np.float64], rate: int) -> list[tuple[float, float]]:
    """Return where it sounds, in seconds."""
    size = rate // 200
    loud = np.abs(sound[: len(sound) // size * size]).reshape(-1, size).max(1) > 0.01
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud, [0]))))
    return [(a / 200, b / 200) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spoken(voice: str, text: str) -> NDArray[np.float64]:
    """Return speech of full loudness at 22.05 kHz, without silent edges."""
    sound = np.frombuffer(speak({"voice": voice, "text": text})[44:], "<i2").astype(float)
    loud = np.flatnonzero(np.abs(sound) > 0.004 * np.abs(sound).max())
    sound = sound[loud[0] : loud[-1] + 1]
    whole: NDArray[np.float64] = sound / np.abs(sound).max()
    return whole


def loudness(sound: NDArray[np.float64], rate: int) -> float:
    """Return what EBU R128 says of a stretch."""
    frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], format="s16", layout="mono")
    frame.sample_rate = rate
    found = measured(plain([frame], 1))
    assert found
    return float(found[0]["loudness_lufs"])


async def test_speech_follows_its_pauses_equally_loud_and_without_a_click(shared: Media, tmp_path: Path) -> None:
    said = [
        spoken("Aria", "It was the best of times."),
        spoken("George", "It was the worst of times."),
        spoken("Lily", "It was the age of wisdom, it was the age of foolishness."),
    ]
    third = len(said[1]) // 3  # the second is cut off where it is loudest
    said[1] = said[1][np.abs(said[1][:third]).argmax() : 2 * third + np.abs(said[1][2 * third :]).argmax() + 1]
    edge, parts = np.zeros(22_050 // 3), []
    for n, (sound, loud, offset) in enumerate(zip(said, (25_000, 1500, 8000), (1500, -1500, 300), strict=True)):
        samples = np.concatenate((edge, loud * sound, edge) if n != 1 else (loud * sound,)) + offset
        path = write(tmp_path / str(n), "wav", "pcm_s16le", 0, 22_050, 1, samples.clip(-32768, 32767).astype("<i2"))
        parts.append(AudioPart(path, await shared.probe(path), PAUSE_MS))
    wav = replace(WANT, output_format="pcm_48000")
    ((path, probe),) = await shared.join(parts, tmp_path / "joined", wav)
    sound, rate, _ = heard(path)
    measures = [await shared._measure(part, 1) for part in parts]
    lengths_ms = [measure.end_ms - measure.begin_ms for measure in measures]
    assert lengths_ms == pytest.approx([len(sound) / 22.05 for sound in said], abs=40)
    assert probe.duration_ms == pytest.approx(sum(lengths_ms) + 2 * PAUSE_MS, abs=2)
    levels, begin = [], 0
    for length_ms in lengths_ms:
        end = begin + length_ms * rate // 1000
        words, after = sound[begin:end], end + PAUSE_MS * rate // 1000
        assert np.abs(words[: rate // 20]).max() > 0.01, "it begins at once"
        assert abs(words.mean()) < 0.003, "it swings around zero"
        assert np.abs(sound[end + 48 : after - 48]).max(initial=0) < 1e-3, "nothing is heard in a pause"
        into, out = sound[max(begin - 48, 0) : begin + 300], sound[end - 300 : end + 48]
        assert np.abs(np.diff(into)).max() < 1.5 * np.abs(np.diff(words[300:3000])).max(), "it begins without a click"
        assert np.abs(np.diff(out)).max() < 1.5 * np.abs(np.diff(words[-3000:-300])).max(), "it ends without a click"
        levels.append(loudness(words, rate))
        begin = after
    assert max(levels) - min(levels) < 1
    assert np.abs(sound).max() < 0.9


async def test_a_graph_is_freed_with_its_part(tmp_path: Path) -> None:
    """An order has hundreds of them, and each holds a megabyte."""
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, 24_000, 1, voice(0.2, 24_000, 9000, 0))
    gc.disable()
    try:
        with av.open(path) as source:
            assert measured(plain(source.decode(audio=0), 1))
        assert not any(isinstance(thing, Graph) for thing in gc.get_objects())
    finally:
        gc.enable()


@pytest.mark.parametrize("prefer", ["opus", "mp3"])
async def test_chapters_are_read_back(shared: Media, tmp_path: Path, prefer: Literal["opus", "mp3"]) -> None:
    parts = await parts_in(shared, tmp_path)
    want = replace(WANT, prefer=prefer, playable=frozenset({"ogg/opus" if prefer == "opus" else "mp3/mp3"}))
    ((path, probe),) = await shared.join(parts, tmp_path / "joined", want)
    sound, rate, marks = heard(path)
    assert [title for _, title in marks] == ["One", "Zwei ü"]
    assert marks[0][0] == 0
    last = max(begin for (_, end), (begin, _) in pairwise(stretches(sound, rate)) if begin - end > 0.2)
    assert marks[1][0] / 1000 == pytest.approx(last, abs=0.08)
    assert probe.duration_ms == pytest.approx(3 * 1500 + 2 * PAUSE_MS, abs=150)


async def test_what_does_not_fit_is_split_at_a_chapter(shared: Media, tmp_path: Path) -> None:
    parts = await parts_in(shared, tmp_path)
    files = await shared.join(parts, tmp_path / "joined.ogg", replace(WANT, max_bytes=14_500))
    assert [path.name for path, _ in files] == ["joined-1.ogg", "joined-2.ogg"]
    assert all(path.stat().st_size <= 14_500 for path, _ in files)
    assert [heard(path)[2] for path, _ in files] == [[(0, "One")], [(0, "Zwei ü")]]
    assert sum(probe.duration_ms for _, probe in files) == pytest.approx(3 * 1500 + PAUSE_MS, abs=200)


async def test_a_single_part_stays_untouched(shared: Media, tmp_path: Path) -> None:
    part = (await parts_in(shared, tmp_path))[2]
    assert await shared.join([part], tmp_path / "joined", WANT) == [(part.path, part.probe)]


@pytest.mark.parametrize("content", [b"", b"RIFF\x24\0\0\0WAVE", bytes(48_000)])
async def test_a_part_that_went_bad_joins_nothing(shared: Media, tmp_path: Path, content: bytes) -> None:
    parts = await parts_in(shared, tmp_path)
    parts[1].path.write_bytes(content)
    with pytest.raises(SilentAudio if len(content) > 100 else Undecodable):
        await shared.join(parts, tmp_path / "joined", WANT)
    assert not (tmp_path / "joined").exists()


async def test_it_is_quietest_where_nothing_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, 8000, 1, np.tile(voice(6, 8000, 9000, 700), 3))
    with av.open(path) as source:
        found = measured(plain(source.decode(audio=0), 1))
    assert found
    assert 13_500 < list(lulls_ms(found[1]))[1] < 14_500


async def test_a_part_longer_than_a_file_is_cut_where_it_is_quiet(shared: Media, tmp_path: Path) -> None:
    words = [voice(2, 24_000, 9000, 700, pitch)[: 60_000 - 12_000 * (pitch == 260)] for pitch in (140, 200, 260)]
    long = write(tmp_path / "a", "wav", "pcm_s16le", 0, 24_000, 1, np.concatenate(words))
    part = AudioPart(long, await shared.probe(long), 0, "One")
    files = await shared.join([part], tmp_path / "joined", replace(WANT, max_bytes=18_500))
    assert [path.name for path, _ in files] == ["joined-1", "joined-2"]
    assert all(heard(path)[2] == [(0, "One")] and path.stat().st_size <= 18_500 for path, _ in files)
    assert sum(probe.duration_ms for _, probe in files) == pytest.approx(6500, abs=100)
