"""How the parts of one order become one file: what is cut, how loud each part is played, where files are split."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, log10
from pathlib import Path
from statistics import median

from core.domain.audio import TARGETS, Encoding, Probe, RawFormat, Want
from core.domain.quota import DAY_MS

FULL_SCALE = 32_768
PEAK_DBFS = -1.5
"""No part is made louder than this; lossy encoders overshoot by about as much."""
GAIN_DB = 20.0
"""The most that a part is made louder or quieter: beyond that its noise would speak."""
LIMITED_DB = 6.0
"""What a limiter may take from the peaks of a part that is to be as loud as something outside of its order."""
YIELD_DB = 6.0
"""So far all parts go down together for one that has no room to go up."""
SHORTEST_FILE_MS = 1000
"""What is too long for a file is not cut to less than this."""
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
    """Before it, where it does not begin a file."""
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
    lulls_ms: tuple[int, ...] = ()
    """Where it may be cut: the quietest place of every few seconds."""


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


def gains(measures: Sequence[Measure], target_lufs: float | None = None) -> list[float]:
    """Return the decibels for each part that make all equally loud without clipping.

    Without a target they become as loud as their middle, and no peak is limited for that.
    """
    heard = [m for m in measures if m.loudness_lufs > UNMEASURED_LUFS]
    if not heard:
        return [min(0.0, room_db(m.peak)) if target_lufs is not None else 0.0 for m in measures]
    wanted = median(m.loudness_lufs for m in heard) if target_lufs is None else target_lufs
    more_db = 0.0 if target_lufs is None else LIMITED_DB
    reached = min(wanted, *(m.loudness_lufs + room_db(m.peak) + more_db for m in heard))
    target = max(wanted - YIELD_DB, reached)
    return [_gain_db(m, target, more_db) for m in measures]


def room_db(peak: float) -> float:
    """Return how much louder a part can be made without its peaks being limited."""
    return PEAK_DBFS - 20 * log10(max(peak, 1) / FULL_SCALE)


def _gain_db(measure: Measure, target: float, more_db: float) -> float:
    if measure.loudness_lufs <= UNMEASURED_LUFS:
        return min(0.0, room_db(measure.peak))
    return max(-GAIN_DB, min(GAIN_DB, target - measure.loudness_lufs, room_db(measure.peak) + more_db))


def pieces(parts: Sequence[AudioPart], measures: Sequence[Measure], target_lufs: float | None = None) -> list[Piece]:
    """Return what becomes of each part."""
    return [Piece(*row) for row in zip(parts, measures, gains(measures, target_lufs), strict=True)]


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
    """Split pieces into as many files as it takes: at the last chapter that fits, else where they pause longest.

    What is longer than a file is cut. A file that begins within a chapter repeats its title.
    """
    most_ms = _most_ms(want, channels)
    if most_ms < SHORTEST_FILE_MS:
        return [list(joined)]
    rest, files = [part for piece in joined for part in _cut(piece, most_ms)], []
    while rest:
        count = bisect_left(range(1, len(rest)), True, key=lambda count: length_ms(rest[: count + 1]) > most_ms) + 1
        if count < len(rest):
            count = _seam(rest[: count + 1])
        files.append(rest[:count])
        rest = rest[count:]
    return list(_titled(files))


def _most_ms(want: Want, channels: int) -> int:
    """Return how much one file holds."""
    return bisect_left(range(DAY_MS), True, key=lambda length_ms: not speech_encodings(want, channels, length_ms)) - 1


def _cut(piece: Piece, most_ms: int) -> Iterator[Piece]:
    """Yield a piece in about even lengths that fit, cut at its lulls, or plainly where none is in reach."""
    while (count := ceil(piece.sound_ms / most_ms)) > 1:
        begin_ms, share_ms = piece.measure.begin_ms, piece.sound_ms // count
        near = [at for at in piece.measure.lulls_ms if share_ms // 2 < at - begin_ms <= most_ms]
        at_ms = min(near, key=lambda at: abs(at - begin_ms - share_ms), default=begin_ms + share_ms)
        yield replace(piece, measure=replace(piece.measure, end_ms=at_ms))
        part = replace(piece.part, pause_ms=0, title="")
        piece = replace(piece, part=part, measure=replace(piece.measure, begin_ms=at_ms))
    yield piece


def _seam(pieces: Sequence[Piece]) -> int:
    """Return before which of the pieces, of which the last is too much, a file ends."""
    chapters = [at for at, piece in enumerate(pieces) if at and piece.part.title]
    later = range((len(pieces) + 1) // 2, len(pieces))
    return chapters[-1] if chapters else max(later, key=lambda at: (pieces[at].part.pause_ms, at))


def _titled(files: Iterable[list[Piece]]) -> Iterator[list[Piece]]:
    title = ""
    for first, *others in files:
        part = replace(first.part, title=first.part.title or title)
        file = [replace(first, part=part), *others]
        yield file
        title = next((piece.part.title for piece in reversed(file) if piece.part.title), "")
