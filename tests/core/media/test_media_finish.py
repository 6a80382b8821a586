"""What is done to a file besides what makes it fit: loudness, ends, tags and the waveform."""

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from core.domain.audio import Want
from core.domain.finishing import Finish
from core.domain.joining import AudioPart
from core.media import finishing
from core.media.finishing import Finishing
from core.media.measuring import measured
from core.media.media import Media
from core.media.shaping import plain
from tests.core.media.files import names, voice, write

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLAYABLE = frozenset({"ogg/opus", "mp3/mp3"})
LOUD = Finish(loudness_lufs=-16)
WANT = Want(10**7, PLAYABLE, "opus", finish=LOUD)
RATE = 24_000


def spoken(folder: Path, loud: float, seconds: float = 4) -> Path:
    return write(folder / "a", "wav", "pcm_s16le", 0, RATE, 1, voice(seconds, RATE, loud, 0))


def level_of(path: Path) -> tuple[float, float]:
    """Return the loudness and the highest sample of a file."""
    with av.open(path) as source:
        found = measured(plain(source.decode(audio=0), 1))
    assert found
    return found[0]["loudness_lufs"], found[0]["peak"]


def tags_of(path: Path) -> dict[str, str]:
    with av.open(path) as source:
        return {name.lower(): value for name, value in (source.metadata | source.streams.audio[0].metadata).items()}


def packets_of(path: Path) -> list[bytes]:
    with av.open(path) as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


def samples_of(path: Path) -> NDArray[np.float32]:
    with av.open(path) as source:
        return np.concatenate([frame.to_ndarray().ravel() for frame in source.decode(audio=0)])


@pytest.mark.parametrize("loud", [1500, 9000])
async def test_a_file_gets_the_wanted_loudness(shared: Media, tmp_path: Path, loud: float) -> None:
    _, fit = await shared.prepare(spoken(tmp_path, loud), tmp_path / "b", WANT)
    assert fit
    level, peak = level_of(fit[0])
    assert level == pytest.approx(-16, abs=0.5)
    assert peak < 0.9 * 32768


async def test_a_peak_is_limited_and_does_not_keep_a_voice_quiet(shared: Media, tmp_path: Path) -> None:
    samples = voice(4, RATE, 2500, 0)
    samples[RATE::RATE] = 30_000  # a click each second
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, RATE, 1, samples)
    before, _ = level_of(path)
    assert before < -21
    _, fit = await shared.prepare(path, tmp_path / "b", replace(WANT, output_format="pcm_24000"))
    assert fit
    level, peak = level_of(fit[0])
    assert level > before + 4.5
    assert peak < 0.85 * 32768


async def test_silence_at_the_ends_is_shortened_and_not_taken_away(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, RATE, 1, voice(2, RATE, 3000, 0))
    want = replace(WANT, finish=Finish(trims=True), output_format="pcm_24000")
    probe, fit = await shared.prepare(path, tmp_path / "b", want)
    assert fit
    assert probe.duration_ms == 3000
    assert fit[1].duration_ms == pytest.approx(2000 + 50 + 150 + 20, abs=25)
    assert level_of(fit[0])[1] == pytest.approx(level_of(path)[1], rel=0.02)


async def test_tags_are_read_back(shared: Media, tmp_path: Path) -> None:
    tags = (("title", "Grüße, мир"), ("artist", "Aria"))
    for prefer, playable in (("opus", "ogg/opus"), ("mp3", "mp3/mp3")):
        want = Want(10**7, frozenset({playable}), prefer, finish=Finish(tags=tags))  # type: ignore[arg-type]
        _, fit = await shared.prepare(spoken(tmp_path, 3000, 1), tmp_path / "b", want)
        assert fit
        assert dict(tags).items() <= tags_of(fit[0]).items()


async def test_what_is_as_it_should_be_goes_as_it_is(shared: Media, tmp_path: Path) -> None:
    want = replace(WANT, finish=replace(LOUD, trims=True), waveform=True)
    short = write(tmp_path / "d", "ogg", "libopus", 0, RATE, 1, voice(2, RATE, 3000, 0)[RATE // 2 - 900 : -RATE // 2])
    level, _ = level_of(short)
    near = replace(want, finish=replace(want.finish, loudness_lufs=level + 0.8))
    probe, again = await shared.prepare(short, tmp_path / "b", near)
    assert again
    assert again[0] == short
    assert len(b64decode(again[1].waveform)) > 150
    assert probe == replace(again[1], waveform="")
    assert await shared.fit(short, probe, tmp_path / "b", near) == again
    _, changed = await shared.prepare(short, tmp_path / "b", replace(near, finish=Finish(loudness_lufs=level - 6)))
    assert changed
    assert level_of(changed[0])[0] == pytest.approx(level - 6, abs=0.5)


@pytest.mark.parametrize(
    ("container", "encoder"),
    [("mp3", "libmp3lame"), ("ogg", "libopus"), ("flac", "flac"), ("mp4", "aac"), ("wav", "pcm_s16le")],
)
async def test_what_goes_as_it_is_has_tags_and_the_same_audio(
    shared: Media, tmp_path: Path, container: str, encoder: str
) -> None:
    path, tags = write(tmp_path / "a", container, encoder, 2, 48_000), (("title", "Grüße, мир"), ("artist", "Aria"))
    probe = await shared.probe(path)
    want = Want(10**7, PLAYABLE | {probe.kind}, "mp3", finish=Finish(tags=tags))
    assert await shared.prepare(path, tmp_path / "b", want) == (probe, (tmp_path / "b", probe))
    assert dict(tags).items() <= tags_of(tmp_path / "b").items()
    assert packets_of(tmp_path / "b") == packets_of(path)
    assert np.array_equal(samples_of(tmp_path / "b"), samples_of(path))
    assert await shared.fit(path, probe, tmp_path / "c", want) == (tmp_path / "c", probe)
    assert packets_of(tmp_path / "c") == packets_of(path)


async def test_an_mp3_file_that_says_nothing_of_its_ends_goes_on_so(shared: Media, tmp_path: Path) -> None:
    """Else players would leave out what is heard first."""
    path = tmp_path / "a"
    write(tmp_path / "whole", "mp3", "libmp3lame", 2, 48_000)
    path.write_bytes(b"".join(packets_of(tmp_path / "whole")))
    want = Want(10**7, PLAYABLE, "mp3", finish=Finish(tags=(("title", "Grüße"),)))
    _, fit = await shared.prepare(path, tmp_path / "b", want)
    assert fit
    assert fit[0] == tmp_path / "b"
    assert packets_of(fit[0]) == packets_of(path)
    assert np.array_equal(samples_of(fit[0]), samples_of(path))


async def test_tags_that_the_chat_has_no_room_for_are_left_out(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "mp3", "libmp3lame", 2, 48_000)
    want = Want(path.stat().st_size + 20, PLAYABLE, "mp3", finish=Finish(tags=(("title", "Grüße" * 12),)))
    probe, fit = await shared.prepare(path, tmp_path / "b", want)
    assert fit == (path, probe)
    assert names(tmp_path) == ["a"]


def rising(seconds: int) -> NDArray[np.int16]:
    time = np.arange(seconds * RATE) / RATE
    whole: NDArray[np.int16] = (20_000 * np.sin(2 * np.pi * 440 * time) * time / seconds).astype("<i2")
    return whole


async def test_a_waveform_follows_the_sound_and_reaches_the_top(shared: Media, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "wav", "pcm_s16le", 0, RATE, 1, rising(10))
    want = Want(10**7, PLAYABLE, "opus", waveform=True)
    _, fit = await shared.prepare(path, tmp_path / "b", want)
    ((_, joined),) = await shared.join([AudioPart(path, await shared.probe(path))] * 2, tmp_path / "c", want)
    assert fit
    points = b64decode(fit[1].waveform)
    assert len(points) == 256
    assert points[0] < 8
    assert max(points) == points[-1] == 255
    assert points[128] == pytest.approx(128, abs=5)
    twice = b64decode(joined.waveform)
    assert len(twice) == 256
    assert twice[127] > 240
    assert twice[130] < 20


async def test_parts_are_joined_at_the_wanted_loudness(shared: Media, tmp_path: Path) -> None:
    paths = [
        write(tmp_path / str(n), "wav", "pcm_s16le", 0, RATE, 1, voice(2, RATE, loud, 0))
        for n, loud in enumerate((900, 5000))
    ]
    parts = [AudioPart(path, await shared.probe(path)) for path in paths]
    ((path, _),) = await shared.join(parts, tmp_path / "joined", WANT)
    assert level_of(path)[0] == pytest.approx(-16, abs=0.6)


async def test_audio_too_long_to_be_held_is_decoded_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, levels, times = spoken(tmp_path, 1500), [], 0

    def again() -> list[av.AudioFrame]:
        nonlocal times
        times += 1
        with av.open(path) as source:
            return list(source.decode(audio=0))

    for held_bytes in (1 << 20, 4096):
        monkeypatch.setattr(finishing, "HELD_BYTES", held_bytes)
        with av.open(path) as source:
            frames, _, _ = Finishing(source.decode(audio=0), again, 1).finished(LOUD)
            found = measured(frames)
        assert found
        levels.append(found[0]["loudness_lufs"])
    assert times == 1
    assert levels[0] == pytest.approx(levels[1], abs=0.01)
    assert levels[0] == pytest.approx(-16, abs=0.2)
