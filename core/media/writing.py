"""Write audio files in the media process."""

import errno
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import av

from core.domain.audio import Encoding
from core.media.reading import audio_of, opened, reading

JSON = dict[str, Any]
Tags = Sequence[tuple[str, str]]

OPUS_RATES_HZ = frozenset({8000, 12_000, 16_000, 24_000, 48_000})
"""Samples at these need no conversion; whoever plays them gets 48 kHz all the same."""


class TooBig(Exception):
    """The output has outgrown its limit."""


def write(
    frames: Iterable[av.AudioFrame],
    part: str,
    encoding: Encoding,
    *,
    max_bytes: int,
    marks: Sequence[JSON] = (),
    tags: Tags = (),
) -> JSON:
    """Encode audio to a file and say what it is. Raises TooBig and OSError.

    Nothing is synced: what a power loss takes can be made again from what was fetched.
    """
    packets_bytes, duration_s = _encode(frames, part, encoding, max_bytes=max_bytes, marks=marks, tags=tags)
    _require(part, packets_bytes, max_bytes)
    container, codec = encoding.kind.split("/")
    return {
        "container": container,
        "codec": codec,
        "sample_rate_hz": encoding.sample_rate_hz,
        "channels": encoding.channels,
        "duration_ms": round(duration_s * 1000),
    }


def _encode(
    frames: Iterable[av.AudioFrame],
    part: str,
    encoding: Encoding,
    *,
    max_bytes: int,
    marks: Sequence[JSON],
    tags: Tags,
) -> tuple[int, float]:
    """Return the bytes of all packets and the seconds in them. Raises TooBig as soon as they outgrow the limit."""
    size_bytes, duration_s = 0, 0.0
    frames = iter(frames)
    first = next(frames, None)
    with av.open(part, "w", format=encoding.container) as sink:
        stream: Any = sink.add_stream(
            encoding.encoder,
            rate=_rate_hz(encoding, first),
            options=dict(encoding.options),
            layout="mono" if encoding.channels == 1 else "stereo",
            bit_rate=encoding.bitrate_bps,
        )
        (stream if encoding.container == "ogg" else sink).metadata.update(tags)
        if marks:
            from core.media.shaping import mark  # noqa: PLC0415

            mark(sink, stream, marks)
        for frame in chain([first] if first else [], frames, [None]):  # None flushes the encoder
            if frame:
                frame.pts = None  # time runs by samples, over the gaps that bad packets left
                duration_s += frame.samples / frame.sample_rate
            for packet in stream.encode(frame):
                size_bytes += packet.size
                sink.mux(packet)
            if size_bytes > max_bytes:
                raise TooBig(f"{size_bytes} bytes and more")
    return size_bytes, duration_s


def copy(path: str, raw: JSON | None, part: str, *, max_bytes: int, tags: Tags) -> None:
    """Copy the audio of a file, packet by packet, to one that has other tags. Raises NotAudio, TooBig and OSError."""
    size_bytes = 0
    with opened(path, raw) as (source, container), reading():
        stream = audio_of(source)[0]
        # An MP3 file that says how much to leave out at its ends goes on saying so, and no other begins to.
        options = {"write_xing": str(int(bool(stream.start_time)))} if container == "mp3" else {}
        with av.open(part, "w", format=container, options=options) as sink:
            twin = sink.add_stream_from_template(stream)
            (twin if container == "ogg" else sink).metadata.update(tags)
            for packet in source.demux(stream):
                if packet.size:  # the last one of all is empty
                    size_bytes += packet.size
                    packet.stream = twin
                    sink.mux(packet)
    _require(part, size_bytes, max_bytes)


def _require(part: str, packets_bytes: int, max_bytes: int) -> None:
    """Refuse a file that is not whole, or too big. Raises TooBig and OSError."""
    size_bytes = Path(part).stat().st_size
    if size_bytes > max_bytes:
        raise TooBig(f"{size_bytes} bytes")
    if size_bytes <= packets_bytes:
        raise OSError(errno.EIO, f"{size_bytes} bytes were written of {packets_bytes} and more")


def _rate_hz(encoding: Encoding, first: av.AudioFrame | None) -> int:
    if first and encoding.encoder == "libopus" and first.sample_rate in OPUS_RATES_HZ:
        return first.sample_rate
    return encoding.sample_rate_hz
