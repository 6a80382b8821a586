"""Audio for tests that do not listen."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.domain.audio import Probe, RawFormat, Want, chosen
from core.domain.errors import MediaError, StoreError
from core.domain.joining import AudioPart

PROBE = Probe(
    container="wav",
    codec="pcm_s16le",
    sample_rate_hz=22050,
    channels=1,
    duration_ms=1000,
    mime="audio/wav",
    extension="wav",
)
OGG = b"OggS" + bytes(24) + b"OpusHead" + bytes(40)
MP3 = b"ID3" + bytes(60)
WAV = b"RIFF" + bytes(40)
SHAPES = {
    "opus": (OGG, replace(PROBE, container="ogg", codec="opus", mime="audio/ogg", extension="ogg")),
    "mp3": (MP3, replace(PROBE, container="mp3", codec="mp3", mime="audio/mpeg", extension="mp3")),
    "pcm": (WAV, PROBE),
}


def concatenated(parts: Sequence[AudioPart], into: Path, probe: Probe) -> tuple[Path, Probe]:
    """Write parts one after the other, so that a reader can tell which they are, and count how long they are."""
    into.write_bytes(b"".join(part.path.read_bytes() for part in parts))
    pauses_ms = sum(part.pause_ms for part in parts[1:])
    return into, replace(probe, duration_ms=pauses_ms + sum(part.probe.duration_ms for part in parts))


class Preparing:
    """Prepares by probing and fitting, for stand-ins that do both."""

    probe: Callable[..., Awaitable[Probe]]
    fit: Callable[..., Awaitable[tuple[Path, Probe]]]

    async def prepare(
        self, path: Path, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Probe, tuple[Path, Probe] | None]:
        probe = await self.probe(path, raw)
        try:
            return probe, await self.fit(path, probe, into, want, raw)
        except (MediaError, StoreError):
            return probe, None


@dataclass
class Shapes(Preparing):
    """Makes a file that looks like what was chosen, or the chat prefers; the real tools are tested end to end."""

    wants: list[Want] = field(default_factory=list)
    duration_ms: int = 1000

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        return PROBE

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        self.wants.append(want)
        content, shape = SHAPES[want.output_format.partition("_")[0] or want.prefer]
        into.write_bytes(content)
        wanted = chosen(want.output_format, shape.channels)
        rate_hz = wanted.sample_rate_hz if wanted else shape.sample_rate_hz
        return into, replace(shape, duration_ms=self.duration_ms, sample_rate_hz=rate_hz)

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:
        if len(parts) == 1:
            return [await self.fit(parts[0].path, parts[0].probe, into, want, parts[0].raw)]
        self.wants.append(want)
        return [concatenated(parts, into, SHAPES[want.prefer][1])]

    def warm(self) -> None:
        """Start nothing."""

    async def close(self) -> None:
        """Hold nothing."""
