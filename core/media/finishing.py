"""Give a file its loudness and its ends while it is made into another, decoding it once, in the media process."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import av

from core.domain.finishing import AUDIBLE_DB, TEDIOUS_MS, Finish
from core.domain.joining import Measure, gains
from core.media.measuring import WINDOW_MS, measured, waveform
from core.media.shaping import plain, shaped_by

HELD_BYTES = 64 << 20
"""Samples that are held for the second pass, six minutes of stereo; of longer audio all are decoded once more."""


class Finishing:
    """Listens to a file as a whole, and then yields it as it should be heard."""

    def __init__(
        self, frames: Iterable[av.AudioFrame], again: Callable[[], Iterable[av.AudioFrame]], channels: int
    ) -> None:
        """`again` decodes the file once more."""
        self._frames = frames
        self._again = again
        self._channels = channels
        self._held: list[av.AudioFrame] | None = []
        self._held_bytes = 0

    def finished(self, finish: Finish) -> tuple[Iterable[av.AudioFrame], str, bool]:
        """Return the frames, their waveform, and whether what is done to them is worth a new file.

        They stay as they are where nothing is heard in them.
        """
        found = measured(self._first(), loudness=finish.loudness_lufs is not None)
        if found is None:
            return self._second(), "", False
        heard, peaks = found
        duration_ms = len(peaks) * WINDOW_MS
        begin_ms, end_ms = finish.ends_ms(heard["begin_ms"], heard["end_ms"], duration_ms)
        gain_db = 0.0 if finish.loudness_lufs is None else _gain_db(heard, finish.loudness_lufs)
        trimmed_ms = duration_ms - (end_ms - begin_ms)
        is_worth = abs(gain_db) > AUDIBLE_DB or trimmed_ms > TEDIOUS_MS
        piece = heard | {"begin_ms": begin_ms, "end_ms": end_ms, "gain_db": gain_db, "pause_ms": 0}
        frames = shaped_by(self._second(), piece, trims=trimmed_ms > 0)
        return frames, waveform(peaks, begin_ms, end_ms), is_worth

    def _first(self) -> Iterator[av.AudioFrame]:
        for frame in plain(self._frames, self._channels):
            if self._held is not None:
                self._held.append(frame)
                self._held_bytes += 2 * self._channels * frame.samples
                if self._held_bytes > HELD_BYTES:
                    self._held = None
            yield frame

    def _second(self) -> Iterator[av.AudioFrame]:
        if self._held is None:
            yield from plain(self._again(), self._channels)
        else:
            yield from self._held


def _gain_db(heard: dict[str, Any], target_lufs: float) -> float:
    names = ("begin_ms", "end_ms", "loudness_lufs", "peak", "offset")
    (gain_db,) = gains([Measure(*(heard[name] for name in names))], target_lufs)
    return gain_db
