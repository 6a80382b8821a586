"""Whether what is tried again and again ever succeeds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.domain.troubles import Stuck

STUCK_S = 300.0
"""After so long without a success, while something waits for one, nothing gets through."""
FORGET_S = 1800.0
"""What was not tried again for so long waits no more; the circuit breaker's longest pause is shorter."""
LOST = 3
"""So many in a row of which nobody knows whether they got through are a sign; fewer can be chance."""


class Liveness:
    """Keeps the time since which things wait to get through to one place."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """`now_s` runs evenly, in seconds."""
        self._now_s = now_s
        self._since_s: dict[str, float] = {}
        self._tried_s: dict[str, float] = {}
        self._trying: set[str] = set()
        self._lost: dict[str, float] = {}
        self._succeeded_s = now_s()

    @contextmanager
    def trying(self, key: str) -> Iterator[None]:
        """Note that something tries to get through, now or again; what comes of it is told by the methods below."""
        self._since_s.setdefault(key, self._now_s())
        self._trying.add(key)
        try:
            yield
        finally:
            self._trying.discard(key)
            if key in self._since_s:
                self._tried_s[key] = self._now_s()

    def put_off(self, key: str, for_s: float) -> None:
        """Note that it was answered to come again later: until then it does not wait."""
        self._since_s[key] = self._now_s() + for_s

    def refused(self, key: str) -> None:
        """Note that it was answered and comes no more."""
        self._since_s.pop(key, None)
        self._tried_s.pop(key, None)

    def lost(self, key: str) -> None:
        """Note that nobody knows what came of it, and that it comes no more."""
        self._lost[key] = self._now_s()
        self.refused(key)

    def succeeded(self) -> None:
        """Note that something got through; what still waits shows at its next try."""
        for waiting in (self._since_s, self._tried_s, self._lost):
            waiting.clear()
        self._succeeded_s = self._now_s()

    @property
    def waiting(self) -> int:
        """How many wait to get through, or waited in vain."""
        return len(self._waiting())

    @property
    def stalled_s(self) -> float:
        """For how long nothing has got through while something waited, in seconds."""
        waiting = self._waiting()
        return self._now_s() - max(self._succeeded_s, min(waiting)) if waiting else 0.0

    def stuck(self) -> Stuck | None:
        """Say how long nothing has got through and how many wait, once that is long."""
        stalled_s = self.stalled_s
        return Stuck(round(stalled_s / 60), self.waiting) if stalled_s >= STUCK_S else None

    def _waiting(self) -> list[float]:
        """Return since when each waits, in seconds."""
        now_s = self._now_s()
        old = [key for key, at_s in self._tried_s.items() if now_s - max(at_s, self._since_s[key]) > FORGET_S]
        for key in old:
            if key not in self._trying:
                self.refused(key)
        self._lost = {key: at_s for key, at_s in self._lost.items() if now_s - at_s <= FORGET_S}
        lost = list(self._lost.values()) if len(self._lost) >= LOST else []
        return [since_s for since_s in self._since_s.values() if since_s <= now_s] + lost
