"""What the console lists, in SQL. Every list has a limit and an index."""

from typing import Any

from core.domain.overview import Membership
from core.ports import Clock
from storage.driver import Driver, Row, Statement
from storage.rows import read_as

MEMBERSHIPS = """
SELECT communities.key AS community, communities.title
FROM members JOIN communities ON communities.community_id = members.community_id
WHERE members.member = :member AND communities.key > :after AND communities.key <> :member
ORDER BY communities.key LIMIT :most
"""


class SqlOverview:
    """Implements `core.engine.overview.Overview` on either engine."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def memberships(self, member: str, after: str, most: int) -> list[Membership]:
        rows = await self._read(MEMBERSHIPS, member=member, after=after, most=most)
        return [read_as(Membership, row) for row in rows]

    async def _read(self, text: str, **args: Any) -> list[Row]:
        return await self._driver.read(Statement(text, args))
