"""The lists of how words are said: kept, and applied to orders before they are priced."""

import asyncio
from functools import partial

from core.domain.orders import Order
from core.domain.people import Caller
from core.domain.products import Product
from core.domain.pronunciation import MOST_ENTRIES, Pronouncer, Pronunciation, folded, no_room
from core.ports import Clock
from core.stores.store import Store

FRESH_MS = 10_000
"""How long a list is used without a look whether another process has changed it."""
LONG = 2000
"""Characters of a text that is read in a thread."""


class Pronunciations:
    """Remembers the lists; what this process changes counts at once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._owners: frozenset[str] = frozenset()
        """The members and communities that have a list."""
        self._known: dict[tuple[str, str], Pronouncer] = {}
        self._read_ms: int | None = None
        self._reading = asyncio.Lock()
        self._changes = 0
        """In this process: what was read meanwhile may be older."""

    async def spoken(self, order: Order, product: Product) -> Order:
        """Return an order with its words as its member and their community say them. Raises InvalidInput."""
        caller = order.caller
        if not product.speaker or not await self._has_any(caller):
            return order
        key, known = (caller.community, caller.member), self._known
        if key not in known:
            known[key] = Pronouncer(await self._store.pronunciations(*key))
        said = partial(order.worded, product.billed, known[key].say)
        return await asyncio.to_thread(said) if len(product.text_of(order.parameters)) > LONG else said()

    async def _has_any(self, caller: Caller) -> bool:
        if not self._is_fresh():
            async with self._reading:
                if not self._is_fresh():
                    changes, began_ms = self._changes, self._clock.now_ms()
                    self._owners = await self._store.pronunciation_owners()
                    self._known, self._read_ms = {}, began_ms if changes == self._changes else None
        return not self._owners.isdisjoint((caller.member, caller.community))

    def _is_fresh(self) -> bool:
        return self._read_ms is not None and self._clock.since_ms(self._read_ms) < FRESH_MS

    async def mine(self, caller: Caller) -> list[Pronunciation]:
        """Return the caller's list and their community's."""
        return await self._store.pronunciations(caller.community, caller.member)

    async def set(self, caller: Caller, entry: Pronunciation) -> None:
        """Have a word said so for the caller. Raises InvalidInput where there is no room."""
        try:
            if not await self._store.pronounce(caller, entry, MOST_ENTRIES):
                raise no_room(entry)
        finally:
            self.forget()

    async def drop(self, caller: Caller, written: str) -> bool:
        """Have a word said as it is written; return whether it was said otherwise."""
        try:
            return await self._store.unpronounce(caller, folded(written))
        finally:
            self.forget()

    def forget(self) -> None:
        """Look at the lists anew."""
        self._changes += 1
        self._read_ms = None
