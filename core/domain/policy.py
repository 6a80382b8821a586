"""What the operator sets for everybody."""

from dataclasses import dataclass

from core.domain.products import PRICE_MICROS
from core.domain.quota import Quota

OFFER_MS = 10 * 60_000
"""The time in which a price can be agreed to."""

OLDEST_ACT_MS = 3_600_000
"""The greatest age of an admin's command that is carried out."""

MOST_DEARER_PERCENT = 20
"""What is spoken may cost so much more than what was written without a question."""

LONGEST_ORDER = 20_000
"""Characters, unless an operator says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Defaults and limits that no admin can change."""

    default_quota: Quota
    direct_quota: Quota
    """For direct chats, where no admin watches."""
    max_waiting: int = 10
    """Unresolved jobs that one member may have."""
    max_queue: int = 1000
    """Jobs of everybody that may wait for their turn; beyond that orders are refused."""
    oldest_order_s: float = 900
    """The greatest age of an order that is taken, as after a night without the bot."""
    longest_order: int = LONGEST_ORDER
    """Characters of a text that is spoken, however many requests it takes."""
    price_micros: int = PRICE_MICROS
    """Per 1,000 characters; what an amount typed in characters is counted with."""
    repeats: bool = False
    """Speech that is ordered again while its audio is kept is answered with that audio, free."""
    owners: frozenset[str] = frozenset()
    """Member keys of the operators whom the settings name."""

    def quota(self, *, direct: bool) -> Quota:
        """Return the quota in force where neither the member nor the community has one."""
        return self.direct_quota if direct else self.default_quota
