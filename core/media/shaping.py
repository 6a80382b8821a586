"""Measure one part of an order and shape it for its place among the others, frame by frame, in the media process."""

import gc
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph

WINDOW_MS = 10
QUIET = 0.003
"""Edges below this share of the part's peak (-50 dB) are silence: padding of encoders, room noise, dither."""
QUIETEST = 8
FADE_S = 0.004
LULL_MS = 200
"""Between two words."""
LULLS_EVERY_MS = 10_000


def plain(frames: Iterable[av.AudioFrame], channels: int, rate: int | None = None) -> Iterator[av.AudioFrame]:
    """Yield 16-bit samples whose time runs without gaps."""
    layout = "mono" if channels == 1 else "stereo"
    resampler = av.AudioResampler(format="s16", layout=layout, rate=rate, threads=1)
    at = 0

    def timed(done: list[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        nonlocal at
        for frame in done:
            frame.pts, frame.time_base = at, Fraction(1, frame.sample_rate)
            at += frame.samples
            yield frame

    for frame in frames:
        frame.pts = None
        yield from timed(resampler.resample(frame))
    if at:  # a resampler that has seen nothing has nothing to flush
        yield from timed(resampler.resample(None))


def filtered(frames: Iterable[av.AudioFrame], *filters: tuple[str, str]) -> Iterator[av.AudioFrame]:
    """Yield what a chain of filters makes of frames that are all alike."""
    graph: Graph | None = None
    try:
        with suppress(EOFError):  # a filter that has all it wants
            for frame in frames:
                if graph is None:
                    graph = chained(frame, filters)
                graph.push(frame)
                yield from pulled(graph)
        if graph is not None:
            with suppress(EOFError):
                graph.push(None)
            yield from pulled(graph)
    finally:  # a graph and its filters hold each other, and a collector that counts objects hardly ever comes by
        graph = None
        gc.collect()


def chained(like: av.AudioFrame, filters: Iterable[tuple[str, str]]) -> Graph:
    """Build a chain that takes frames like this one."""
    graph = Graph()
    graph.threads = 1  # each further thread reserves address space, which is limited here
    last = graph.add_abuffer(
        sample_rate=like.sample_rate,
        format=like.format.name,
        layout=like.layout.name,
        time_base=Fraction(1, like.sample_rate),
    )
    for name, options in (*filters, ("abuffersink", "")):
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def pulled(graph: Graph) -> Iterator[Any]:
    """Yield what is ready."""
    with suppress(av.error.BlockingIOError, EOFError):
        while True:
            yield graph.pull()


class Windows:
    """Loudest and lowest sample of each window, and the sum of all: few bytes for hours."""

    def __init__(self) -> None:
        self.highs, self.lows = array("h"), array("h")
        self._total = self._count = 0
        self._rest = array("h")

    def add(self, frame: av.AudioFrame) -> None:
        """Take in a frame of 16-bit samples."""
        channels = frame.layout.nb_channels
        self._rest.frombytes(bytes(frame.planes[0])[: 2 * frame.samples * channels])
        size = frame.sample_rate * WINDOW_MS // 1000 * channels
        whole = len(self._rest) // size * size
        for at in range(0, whole, size):
            self._note(self._rest[at : at + size])
        del self._rest[:whole]

    def _note(self, samples: array[int]) -> None:
        self.highs.append(max(samples))
        self.lows.append(min(samples))
        self._total += sum(samples)
        self._count += len(samples)

    def heard(self) -> dict[str, Any] | None:
        """Say where sound begins, ends and is quietest, its peak and its offset; None where nothing is heard."""
        if self._rest:
            self._note(self._rest)
        if not self._count:
            return None
        offset = self._total / self._count
        swings = zip(self.highs, self.lows, strict=True)
        peaks = array("f", (max(high - offset, offset - low) for high, low in swings))
        peak = max(peaks)
        loud = [at for at, value in enumerate(peaks) if value > max(QUIETEST, QUIET * peak)]
        if not loud:
            return None
        begin, end = max(loud[0] - 1, 0), min(loud[-1] + 2, len(peaks))
        heard = {"begin_ms": begin * WINDOW_MS, "end_ms": end * WINDOW_MS, "peak": peak, "offset": offset}
        return heard | {"lulls_ms": list(lulls_ms(peaks))}


def lulls_ms(peaks: array[float]) -> Iterator[int]:
    """Yield the middle of the quietest moment of each stretch."""
    lull, stretch = LULL_MS // WINDOW_MS, LULLS_EVERY_MS // WINDOW_MS
    for begin in range(0, len(peaks) - lull, stretch):
        moments = range(begin, min(begin + stretch, len(peaks) - lull), lull // 4)
        yield WINDOW_MS * (min(moments, key=lambda at: sum(peaks[at : at + lull])) + lull // 2)


def measured(frames: Iterable[av.AudioFrame], channels: int) -> dict[str, Any] | None:
    """Say what is heard in a part, and how loud it is (EBU R128, gated)."""
    windows = Windows()

    def noted() -> Iterator[av.AudioFrame]:
        for frame in plain(frames, channels):
            windows.add(frame)
            yield frame

    loudness = -70.0
    for frame in filtered(noted(), ("ebur128", "metadata=1:framelog=quiet")):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
    heard = windows.heard()
    return heard and {**heard, "loudness_lufs": loudness}


def shaped(frames: Iterable[av.AudioFrame], channels: int, rate: int, piece: dict[str, Any]) -> Iterator[av.AudioFrame]:
    """Yield a part without its offset and its silent edges, as loud as it should be, after its pause."""
    begin_s, end_s = piece["begin_ms"] / 1000, piece["end_ms"] / 1000
    return filtered(
        plain(frames, channels, rate),
        ("dcshift", f"shift={-piece['offset'] / 32768:.8f}"),
        ("volume", f"volume={piece['gain_db']:.3f}dB:precision=float"),
        ("atrim", f"start={begin_s}:end={end_s}"),
        ("asetpts", "N/SR/TB"),
        ("afade", f"type=in:duration={FADE_S}"),
        ("afade", f"type=out:start_time={end_s - begin_s - FADE_S:.4f}:duration={FADE_S}"),
        ("adelay", f"delays={piece['pause_ms']}:all=1"),
        ("aformat", "sample_fmts=s16"),
    )


def chapters_of(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the chapters that begin with a titled part and end where the next begins."""
    starts, at_ms = [], 0
    for piece in pieces:
        at_ms += piece["pause_ms"]
        if piece["title"]:
            starts.append((at_ms, piece["title"]))
        at_ms += piece["end_ms"] - piece["begin_ms"]
    return [
        {"id": n, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
        for n, ((start, title), (end, _)) in enumerate(pairwise([*starts, (at_ms, "")]))
    ]


def mark(sink: OutputContainer, stream: AudioStream, chapters: Sequence[dict[str, Any]]) -> None:
    """Note chapters in a file that has not begun; in Ogg as tags, whose seconds ffmpeg itself rounds wrongly."""
    if sink.format.name != "ogg":
        sink.set_chapters(list(chapters))  # type: ignore[arg-type]
        return
    for n, chapter in enumerate(chapters):
        seconds, ms = divmod(chapter["start"], 1000)
        stream.metadata[f"CHAPTER{n:03}"] = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
        stream.metadata[f"CHAPTER{n:03}NAME"] = chapter["metadata"]["title"]
