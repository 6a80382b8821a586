"""What is known of audio: what a file holds, how a headerless one is read, and what a chat takes."""

from dataclasses import dataclass
from typing import Literal, Self

from core.domain.finishing import AS_IS, Finish
from core.domain.jsontype import JSON

LARGE_BYTES = 512 * 1024
"""An upload of more takes long enough to be announced."""
ATTEMPTS = 3
"""Encodings that one `fit` tries at most; each has the whole deadline."""

# Container, or raw codec -> MIME type and file extension.
KINDS = {
    "wav": ("audio/wav", "wav"),
    "ogg": ("audio/ogg", "ogg"),
    "mp3": ("audio/mpeg", "mp3"),
    "flac": ("audio/flac", "flac"),
    "mp4": ("audio/mp4", "m4a"),
    "pcm_s16le": ("application/octet-stream", "pcm"),  # audio/L16 is big-endian (RFC 2586)
    "pcm_mulaw": ("audio/PCMU", "ulaw"),
    "pcm_alaw": ("audio/PCMA", "alaw"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file turned out to hold; `container` is "raw" where there is no header."""

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    duration_ms: int
    mime: str
    extension: str
    waveform: str = ""
    """Its peaks, at most 256 of 0 to 255, in base64; only of a file that was made for a chat that shows them."""

    @property
    def kind(self) -> str:
        """Return `container/codec`, such as "ogg/opus", "mp3/mp3" or "wav/pcm_s16le"."""
        return f"{self.container}/{self.codec}"


@dataclass(frozen=True, slots=True)
class RawFormat:
    """How to read audio that has no header; always one channel."""

    codec: Literal["s16le", "mulaw", "alaw"]
    sample_rate_hz: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way to write a file; `options` go to the encoder."""

    container: str
    encoder: str
    bitrate_bps: int
    channels: int
    sample_rate_hz: int
    options: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Return the `Probe.kind` of what it writes."""
        return f"{self.container}/{_CODECS.get(self.encoder, self.encoder)}"

    def size_bytes(self, duration_ms: int) -> int:
        """Estimate the size of a file with so much audio, headers and page overhead included."""
        return 2_048 + (self.bitrate_bps + 1_000) * duration_ms // 8_000


_CODECS = {"libopus": "opus", "libmp3lame": "mp3"}
"""What encoders write, where it has another name."""


OPUS_AMPLE_KBPS = 48
"""For each channel: from here on, searching longer makes Opus neither smaller nor better, only slower."""


def opus(kbps: int, channels: int) -> Encoding:
    """Describe Opus in Ogg; without `constrained`, tonal music comes out a third larger than asked for."""
    level = "5" if kbps >= OPUS_AMPLE_KBPS * channels else "10"
    options = (("vbr", "constrained"), ("compression_level", level))
    return Encoding("ogg", "libopus", kbps * 1000, channels, 48_000, options)


def mp3(kbps: int, channels: int, sample_rate_hz: int = 44_100) -> Encoding:
    """Describe MP3 at a constant bitrate."""
    return Encoding("mp3", "libmp3lame", kbps * 1000, channels, sample_rate_hz)


def wav(codec: str, channels: int, sample_rate_hz: int) -> Encoding:
    """Describe uncompressed audio in WAV, which unlike bare samples says how it is played."""
    sample_bits = 16 if codec == "pcm_s16le" else 8
    return Encoding("wav", codec, sample_rate_hz * sample_bits * channels, channels, sample_rate_hz)


def chosen(output_format: str, channels: int) -> Encoding | None:
    """Return the file that a member expects who chose the gateway's `output_format`, such as opus_48000_64."""
    if raw := raw_format(output_format):
        return wav(f"pcm_{raw.codec}", channels, raw.sample_rate_hz)
    name, _, numbers = output_format.partition("_")
    rate, _, kbps = numbers.partition("_")
    if name == "opus":
        return opus(int(kbps), channels)
    return mp3(int(kbps), channels, int(rate)) if name == "mp3" else None


@dataclass(frozen=True, slots=True)
class Target:
    """A format to transcode to: its encodings from good to poor, for stereo and for one channel."""

    kind: str
    stereo: tuple[Encoding, ...]
    mono: tuple[Encoding, ...]


_LOW_OPUS = tuple(opus(kbps, 1) for kbps in (32, 24, 16, 12))
_LOW_MP3 = (mp3(64, 1), mp3(48, 1, 22_050), mp3(32, 1, 22_050))
TARGETS = {
    "opus": Target(
        "ogg/opus",
        stereo=(*(opus(kbps, 2) for kbps in (128, 96, 64, 48)), *_LOW_OPUS),
        mono=(opus(64, 1), opus(48, 1), *_LOW_OPUS),
    ),
    "mp3": Target(
        "mp3/mp3",
        stereo=(mp3(192, 2), mp3(128, 2), mp3(96, 2), *_LOW_MP3),
        mono=(mp3(96, 1), *_LOW_MP3),
    ),
}


@dataclass(frozen=True, slots=True)
class Want:
    """What a chat takes: files of at most `max_bytes`, of the kinds (`Probe.kind`) in `playable`."""

    max_bytes: int
    playable: frozenset[str]
    prefer: Literal["opus", "mp3"]
    """The target to transcode to, if the chat plays it; else the other one."""
    output_format: str = ""
    """What the member chose; it goes before what the chat plays."""
    finish: Finish = AS_IS
    waveform: bool = False
    """The chat shows one, and has it made by whoever sends a file."""

    def __post_init__(self) -> None:
        """Refuse a want that no transcoding can serve."""
        if not any(target.kind in self.playable for target in TARGETS.values()):
            raise ValueError("playable must name ogg/opus or mp3/mp3")

    @classmethod
    def from_json(cls, data: JSON) -> Self:
        """Read what `to_json` wrote."""
        finish = Finish.from_json(data["finish"])
        return cls(**data | {"playable": frozenset(data["playable"]), "finish": finish})

    def to_json(self) -> JSON:
        """Return plain values for the media process."""
        return {
            "max_bytes": self.max_bytes,
            "playable": [*self.playable],
            "prefer": self.prefer,
            "output_format": self.output_format,
            "finish": self.finish.to_json(),
            "waveform": self.waveform,
        }

    @property
    def looks(self) -> bool:
        """Whether a file must be heard as a whole before it can be said what is sent of it."""
        return self.waveform or self.finish.shapes

    def takes(self, probe: Probe, size_bytes: int) -> bool:
        """Say whether a file can go as it is."""
        suits = self._chosen(probe) if self.output_format else probe.kind in self.playable
        return suits and size_bytes <= self.max_bytes

    def honours(self, made: Probe, size_bytes: int, sent: Probe) -> bool:
        """Say whether what is sent in place of what was made is what the member chose, and not something smaller."""
        wanted = chosen(self.output_format, made.channels)
        fits = wanted is None or wanted.size_bytes(made.duration_ms) <= self.max_bytes
        return self._chosen(sent) and (fits or self.takes(made, size_bytes))

    def _chosen(self, probe: Probe) -> bool:
        wanted = chosen(self.output_format, probe.channels)
        return wanted is None or (probe.kind, probe.sample_rate_hz) == (wanted.kind, wanted.sample_rate_hz)

    def writes(self, made: Probe, size_bytes: int, *, anew: bool) -> tuple[Encoding, ...] | None:
        """Return the encodings worth trying in place of a file, best first; None where it can go as it is.

        `anew`: the file would do, but for its header or how it sounds.
        """
        takes = self.takes(made, size_bytes)
        if takes and not anew:
            return None
        is_wav = takes and made.container == "wav"
        again = (wav(made.codec, min(made.channels, 2), made.sample_rate_hz),) if is_wav else ()
        return again + self.encodings(made.channels, made.duration_ms)

    def encodings(self, channels: int, duration_ms: int) -> tuple[Encoding, ...]:
        """Return the encodings worth trying, best first: those that should fit, and as the last resort the poorest."""
        order = sorted(TARGETS, key=lambda name: name != self.prefer)
        target = next(TARGETS[name] for name in order if TARGETS[name].kind in self.playable)
        rows = target.mono if channels == 1 else target.stereo
        fitting = [row for row in rows if row.size_bytes(duration_ms) <= self.max_bytes]
        wanted = chosen(self.output_format, min(channels, 2))
        first = [wanted] if wanted and wanted.size_bytes(duration_ms) <= self.max_bytes else []
        return tuple(dict.fromkeys(first + fitting[: ATTEMPTS - 1] + fitting[-1:]))


_SAMPLES = ("audio/", "video/", "application/octet-stream", "binary/octet-stream", "application/ogg")


def may_be_samples(content_type: str) -> bool:
    """Say whether a body labelled so may be audio without a header: not where it is called text, JSON or a picture."""
    return not content_type or content_type.strip().casefold().startswith(_SAMPLES)


def raw_format(output_format: str) -> RawFormat | None:
    """Return how to read the gateway's `output_format` should it come without a header; None for mp3 and opus."""
    codecs: dict[str, Literal["s16le", "mulaw", "alaw"]] = {"pcm": "s16le", "ulaw": "mulaw", "alaw": "alaw"}
    name, _, rate = output_format.partition("_")
    return RawFormat(codecs[name], int(rate)) if name in codecs else None
