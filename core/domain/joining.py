"""How the parts of one order become one file: what is cut, how loud each part is played, where files are split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from statistics import median

from core.domain.audio import TARGETS, Encoding, Probe, RawFormat, Want

FULL_SCALE = 32_768
PEAK_DBFS = -1.5
"""No part is made louder than this; lossy encoders overshoot by about as much."""
GAIN_DB = 20.0
"""The most that a part is made louder or quieter: beyond that its noise would speak."""
YIELD_DB = 6.0
"""So far all parts go down together for one that has no room to go up."""
UNMEASURED_LUFS = -70.0
"""What the measure says of parts shorter than its first block (BS.1770: 400 ms)."""
SPEECH_BPS = {"opus": 24_000, "mp3": 48_000}
"""The lowest bit rates that speech is put to before it is split: below, Opus leaves super-wideband, MP3 rings."""


@dataclass(frozen=True, slots=True)
class AudioPart:
    """One part of an order, as it was fetched."""

    path: Path
    probe: Probe
    pause_ms: int = 0
    title: str = ""
    """The chapter that begins here, if one does."""
    raw: RawFormat | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What was heard in a part: where sound begins and ends, how loud it is, and how far off zero it swings."""

    begin_ms: int
    end_ms: int
    loudness_lufs: float
    peak: float
    offset: float
    """In samples of 16 bits, as `peak` is."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part and what becomes of it."""

    part: AudioPart
    measure: Measure
    gain_db: float

    @property
    def sound_ms(self) -> int:
        """Return how long it sounds."""
        return self.measure.end_ms - self.measure.begin_ms

    @property
    def duration_ms(self) -> int:
        """Return its length with the pause before it."""
        return self.part.pause_ms + self.sound_ms


def gains(measures: Sequence[Measure]) -> list[float]:
    """Return the decibels for each part that make all equally loud, as loud as their middle, without clipping."""
    heard = [m for m in measures if m.loudness_lufs > UNMEASURED_LUFS]
    if not heard:
        return [0.0] * len(measures)
    middle = median(m.loudness_lufs for m in heard)
    target = max(middle - YIELD_DB, min(middle, *(m.loudness_lufs + _room_db(m) for m in heard)))
    return [_gain_db(m, target) for m in measures]


def _room_db(measure: Measure) -> float:
    return PEAK_DBFS - 20 * log10(max(measure.peak, 1) / FULL_SCALE)


def _gain_db(measure: Measure, target: float) -> float:
    if measure.loudness_lufs <= UNMEASURED_LUFS:
        return min(0.0, _room_db(measure))
    return max(-GAIN_DB, min(GAIN_DB, target - measure.loudness_lufs, _room_db(measure)))


def pieces(parts: Sequence[AudioPart], measures: Sequence[Measure]) -> list[Piece]:
    """Return what becomes of each part."""
    return [Piece(*row) for row in zip(parts, measures, gains(measures), strict=True)]


def length_ms(joined: Iterable[Piece]) -> int:
    """Return how long pieces are as one file, which begins without a pause."""
    joined = list(joined)
    return sum(piece.duration_ms for piece in joined) - joined[0].part.pause_ms


def speech_encodings(want: Want, channels: int, duration_ms: int) -> tuple[Encoding, ...]:
    """Return the encodings that are good enough for speech and should fit, best first; none: it must be split."""
    rows = want.encodings(channels, duration_ms)
    floors = {TARGETS[name].kind: bps for name, bps in SPEECH_BPS.items()}
    return tuple(row for row in rows if row.bitrate_bps >= floors.get(row.kind, 0))


def groups(joined: Sequence[Piece], want: Want, channels: int) -> list[list[Piece]]:
    """Split pieces into as many files as it takes: at the last chapter that fits, else at the longest pause."""
    rest, files = list(joined), []
    while rest:
        count = 1
        while count < len(rest) and speech_encodings(want, channels, length_ms(rest[: count + 1])):
            count += 1
        if count < len(rest):
            chapters = [at for at in range(1, count + 1) if rest[at].part.title]
            pauses = sorted(range(1, count + 1), key=lambda at: (rest[at].part.pause_ms, at))
            count = chapters[-1] if chapters else pauses[-1]
        files.append(rest[:count])
        rest = rest[count:]
    return files
