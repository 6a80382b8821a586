"""What is seen of communities and their members, and which communities may order."""

import logging
from collections import OrderedDict
from collections.abc import Mapping

from core.domain.communities import Approval
from core.domain.errors import StoreError
from core.domain.people import Caller, Person
from core.domain.refusals import Limit
from core.domain.shown import LONGEST_NAME, shown
from core.ports import Presence
from core.stores.store import Store

log = logging.getLogger(__name__)

MOST_OPEN = 10_000
"""The most communities remembered as allowed to order."""
CLOSED: Mapping[Approval | None, Limit] = {Approval.WAITING: Limit.COMMUNITY, Approval.DECLINED: Limit.DECLINED}
"""The limit that refuses an order, by what was decided about its community."""


class Communities:
    """Notes communities and members as they are seen, and remembers which communities may order."""

    def __init__(self, store: Store, presences: Mapping[str, Presence]) -> None:
        """`presences`, by platform name, tell communities what was decided, or leave them."""
        self._store = store
        self.presences = presences
        self._open: OrderedDict[str, None] = OrderedDict()
        """Those known as allowed to order."""

    async def approval(self, caller: Caller) -> Approval | None:
        """Record the caller's community, which may be new; return what `arrived` does."""
        known = caller.direct or caller.community in self._open
        return Approval.APPROVED if known else await self.heard(caller)

    async def heard(self, caller: Caller) -> Approval | None:
        """Record a community that may be new, and who was heard there first."""
        return await self.arrived(
            caller.community, caller.title, caller.member, caller.name, caller.locale, was_added=False
        )

    async def is_new(self, community: str) -> bool:
        """Say whether a community was never seen; while the store can't say, it was."""
        try:
            return await self._store.decision(community) is None
        except StoreError as error:
            log.warning("whether %s is new can't be read: %s", community, error)
            return False

    async def arrived(
        self,
        community: str,
        title: str,
        member: str = "",
        name: str = "",
        locale: str = "",
        *,
        was_added: bool = True,
    ) -> Approval | None:
        """Keep a community that may be new, with its language and who added the bot, where they are known.

        Return whether orders are taken there, or what keeps them from it; None while the store can't say.
        """
        self._open.pop(community, None)
        title, name = shown(title, LONGEST_NAME), shown(name, LONGEST_NAME)
        try:
            is_new, may_order = await self._store.see_community(
                community, title, member, name, was_added=was_added, locale=locale
            )
            found = Approval.APPROVED if may_order else await self._store.decision(community) or Approval.WAITING
        except StoreError as error:
            log.warning("%s can't be noted: %s", community, error)
            return None
        if may_order:
            self._open[community] = None
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        elif is_new:
            log.warning(
                "%s waits for approval: an owner writes /communities approve %s, or use `troubadour communities`",
                community,
                community,
            )
        return found

    async def moved(self, old: str, new: str) -> bool:
        """Carry everything over to a community's new key, as a supergroup's; return whether there was anything."""
        if old == new or not await self._store.move_community(old, new):
            return False
        log.info("community %s is now %s", old, new)
        return True

    async def remember(self, caller: Caller) -> None:
        """Keep the current name and @name of somebody who was seen."""
        person = Person(member=caller.member, name=caller.name)
        await self._store.remember(caller.community, person, caller.handle)
