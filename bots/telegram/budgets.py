"""How many free answers a member gets in each chat."""

import time
from dataclasses import dataclass
from enum import Enum, auto

from bots.telegram.identity import Recent

FREE_AT_ONCE, FREE_EVERY_S, FREE_AGAIN = 10.0, 15.0, 3.0
"""A member's budget of free answers per chat: its size, the time to regain one, and how many end a silence."""


class Charged(Enum):
    """What came of one more answer."""

    FREE = auto()
    LAST = auto()
    """The budget is used up with it, which is to be said."""
    SILENCED = auto()
    """That was said, and there are no answers until FREE_AGAIN are left."""


@dataclass(slots=True)
class _Budget:
    """The free answers that a member has left in a chat (a token bucket)."""

    left: float
    at_s: float
    exhausted: bool = False


class Budgets:
    """Counts the answers of each member in each chat."""

    def __init__(self) -> None:
        self._budgets: Recent[tuple[int, str], _Budget] = Recent()

    def charge(self, chat: int, member: str) -> Charged:
        """Count one more answer."""
        now_s = time.monotonic()
        budget = self._budgets.setdefault((chat, member), _Budget(FREE_AT_ONCE, now_s))
        budget.left, budget.at_s = min(FREE_AT_ONCE, budget.left + (now_s - budget.at_s) / FREE_EVERY_S), now_s
        budget.exhausted = budget.exhausted and budget.left < FREE_AGAIN
        if budget.exhausted:
            return Charged.SILENCED
        budget.left -= 1
        budget.exhausted = budget.left < 1
        return Charged.LAST if budget.exhausted else Charged.FREE
