"""How a finished file is made pleasant to hear and easy to find: its loudness, its ends and its tags."""

from dataclasses import dataclass
from typing import Self

from core.domain.jsontype import JSON

AUDIBLE_DB = 1.0
"""A smaller change of loudness is no reason to encode anew what could go as it is."""
LEAD_MS, TAIL_MS = 50, 150
"""What is left of the silence before and after the sound."""
TEDIOUS_MS = 300
"""Less silence than this is no reason to encode anew what could go as it is."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to a file besides what makes it fit a chat."""

    loudness_lufs: float | None = None
    """The loudness that it gets (EBU R128), None where it keeps its own."""
    trims: bool = False
    """Silence at its ends is shortened."""
    tags: tuple[tuple[str, str], ...] = ()
    """Names such as `title` and `artist`, and what they are."""

    @classmethod
    def from_json(cls, data: JSON) -> Self:
        """Read what `to_json` wrote."""
        return cls(**data | {"tags": tuple((name, value) for name, value in data["tags"])})

    def to_json(self) -> JSON:
        """Return plain values for the media process."""
        return {"loudness_lufs": self.loudness_lufs, "trims": self.trims, "tags": self.tags}

    @property
    def shapes(self) -> bool:
        """Whether it changes what is heard."""
        return self.loudness_lufs is not None or self.trims

    def ends_ms(self, begin_ms: int, end_ms: int, duration_ms: int) -> tuple[int, int]:
        """Return what is kept of a file in which sound begins and ends so."""
        if not self.trims:
            return 0, duration_ms
        return max(begin_ms - LEAD_MS, 0), min(end_ms + TAIL_MS, duration_ms)


AS_IS = Finish()
