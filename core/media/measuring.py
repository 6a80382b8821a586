"""Measure what is heard in a file, frame by frame, in the media process: its ends, its loudness and its waveform."""

import audioop
from array import array
from base64 import b64encode
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import av

from core.domain.joining import UNMEASURED_LUFS
from core.media.shaping import filtered

WINDOW_MS = 10
WIDTH = 2
"""Bytes of a sample."""
QUIET = 0.003
"""Edges below this share of the part's peak (-50 dB) are silence: padding of encoders, room noise, dither."""
QUIETEST = 8
LULL_MS = 200
"""Between two words."""
LULLS_EVERY_MS = 10_000
WAVEFORM_POINTS = 256


class Windows:
    """Highest and lowest sample of each window, and the sum of all: few bytes for hours."""

    def __init__(self) -> None:
        self.highs, self.lows = array("h"), array("h")
        self._total = self._count = 0
        self._rest = b""

    def passing(self, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        """Take in frames of 16-bit samples, and yield them."""
        for frame in frames:
            self.add(frame)
            yield frame
        if self._rest:
            self._note(self._rest)
            self._rest = b""

    def add(self, frame: av.AudioFrame) -> None:
        """Take in a frame of 16-bit samples."""
        channels = frame.layout.nb_channels
        samples = self._rest + bytes(memoryview(frame.planes[0])[: WIDTH * frame.samples * channels])
        size = frame.sample_rate * WINDOW_MS // 1000 * WIDTH * channels
        whole = len(samples) // size * size
        for at in range(0, whole, size):
            self._note(samples[at : at + size])
        self._rest = samples[whole:]

    def _note(self, samples: bytes) -> None:
        low, high = audioop.minmax(samples, WIDTH)
        self.highs.append(high)
        self.lows.append(low)
        count = len(samples) // WIDTH
        self._total += audioop.avg(samples, WIDTH) * count
        self._count += count

    @property
    def offset(self) -> float:
        """How far off zero it swings."""
        return self._total / self._count if self._count else 0.0

    def peaks(self) -> array[float]:
        """Return how far each window swings."""
        swings, offset = zip(self.highs, self.lows, strict=True), self.offset
        return array("f", (max(high - offset, offset - low) for high, low in swings))


def _heard(peaks: array[float]) -> tuple[int, int] | None:
    """Return the windows in which sound begins and has ended; None where nothing is heard."""
    least = max(QUIETEST, QUIET * max(peaks, default=0))
    loud = [at for at, value in enumerate(peaks) if value > least]
    return (max(loud[0] - 1, 0), min(loud[-1] + 2, len(peaks))) if loud else None


def lulls_ms(peaks: array[float]) -> Iterator[int]:
    """Yield the middle of the quietest moment of each stretch."""
    lull, stretch = LULL_MS // WINDOW_MS, LULLS_EVERY_MS // WINDOW_MS
    for begin in range(0, len(peaks) - lull, stretch):
        moments = range(begin, min(begin + stretch, len(peaks) - lull), lull // 4)
        yield WINDOW_MS * (min(moments, key=lambda at: sum(peaks[at : at + lull])) + lull // 2)


def measured(frames: Iterable[av.AudioFrame], *, loudness: bool = True) -> tuple[dict[str, Any], array[float]] | None:
    """Say what is heard in 16-bit samples and, if wanted, how loud they are (EBU R128, gated), and each window's peak.

    None where nothing is heard.
    """
    windows, level = Windows(), UNMEASURED_LUFS
    if loudness:
        for frame in filtered(windows.passing(frames), ("ebur128", "metadata=1:framelog=quiet")):
            level = float(frame.metadata.get("lavfi.r128.I", level))
    else:
        for _ in windows.passing(frames):
            pass
    peaks = windows.peaks()
    ends = _heard(peaks)
    if ends is None:
        return None
    begin, end = ends
    heard = {
        "begin_ms": begin * WINDOW_MS,
        "end_ms": end * WINDOW_MS,
        "peak": max(peaks),
        "offset": windows.offset,
        "loudness_lufs": level,
    }
    return heard, peaks


def waveform(peaks: array[float], begin_ms: int = 0, end_ms: int | None = None) -> str:
    """Draw what is heard between two moments: the peaks of at most 256 equal spans, the loudest 255, in base64."""
    part = peaks[begin_ms // WINDOW_MS : None if end_ms is None else -(-end_ms // WINDOW_MS)] or array("f", [0])
    points, loudest = min(WAVEFORM_POINTS, len(part)), max(1.0, *part)
    edges = [len(part) * at // points for at in range(points + 1)]
    return b64encode(bytes(int(max(part[a:b]) * 255 / loudest) for a, b in pairwise(edges))).decode()
