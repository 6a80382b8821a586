"""The 19 output formats of the music product."""

import io
from dataclasses import dataclass
from typing import cast

import av
from av.container import OutputContainer

WAV_TYPE, WAV_SUFFIX = "audio/wav", "wav"
DEFAULT_FORMAT = "mp3_44100_128"
FRAME_SAMPLES = 65_536


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of formats: FFmpeg's container and codec, and the file's media type and suffix."""

    container: str
    codec: str
    media_type: str
    suffix: str
    effort: str | None = None
    """The codec's `compression_level`; the fastest, since quality does not matter here."""


KINDS = {
    "mp3": Kind("mp3", "libmp3lame", "audio/mpeg", "mp3", effort="9"),
    "pcm": Kind("s16le", "pcm_s16le", "audio/pcm", "pcm"),
    "ulaw": Kind("mulaw", "pcm_mulaw", "audio/basic", "ulaw"),
    "alaw": Kind("alaw", "pcm_alaw", "audio/x-alaw-basic", "alaw"),
    "opus": Kind("ogg", "libopus", "audio/ogg", "opus", effort="0"),
}


def kind_of(output_format: str) -> Kind:
    """Return the family of a format such as `mp3_44100_128`: codec, sample rate and, for some, kbit/s."""
    return KINDS[output_format.split("_", maxsplit=1)[0]]


def encode(samples: bytes, sample_rate: int, output_format: str) -> bytes:
    """Encode signed 16-bit mono samples to the named format. Blocks; raises av.FFmpegError."""
    kind = kind_of(output_format)
    rate, *kilobits = (int(part) for part in output_format.split("_")[1:])
    out = io.BytesIO()
    with av.open(out, "w", format=kind.container) as container:
        _write(container, kind, rate, kilobits[0] * 1000 if kilobits else None, _frames(samples, sample_rate))
    return out.getvalue()


def _write(
    container: OutputContainer, kind: Kind, rate: int, bits_per_s: int | None, frames: list[av.AudioFrame]
) -> None:
    options = {"compression_level": kind.effort} if kind.effort else {}
    stream = cast("av.AudioStream", container.add_stream(kind.codec, rate=rate, options=options))
    stream.codec_context.layout = "mono"
    if bits_per_s:
        stream.codec_context.bit_rate = bits_per_s
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
    for frame in (*frames, None):
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
    container.mux(stream.encode(None))


def _frames(samples: bytes, sample_rate: int) -> list[av.AudioFrame]:
    frames = []
    for start in range(0, len(samples), FRAME_SAMPLES * 2):
        piece = samples[start : start + FRAME_SAMPLES * 2]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
        frame.sample_rate = sample_rate
        frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
        frames.append(frame)
    return frames
