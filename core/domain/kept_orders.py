"""An order that was refused for want of credit, as it is kept while the admins are asked for that. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.orders import Order
from core.domain.quota import DAY_MS

KEPT_ORDER_MS = DAY_MS
"""How long it is kept from when it was refused, and once more from when the admins were asked."""
MOST_KEPT = 10
"""Of a member's in a community that nobody was asked about; the oldest goes first."""


class Call(StrEnum):
    """Why those who administer a community are called."""

    CREDIT = "credit"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """An order with its words. It goes once; its event makes one job of it, however often that is tried."""

    order_id: str
    order: Order
    """Who orders it is only its member and their language: whoever acts on it says where they are now."""
    cost_micros: int
    """What its member was told that it costs."""
    goes: bool = False
    """Whether its member chose to have it ordered as soon as there is credit for it."""
