"""Virtual time, which processes come and go in, and the world's own events, which outlive them."""

import heapq
import random
from collections.abc import Callable
from typing import Any

from core.domain.clock import SteadyClock

START_MS = 1_773_835_200_000
"""2026-03-18T12:00:00 UTC."""


class Timeline:
    """What is due, and when. Everything random in a history comes from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.now_s = 0.0
        self.wall_offset_ms = 0
        self.start_ms = START_MS
        self.begin_process()
        self._due: list[tuple[float, float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._serial = self._objects = 0

    def after(self, delay_s: float, act: Callable[..., None], *args: Any) -> None:
        """Let something happen in the world; of things due at the same moment the seed says which is first."""
        self._serial += 1
        heapq.heappush(self._due, (self.now_s + delay_s, self.rng.random(), self._serial, act, args))

    @property
    def next_s(self) -> float:
        return self._due[0][0] if self._due else float("inf")

    def run_next(self) -> None:
        when_s, _, _, act, args = heapq.heappop(self._due)
        self.now_s = max(self.now_s, when_s)
        act(*args)

    def serial(self) -> int:
        """Number an object of this history."""
        self._objects += 1
        return self._objects

    def forget(self) -> None:
        """Drop all that is to come: the history is over."""
        self._due.clear()

    def leg_s(self) -> float:
        """Return how long a message is under way, one way."""
        return self.rng.uniform(0.002, 0.12)

    # --- clocks as a process reads them ---------------------------------------------------------------------------

    def begin_process(self) -> None:
        """Let a new process read the clocks, which knows nothing of when they were set."""
        self._clock = SteadyClock(self.now_ms, lambda: self.now_s)

    def true_ms(self) -> int:
        """Return the time that everybody else has."""
        return self.start_ms + round(self.now_s * 1000)

    def now_ms(self) -> int:
        """Return the wall clock of our machine, which may be wrong: `core.ports.Clock`."""
        return self.true_ms() + self.wall_offset_ms

    def since_ms(self, at_ms: int) -> int:
        """Return how long ago our machine said so: `core.ports.Clock`."""
        return self._clock.since_ms(at_ms)
