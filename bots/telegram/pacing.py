"""How often something may be done in each chat."""

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bots.telegram.identity import Recent

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Spent:
    times: float
    at_s: float


class Pacer(Generic[K]):
    """Lets something be done so many times at once, and then every few seconds (a token bucket for each key)."""

    def __init__(self, at_once: int, every_s: float) -> None:
        self._at_once = at_once
        self._every_s = every_s
        self._spent: Recent[K, _Spent] = Recent()

    def allows(self, key: K) -> bool:
        """Say whether it may be done now, and count it if so."""
        now_s = time.monotonic()
        spent = self._spent.get(key) or _Spent(0, now_s)
        times = max(0.0, spent.times - (now_s - spent.at_s) / self._every_s)
        is_allowed = times + 1 <= self._at_once
        self._spent[key] = _Spent(times + is_allowed, now_s)
        return is_allowed
