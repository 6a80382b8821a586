"""How patient the engine is."""

import asyncio
from dataclasses import dataclass

from core.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient the worker is, in seconds."""

    poll_min_s: float = 5
    poll_max_s: float = 10
    """The gateway asks to be polled every 5 to 10 seconds."""
    queue_s: float = 900
    """How long an order may wait for its submission."""
    callbacks: bool = False
    """Whether the gateway can call back: then it is hardly polled, and an unconfirmed job waits until its deadline."""
    look_s: float | None = None
    """How often to look for jobs that other processes left or changed; None without others."""
    net: float = 2
    """With callbacks, a job is polled all the same after this many times its product's usual duration."""
    empty_s: float = 60
    """How long a finished job that names no audio is asked again."""
    unknown_s: float = 180
    """How long a request that the gateway says it does not know is asked for again."""
    fetch_tries: int = 5
    fetch_pause_s: float = 1


@dataclass(frozen=True, slots=True)
class Deadline:
    """So many seconds after a time in milliseconds, but no later than the loop's time `until_s`, whatever the clock."""

    clock: Clock
    begun_ms: int
    lasts_s: float
    until_s: float

    def left_s(self) -> float:
        """Return how many seconds are left."""
        by_clock_s = self.lasts_s - self.clock.since_ms(self.begun_ms) / 1000
        return min(by_clock_s, self.until_s - asyncio.get_running_loop().time())


@dataclass(slots=True)
class Patience:
    """Lasts `seconds` from when it is first asked; setting the clock does not matter."""

    _seconds: float
    _until_s: float | None = None

    def renew(self) -> None:
        """Start over."""
        self._until_s = None

    def lasts(self) -> bool:
        """Say whether it lasts still."""
        now_s = asyncio.get_running_loop().time()
        if self._until_s is None:
            self._until_s = now_s + self._seconds
        return now_s < self._until_s
