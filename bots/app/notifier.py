"""Tell the owners, on the platform they are known on, of troubles that only they can mend, and of their end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bots.platform import Platform
from bots.text import operator_replies
from bots.text.community_replies import Letter, digest
from bots.text.locale import speaking
from core.domain.communities import Newcomer
from core.domain.errors import StoreError
from core.domain.troubles import Case, Key, Trouble, Troubles
from core.engine.calls import Calls
from core.stores.notices import Newcomers, Notices

log = logging.getLogger(__name__)

LOOK_S = 10.0
HOUR_S = 3600.0
RETRY_S = 60.0
"""How long before owners who could not be reached are tried again."""
WRITE_S = 30.0
LAST_S = 5.0
PATIENCE_S: Mapping[Trouble, float] = {
    Trouble.CHAT_AWAY: 60.0,
    Trouble.STORE_AWAY: 30.0,
    Trouble.NO_WORKER: 30.0,
    Trouble.DISK_FULL: 10.0,
    Trouble.ARTIFACTS_AWAY: 30.0,
}
"""Troubles that often pass by themselves are told only once they have lasted."""

Owners = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns the owners' languages by their member keys. Raises StoreError where they can't be read now."""
Say = Callable[[], Letter]
"""Writes a letter in the current language."""


class Notifier:
    """Writes to every owner on the platform they are known on."""

    def __init__(
        self,
        troubles: Troubles,
        notices: Notices,
        owners: Owners,
        platforms: Mapping[str, Platform],
        *,
        look: Callable[[], Awaitable[object]],
        leads: bool,
        newcomers: Newcomers | None = None,
    ) -> None:
        """`newcomers`: of those that owners don't know yet they are told, with buttons.

        `look` finds troubles that nobody reports. `leads`: whether to tell while the store can't say whose turn.
        """
        self._troubles = troubles
        self._notices = notices
        self._owners = owners
        self._platforms = platforms
        self._look = look
        self._leads = leads
        self._newcomers = newcomers
        self._known_owners: Mapping[str, str] = {}
        self._logged: dict[Key, Case] = {}
        self._told: frozenset[Key] = frozenset()
        self._told_here: set[Key] = set()
        """Of these the owners were told while the store could not be written."""
        self._not_before_s: dict[Key, float] = {}
        self._calls = Calls()

    async def run(self) -> None:
        """Look for news and tell it, until cancelled."""
        self._troubles.attended = True
        try:
            while True:
                self._troubles.changed.clear()
                try:
                    await self._look()
                    await self.turn()
                except Exception:
                    log.exception("the owners could not be told")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._troubles.changed.wait()
        finally:
            self._troubles.attended = False
            await self._calls.ended(LAST_S)

    async def turn(self) -> None:
        """Tell of new troubles and of those that are over."""
        cases = self._troubles.cases
        for case in [c for c in cases if self._troubles.lasted_s(c) >= PATIENCE_S.get(c.trouble, 0)]:
            if case.key not in self._logged:
                log.error("%s", operator_replies.trouble(case))
            self._logged[case.key] = case
            await self._tell(case)
        for key in self._troubles.well:
            await self._tell_well(key)
        self._told = await self._known() | self._told_here
        self._troubles.decide(cases, self._told)

    async def write(self, say: Say) -> bool:
        """Write to every owner in their language; return whether any was reached."""
        owners = await self._whom()
        return any(await asyncio.gather(*(self._write_to(*owner, say) for owner in owners.items())))

    async def _whom(self) -> Mapping[str, str]:
        with suppress(StoreError):  # else those known before are written to
            self._known_owners = await self._owners()
        return self._known_owners

    async def _tell(self, case: Case) -> None:
        key, now_s = case.key, asyncio.get_running_loop().time()
        if now_s < self._not_before_s.get(key, 0) or not await self._whom():
            return
        say, named = await self._letter(case)
        if say is None or not await self._claimed(key):
            return
        self._not_before_s[key] = now_s + RETRY_S
        told = await self.write(say)
        if told:
            del self._not_before_s[key]  # from here on the notices say when it is due again
        try:
            if told and named and self._newcomers:
                await self._newcomers.note_told(named)
            await self._notices.settle(key, told=told)
        except StoreError:
            if told:
                self._told_here.add(key)
                self._not_before_s[key] = now_s + HOUR_S

    async def _letter(self, case: Case) -> tuple[Say | None, Sequence[str]]:
        """Return what to write, None where there is nothing new to say, and which communities it is about."""
        if case.trouble is not Trouble.COMMUNITIES_WAIT:
            return lambda: Letter(operator_replies.trouble(case)), ()
        with suppress(StoreError):  # they wait until it answers
            untold, others = await self._waiting()
            if untold and not others and await self._notices.close(case.key):  # all that they knew of is decided
                untold, _ = await self._waiting()  # another process may have told of them just now
            if untold:
                return partial(digest, untold), [each.community for each in untold]
        return None, ()

    async def _waiting(self) -> tuple[Sequence[Newcomer], Sequence[Newcomer]]:
        """Return the communities that wait: those that owners were not told of, and those that they were."""
        waiting = await self._newcomers.waiting() if self._newcomers else ()
        untold = [each for each in waiting if each.told_ms is None]
        return untold, [each for each in waiting if each.told_ms is not None]

    async def _tell_well(self, key: Key) -> None:
        if self._logged.pop(key, None) is not None:
            log.info("%s", operator_replies.well(key))
        if key in self._told and await self._closed(key):
            await self.write(lambda: Letter(operator_replies.well(key)))

    async def _claimed(self, key: Key) -> bool:
        try:
            return await self._notices.claim(key)
        except StoreError:
            return self._leads and key not in self._told | self._told_here

    async def _closed(self, key: Key) -> bool:
        if key in self._told_here:
            self._told_here.discard(key)
            return True
        try:
            return await self._notices.close(key)
        except StoreError:
            return False

    async def _known(self) -> frozenset[Key]:
        try:
            return await self._notices.told()
        except StoreError:
            return self._told

    async def _write_to(self, owner: str, locale: str, say: Say) -> bool:
        """Write to one owner. A call that takes too long is given up, not cancelled."""
        platform = self._platforms.get(owner.partition(":")[0])
        if platform is None:
            return False
        with speaking(locale):
            letter = say()
            writing = platform.write_to(owner, letter.text, letter.buttons)
            return await self._calls.done(WRITE_S, writing, owner)
