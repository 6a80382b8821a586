"""Shape one part of an order for its place among the others, frame by frame, in the media process."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph

from core.domain.audio import Encoding
from core.domain.joining import FULL_SCALE, PEAK_DBFS, room_db

FADE_S = 0.004
AUDIBLE_OFFSET = 65
"""A five-hundredth of full scale: less makes no click where it begins."""


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


def shaped(frames: Iterable[av.AudioFrame], encoding: Encoding, piece: dict[str, Any]) -> Iterable[av.AudioFrame]:
    """Yield a part without its offset and its silent edges, as loud as it should be, after its pause."""
    return shaped_by(plain(frames, encoding.channels, encoding.sample_rate_hz), piece)


def shaped_by(frames: Iterable[av.AudioFrame], piece: dict[str, Any], *, trims: bool = True) -> Iterable[av.AudioFrame]:
    """Yield 16-bit samples as `shaped` does; unless it `trims`, they begin and end as they do."""
    begin_s, end_s = piece["begin_ms"] / 1000, piece["end_ms"] / 1000
    gain_db, offset = piece["gain_db"], piece["offset"]
    limits = gain_db > room_db(piece["peak"])
    filters = (
        (abs(offset) > AUDIBLE_OFFSET, "dcshift", f"shift={-offset / FULL_SCALE:.8f}"),
        (bool(gain_db), "volume", f"volume={gain_db:.3f}dB:precision=float"),
        (limits, "alimiter", f"limit={10 ** (PEAK_DBFS / 20):.4f}:level=disabled:attack=5:release=50"),
        (trims, "atrim", f"start={begin_s}:end={end_s}"),
        (trims, "asetpts", "N/SR/TB"),
        (trims, "afade", f"type=in:duration={FADE_S}"),
        (trims, "afade", f"type=out:start_time={end_s - begin_s - FADE_S:.4f}:duration={FADE_S}"),
        (bool(piece["pause_ms"]), "adelay", f"delays={piece['pause_ms']}:all=1"),
    )
    chain = [(name, options) for wanted, name, options in filters if wanted]
    return filtered(frames, *chain, ("aformat", "sample_fmts=s16")) if chain else frames


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
