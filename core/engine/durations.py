"""How long the gateway usually takes, learned from what it made lately, and when to look for it."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from math import ceil
from statistics import median

from core.domain.products import Catalog
from core.engine.pace import Pace

REMEMBERED = 32
"""The durations that are kept of each product and size."""
NEWS = 4
"""So many new ones change the rhythm; until then, the product's own figure stands."""
SMALL = 64
"""Characters of the smallest size; each other one goes to twice the one before."""
STEP_S = 0.5
"""How finely first looks are compared, and how far a look may stray from its beat before it waits for the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When to look for audio, in seconds since its submission: first at `first_s`, then on the beat."""

    first_s: float
    quick_s: float
    """Before this it is hardly ever there."""
    usual_s: float
    slow_s: float
    """It takes hardly ever longer."""

    def next_s(self, looked_s: float, pace: Pace) -> float:
        """Return when to look after a look in vain: after the shorter interval while the audio is due, else the longer.

        Looks stay on the beat that `first_s` set, so that they come when audio of the usual duration is there.
        """
        due = self.quick_s - pace.poll_max_s < looked_s < 2 * self.slow_s
        at_s = looked_s + (pace.poll_min_s if due else pace.poll_max_s)
        if not pace.poll_min_s:
            return at_s
        beats = ceil((at_s - self.first_s - STEP_S) / pace.poll_min_s)
        return min(max(self.first_s + beats * pace.poll_min_s, at_s), looked_s + pace.poll_max_s)


@dataclass(slots=True)
class _Lately:
    rhythm: Rhythm
    took_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    news: int = 0


class Durations:
    """What generations of each product and size took lately."""

    def __init__(self, catalog: Catalog, pace: Pace) -> None:
        self._catalog = catalog
        self._pace = pace
        self._lately: dict[tuple[str, int], _Lately] = {}

    def usual_s(self, product: str, characters: int) -> float:
        """Return how long a generation usually takes."""
        return self.rhythm(product, characters).usual_s

    def rhythm(self, product: str, characters: int) -> Rhythm:
        """Return when to look for a generation."""
        return self._of(product, characters).rhythm

    def note(self, product: str, characters: int, took_s: float) -> None:
        """Learn what one took."""
        lately = self._of(product, characters)
        lately.took_s.append(took_s)
        lately.news += 1
        if lately.news == NEWS:
            lately.rhythm, lately.news = _learned(lately.took_s, self._pace), 0

    def _of(self, product: str, characters: int) -> _Lately:
        key = (product, (characters // SMALL).bit_length())
        if key not in self._lately:
            usual_s = self._catalog[product].usual_s
            first_s, quick_s = self._pace.poll_min_s, 0.75 * usual_s
            self._lately[key] = _Lately(Rhythm(first_s=first_s, quick_s=quick_s, usual_s=usual_s, slow_s=usual_s))
        return self._lately[key]


def _learned(seen: Collection[float], pace: Pace) -> Rhythm:
    return Rhythm(first_s=_first_s(seen, pace), quick_s=min(seen), usual_s=median(seen), slow_s=max(seen))


def _first_s(seen: Collection[float], pace: Pace) -> float:
    """Return the first look after which looks on its beat would have found these the soonest."""
    least_s = pace.poll_min_s

    def late_s(first_s: float) -> float:
        return sum(first_s - took_s if took_s <= first_s else (first_s - took_s) % least_s for took_s in seen)

    steps = range(int((min(pace.poll_max_s, 2 * least_s) - least_s) / STEP_S) + 1)
    return min((least_s + n * STEP_S for n in steps), key=late_s) if least_s else 0
