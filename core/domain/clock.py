"""Ages that stay right when the wall clock is set."""

import time
from collections.abc import Callable
from dataclasses import dataclass

LEAP_MS = 1000
"""By how much the wall clock must have moved on its own to be taken for one that was set."""
MOST_LEAPS = 100


def boot_s() -> float:
    """Return a time that nobody sets, and that also runs while the machine is asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Leap:
    """The wall clock was set forward: what it said just before, and just after."""

    from_ms: int
    to_ms: int


class SteadyClock:
    """Implements `core.ports.Clock` over a wall clock and one that nobody sets.

    It notices leaps when it is asked, which the waits of a busy process do all the time.
    """

    def __init__(self, wall_ms: Callable[[], int], steady_s: Callable[[], float]) -> None:
        self._wall_ms = wall_ms
        self._steady_s = steady_s
        self._apart_ms = wall_ms() - round(steady_s() * 1000)
        self._leaps: list[Leap] = []

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC, as the wall clock has them now."""
        return self._wall_ms()

    def since_ms(self, at_ms: int) -> int:
        """Return how long ago it was that this clock said `at_ms`; what it leapt over since is not counted."""
        since_ms = self._look() - at_ms
        if self._leaps:
            since_ms -= sum(leap.to_ms - leap.from_ms for leap in self._leaps if at_ms <= leap.from_ms)
        return max(0, since_ms)

    def _look(self) -> int:
        """Note a leap since the last look, and forget those that were taken back; return what time it is."""
        now_ms = self._wall_ms()
        apart_ms = now_ms - round(self._steady_s() * 1000)
        leapt_ms, self._apart_ms = apart_ms - self._apart_ms, apart_ms
        if leapt_ms >= LEAP_MS:
            self._leaps = [*self._leaps[1 - MOST_LEAPS :], Leap(now_ms - leapt_ms, now_ms)]
        elif leapt_ms <= -LEAP_MS:
            self._leaps = [leap for leap in self._leaps if leap.to_ms <= now_ms]
        return now_ms
