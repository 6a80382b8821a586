"""The voices that members like best."""

import logging
from collections.abc import Collection

from core.domain.errors import StoreError
from core.domain.people import Caller
from core.domain.refusals import Cause, Need, NotPermitted, Unavailable
from core.stores.store import Store

log = logging.getLogger(__name__)


class Favourites:
    """Reads and keeps them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, member: str) -> Collection[str]:
        """Return a member's; while the store is away, none, since they only say what comes first."""
        try:
            return await self._store.favourite_voices(member)
        except StoreError as error:
            log.warning("favourite voices can't be read: %s", error)
            return frozenset()

    async def mark(self, caller: Caller, voice: str, *, liked: bool) -> None:
        """Make a voice one of the caller's, or take it from them. Raises NotPermitted, Unavailable."""
        if not caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        try:
            await self._store.mark_voice(caller.member, voice, liked=liked)
        except StoreError as error:
            raise Unavailable(Cause.STORE) from error
