"""Communities in SQL: how they come to be known and approved, and move to another key."""

from collections.abc import Sequence
from typing import Any

from core.domain.communities import Approval, Communities, Newcomer
from core.ports import Clock
from storage import communities_sql
from storage.driver import Driver, Statement, When
from storage.rows import joined, newcomer_of, whose

MOST_WAITING = 1000
"""Communities that wait for their operator, the newest."""


class SqlCommunities:
    """The part of `core.stores.store.Store` about communities, and `core.stores.notices.Newcomers`."""

    _driver: Driver
    _clock: Clock
    _communities: Communities
    _allowed: frozenset[str]

    async def move_community(self, old: str, new: str) -> bool:
        lets_in = len(self._admits(old)) > len(self._admits(new))
        args, alone = {"old": old, "new": new}, ("communities", *whose(old), *whose(new))
        let_in = Statement(communities_sql.LET_IN, {**args, "lets_in": int(lets_in)})
        move = [Statement(communities_sql.MOVE, args), let_in._replace(when=When(communities_sql.MOVE))]
        moved, _ = await self._driver.run(move, alone=alone)
        if not moved:  # the new key has rows already, or else there is nothing to move
            merges = [Statement(text, args) for text in communities_sql.MERGE]
            *_, moved, _ = await self._driver.run([*merges, let_in], alone=alone)
        return bool(moved)

    async def see_community(
        self, community: str, title: str, member: str = "", name: str = "", *, was_added: bool = False, locale: str = ""
    ) -> tuple[bool, bool]:
        args: dict[str, Any] = {"community": community, "title": title, "member": member, "name": name}
        args |= {"was_added": int(was_added), "locale": locale, "now_ms": self._clock.now_ms(), "most": MOST_WAITING}
        results = await self._driver.run(
            [Statement(text, args) for text in communities_sql.SEE], alone=("communities", *whose(community))
        )
        return bool(results[0]), results[3][0]["state"] in self._admits(community)

    async def decision(self, community: str) -> Approval | None:
        (rows,) = await self._driver.run([Statement(communities_sql.COMMUNITY, {"community": community})])
        return Approval(rows[0]["state"]) if rows else None

    async def waiting(self) -> list[Newcomer]:
        if self._communities is Communities.OPEN:
            return []
        (rows,) = await self._driver.run([Statement(communities_sql.WAITING)])
        found = [newcomer_of(row) for row in rows]
        return [each for each in found if Approval.WAITING not in self._admits(each.community)]

    async def note_told(self, communities: Sequence[str]) -> None:
        args = {"told": joined(communities), "now_ms": self._clock.now_ms()}
        await self._driver.run([Statement(communities_sql.NOTE_TOLD, args)], alone=("communities",))

    def lets_in(self) -> dict[str, Any]:
        """Return which communities need no approval: all, or those of a list."""
        listed = self._allowed if self._communities is Communities.LIST else ()
        return {"is_open": int(self._communities is Communities.OPEN), "allowed": joined(sorted(listed))}

    def _admits(self, community: str) -> tuple[Approval, ...]:
        """Return the states in which orders of a community are taken."""
        is_listed = self._communities is Communities.LIST and community in self._allowed
        is_free = is_listed or self._communities is Communities.OPEN
        return (Approval.APPROVED, Approval.WAITING) if is_free else (Approval.APPROVED,)
