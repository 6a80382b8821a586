"""What is remembered of members and communities, beside their orders."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.communities import Approval
from core.domain.orders import Order
from core.domain.people import Caller, Person
from core.domain.pronunciation import Pronunciation
from core.domain.quota import Quota, Standing
from core.domain.reports import Entry
from core.domain.warnings import BudgetWarning


class MemberStore(Protocol):
    """Remembers members and communities. Raises StoreError."""

    async def pronunciation_owners(self) -> frozenset[str]:
        """Return the keys of the members and communities that have pronunciations."""
        ...

    async def pronunciations(self, community: str, member: str) -> list[Pronunciation]:
        """Return a member's pronunciations and their community's."""
        ...

    async def pronounce(self, caller: Caller, entry: Pronunciation, most: int) -> bool:
        """Set one of a member's pronunciations; return whether there is room."""
        ...

    async def unpronounce(self, caller: Caller, folded: str) -> bool:
        """Take one of a member's pronunciations away; return whether there was one."""
        ...

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        """Return what a member may spend now."""
        ...

    async def claim_warning(self, community: str, member: str, warning: BudgetWarning) -> bool:
        """Return whether it is our turn to warn: nobody has of as much of that budget, in this period of it."""
        ...

    async def drop_warning(self, community: str, member: str, warning: BudgetWarning) -> None:
        """Let the next who claims it warn, since nobody could be."""
        ...

    async def default_voices(self, community: str, member: str) -> tuple[str, str]:
        """Return the voices that a member and a community's admins chose to speak by default; "" is none."""
        ...

    async def choose_voice(self, member: str, voice: str) -> None:
        """Keep a member's choice; "" takes it away."""
        ...

    async def favourite_voices(self, member: str) -> frozenset[str]:
        """Return the voices that a member likes best."""
        ...

    async def mark_voice(self, member: str, voice: str, *, liked: bool) -> None:
        """Make a voice one of a member's favourites, or take it from them."""
        ...

    async def offer(self, offer_id: str, order: Order, cost_micros: int, expires_ms: int) -> str:
        """Keep an order until its member agrees or chooses; return its id, the former one for the same event."""
        ...

    async def read_offer(self, caller: Caller, offer_id: str) -> tuple[Order, int]:
        """Return what was offered and its cost in micros. Raises NotFound when it has expired, NotPermitted."""
        ...

    async def drop_offer(self, offer_id: str) -> None:
        """Forget an offer."""
        ...

    async def entries(self, community: str, member: str, most: int) -> list[Entry]:
        """Return a member's newest ledger entries."""
        ...

    async def remember(self, community: str, person: Person, handle: str | None) -> None:
        """Keep the current name and @name of a member that was seen."""
        ...

    async def see_community(
        self, community: str, title: str, member: str = "", name: str = "", *, was_added: bool = False, locale: str = ""
    ) -> tuple[bool, bool]:
        """Keep a community that may be new, with who was heard there first, or added the bot, and its language.

        Return whether it is new, and whether it may order.
        """
        ...

    async def decision(self, community: str) -> Approval | None:
        """Return what was decided about a community, None where it was never seen."""
        ...

    async def move_community(self, old: str, new: str) -> bool:
        """Carry quotas, balances, usage and jobs over to a community's new key; return whether there was anything."""
        ...
