"""What is remembered of credit that members ask for."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.kept_orders import Call, KeptOrder
from core.domain.orders import Order
from core.domain.people import Caller
from core.domain.reports import CreditRequest


class CreditRequestStore(Protocol):
    """Remembers credit requests, and the orders that wait for them. Raises StoreError."""

    async def ask(
        self, credit_request_id: str, caller: Caller, amount_micros: int, order_id: str = "", *, goes: bool = False
    ) -> CreditRequest | None:
        """Keep a member's credit request, and with it their order; None where the last is open, or was decided lately.

        `goes`: the order is to go as soon as there is credit for it.
        """
        ...

    async def withdraw(self, credit_request_id: str, caller: Caller) -> None:
        """Forget a member's open credit request; an order that was kept with it is as it was before."""
        ...

    async def open_requests(self, community: str, most: int) -> Sequence[CreditRequest]:
        """Return the newest credit requests in a community that nobody has decided on, the oldest of them first."""
        ...

    async def claim_call(self, community: str, about: Call, pause_ms: int) -> bool:
        """Return whether it is our turn to call those who administer a community: nobody has for so long."""
        ...

    async def drop_call(self, community: str, about: Call) -> None:
        """Forget a call that was claimed and not made."""
        ...

    async def keep_order(self, order_id: str, order: Order, cost_micros: int) -> str:
        """Keep an order that was refused; return its id, the former one for the same event."""
        ...

    async def kept_order(self, caller: Caller, order_id: str) -> KeptOrder:
        """Return an order that is kept. Raises NotFound where it is no longer, NotPermitted for another member's."""
        ...

    async def kept_with(self, credit_request_id: str, community: str) -> KeptOrder | None:
        """Return the order that is kept with a credit request, if one is."""
        ...

    async def placed_for(self, member: str, placed_id: str) -> str | None:
        """Return the community for which an order of a member's is kept, or offered; None where none is."""
        ...

    async def drop_kept(self, order_id: str) -> None:
        """Forget an order that was kept."""
        ...

    async def forget_kept(self) -> None:
        """Forget the orders that were kept for long enough."""
        ...
