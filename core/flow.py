"""Whether what is tried again and again ever succeeds."""

import time
from collections.abc import Callable

STUCK_S = 300.0
"""After so long without a success, while something waits for one, nothing gets through."""
FORGET_S = 3600.0
"""What was not tried again for so long waits no more."""
MOST_WAITING = 20_000


class Flow:
    """Keeps the time since which things wait to get through to one place."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """`now_s` runs evenly, in seconds."""
        self._now_s = now_s
        self._since_s: dict[str, float] = {}
        self._tried_s: dict[str, float] = {}
        self._succeeded_s = now_s()

    def tried(self, key: str) -> None:
        """Note that something tries to get through, now or again."""
        now_s = self._now_s()
        self._since_s.setdefault(key, now_s)
        self._tried_s[key] = now_s
        if len(self._tried_s) > MOST_WAITING:
            self._forget(next(iter(self._tried_s)))

    def put_off(self, key: str, for_s: float) -> None:
        """Note that it was answered to come again later: until then it does not wait."""
        self._since_s[key] = self._tried_s[key] = self._now_s() + for_s

    def refused(self, key: str) -> None:
        """Note that it was answered and comes no more."""
        self._forget(key)

    def succeeded(self) -> None:
        """Note that something got through; what still waits shows at its next try."""
        self._since_s.clear()
        self._tried_s.clear()
        self._succeeded_s = self._now_s()

    @property
    def waiting(self) -> int:
        """How many wait to get through."""
        now_s = self._now_s()
        for key in [key for key, tried_s in self._tried_s.items() if now_s - tried_s > FORGET_S]:
            self._forget(key)
        return sum(since_s <= now_s for since_s in self._since_s.values())

    @property
    def stalled_s(self) -> float:
        """For how long nothing has got through while something waited, in seconds."""
        if not self.waiting:
            return 0.0
        return max(0.0, self._now_s() - max(self._succeeded_s, min(self._since_s.values())))

    def stuck(self) -> str | None:
        """Say how long nothing has got through and how many wait, once that is long."""
        stalled_s = self.stalled_s
        return f"for {stalled_s / 60:.0f} min, while {self.waiting} wait" if stalled_s >= STUCK_S else None

    def _forget(self, key: str) -> None:
        self._since_s.pop(key, None)
        self._tried_s.pop(key, None)
