"""Who speaks where no voice is named: whom the member chose, else the community's admins, else the operator."""

import logging
from collections import OrderedDict
from dataclasses import replace

from core.domain.errors import StoreAway, StoreError
from core.domain.people import Caller
from core.domain.products import Catalog
from core.domain.refusals import Cause, Need, NotPermitted, Unavailable
from core.domain.voices import Chosen
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

MOST_KNOWN = 10_000
KNOWN_MS = 10_000
"""How long a choice is believed without looking again: another process may have changed it meanwhile."""


class DefaultVoices:
    """Remembers for a moment what was chosen, so that few orders read it."""

    def __init__(self, store: Store, catalog: Catalog, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[Chosen, int]] = OrderedDict()
        self._changes = 0

    async def catalog_for(self, caller: Caller) -> Catalog:
        """Return the catalog with the voice that speaks for somebody by default. Raises Unavailable."""
        chosen = await self.chosen(caller)
        voice = chosen.own or chosen.community
        return replace(self._catalog, default_voice=voice) if voice else self._catalog

    async def chosen(self, caller: Caller) -> Chosen:
        """Return what was chosen, of the voices that there are still. Raises Unavailable."""
        return await self.chosen_in(caller.community, caller.member if caller.can_spend else "")

    async def chosen_in(self, community: str, member: str) -> Chosen:
        """Return what a member of a community, or only the community, has chosen. Raises Unavailable."""
        key, changes = (community, member), self._changes
        found, at_ms = self._known.get(key, (None, 0))
        if found is None or self._clock.since_ms(at_ms) >= KNOWN_MS:
            at_ms = self._clock.now_ms()
            try:
                voices = await self._store.default_voices(community, member)
            except StoreError as error:
                log.log(logging.ERROR, "no voice is known: %s", error, exc_info=not isinstance(error, StoreAway))
                raise Unavailable(Cause.STORE) from error
            found = Chosen(*(voice if voice in self._catalog.voices else "" for voice in voices))
            if changes == self._changes:
                self._keep(key, found, at_ms)
        return found

    def _keep(self, key: tuple[str, str], found: Chosen, at_ms: int) -> None:
        self._known[key] = (found, at_ms)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    async def choose(self, caller: Caller, voice: str) -> None:
        """Keep a member's own choice for everywhere; "" takes it away. Raises NotPermitted, Unavailable."""
        if not caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        try:
            await self._store.choose_voice(caller.member, voice)
        except StoreError as error:
            raise Unavailable(Cause.STORE) from error
        finally:
            self.forget()

    def forget(self) -> None:
        """Look again from now on: something was changed."""
        self._changes += 1
        self._known.clear()
