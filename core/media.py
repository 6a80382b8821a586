"""Look into audio files and make them fit a chat's limits, never decoding in this process.

Media come from outside. Child processes with limits on memory and time do the work (`core.media_pool`), and only they
import the codecs (`core.media_child`).
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from core.errors import CannotFit, MediaError, MediaTimeout, Undecodable
from core.jsontype import JSON
from core.media_pool import Pool

__all__ = [
    "CannotFit",
    "Media",
    "MediaError",
    "MediaTimeout",
    "Probe",
    "RawFormat",
    "Undecodable",
    "Want",
    "raw_format",
]

RECYCLE_AFTER = 200
"""Requests that one child serves, so that a leak in a codec has an end."""
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

    def size_bytes(self, duration_ms: int) -> int:
        """Estimate the size of a file with so much audio, headers and page overhead included."""
        return 2_048 + (self.bitrate_bps + 1_000) * duration_ms // 8_000


def opus(kbps: int, channels: int) -> Encoding:
    """Describe Opus in Ogg; without `constrained`, tonal music comes out a third larger than asked for."""
    return Encoding("ogg", "libopus", kbps * 1000, channels, 48_000, (("vbr", "constrained"),))


def mp3(kbps: int, channels: int, sample_rate_hz: int = 44_100) -> Encoding:
    """Describe MP3 at a constant bitrate."""
    return Encoding("mp3", "libmp3lame", kbps * 1000, channels, sample_rate_hz)


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
    """What to transcode to, if it is playable; the other one otherwise."""

    def __post_init__(self) -> None:
        """Refuse a want that no transcoding can serve."""
        if not any(target.kind in self.playable for target in TARGETS.values()):
            raise ValueError("playable must name ogg/opus or mp3/mp3")

    def encodings(self, channels: int, duration_ms: int) -> tuple[Encoding, ...]:
        """Return the encodings worth trying, best first: those that should fit, and as the last resort the poorest."""
        order = sorted(TARGETS, key=lambda name: name != self.prefer)
        target = next(TARGETS[name] for name in order if TARGETS[name].kind in self.playable)
        rows = target.mono if channels == 1 else target.stereo
        fitting = [row for row in rows if row.size_bytes(duration_ms) <= self.max_bytes]
        return tuple(dict.fromkeys(fitting[: ATTEMPTS - 1] + fitting[-1:]))


def raw_format(output_format: str) -> RawFormat | None:
    """Return how to read the gateway's `output_format` should it come without a header; None for mp3 and opus."""
    codecs: dict[str, Literal["s16le", "mulaw", "alaw"]] = {"pcm": "s16le", "ulaw": "mulaw", "alaw": "alaw"}
    name, _, rate = output_format.partition("_")
    return RawFormat(codecs[name], int(rate)) if name in codecs else None


class Media:
    """Decodes and encodes in child processes. Files are told by their content, never by their names."""

    def __init__(self, children: int = 2, deadline_s: float = 60, memory_bytes: int = 1 << 30) -> None:
        """`deadline_s` is for one decoding or encoding; `memory_bytes` is the address space of each child."""
        self._deadline_s = deadline_s
        self._pool = Pool(children, memory_bytes, RECYCLE_AFTER)

    async def close(self) -> None:
        """Kill the children; what is under way ends with MediaError."""
        await self._pool.close()

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        """Decode the whole file and say what it is.

        A header in the file is believed before `raw`. Raises Undecodable, MediaTimeout, or MediaError when the file
        can't be read or takes the child along.
        """
        return await self._ask("probe", path=str(path), raw=raw and asdict(raw))

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        """Return the file itself where the chat takes it, else write a transcoded one to `into`.

        `into` is complete and on disk, or untouched. One channel stays one; stereo is given up at low bitrates only.
        Raises CannotFit, and what `probe` raises.
        """
        size_bytes = _size(path)
        if probe.kind in want.playable and size_bytes <= want.max_bytes:
            return path, probe
        for encoding in want.encodings(probe.channels, probe.duration_ms):
            if written := await self._transcode(path, raw, into, encoding, want.max_bytes):
                return into, written
        raise CannotFit(size_bytes, want.max_bytes)

    async def _transcode(
        self, path: Path, raw: RawFormat | None, into: Path, encoding: Encoding, max_bytes: int
    ) -> Probe | None:
        """Return None when the result is too big."""
        part = into.with_name(f".{into.name}.{uuid4().hex}.part")
        to = asdict(encoding) | {"options": dict(encoding.options)}
        try:
            return await self._ask(
                "transcode",
                path=str(path),
                raw=raw and asdict(raw),
                part=str(part),
                into=str(into),
                to=to,
                max_bytes=max_bytes,
            )
        except _TooBig:
            return None
        finally:
            part.unlink(missing_ok=True)

    async def _ask(self, operation: str, **arguments: object) -> Probe:
        answer = await self._pool.ask(operation, arguments, self._deadline_s)
        if "error" in answer:
            raise ERRORS.get(answer["error"], MediaError)(answer.get("reason", ""))
        return _probe(answer)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MediaError(str(error)) from error


class _TooBig(MediaError):
    """An encoding came out larger than allowed."""


ERRORS: dict[str, type[MediaError]] = {"undecodable": Undecodable, "too_big": _TooBig}


def _probe(answer: JSON) -> Probe:
    """Read a child's answer, which a broken codec may have spoilt."""
    try:
        info = answer["info"]
        container, codec = str(info["container"]), str(info["codec"])
        mime, extension = KINDS[codec if container == "raw" else container]
        rate, channels, duration = (int(info[name]) for name in ("sample_rate_hz", "channels", "duration_ms"))
        return Probe(container, codec, rate, channels, duration, mime, extension)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(f"the media process answered nonsense: {error!r}") from error
