"""What the console lists, in SQL. Every list has a limit and an index."""

from typing import Any

from core.domain.overview import MemberLine, Membership, OpenRequest
from core.domain.quota import Period, Quota, window
from core.ports import Clock
from storage.communities_sql import HERE
from storage.driver import Driver, Row, Statement
from storage.rows import read_as

MEMBERSHIPS = """
SELECT communities.key AS community, communities.title
FROM members JOIN communities ON communities.community_id = members.community_id
WHERE members.member = :member AND communities.key > :after AND communities.key <> :member
ORDER BY communities.key LIMIT :most
"""

_CALLED = "lower(name || ' ' || coalesce(handle, ''))"
# The page's members come first, by the table's own key; the rest is looked up for each of them alone.
MEMBERS = f"""
WITH page AS (
    SELECT member, name, coalesce(handle, '') AS handle, {HERE} AS here FROM members
    WHERE community_id = {HERE} AND member > :after
    AND (:like = '' OR replace({_CALLED}, :like, '') <> {_CALLED})
    ORDER BY member LIMIT :most
)
SELECT
    page.member, page.name, page.handle, quotas.limit_micros, quotas.period,
    coalesce(balances.balance_micros, 0) AS balance_micros,
    CAST(coalesce((
        SELECT sum(used_micros) FROM usage WHERE usage.community_id = page.here
        AND usage.account_id = identities.account_id AND day_ms >= :month_ms
    ), 0) AS BIGINT) AS used_micros,
    CASE WHEN blocks.member IS NULL THEN 0 ELSE 1 END AS blocked, blocks.until_ms AS blocked_until_ms
FROM page
LEFT JOIN identities ON identities.key = page.member
LEFT JOIN quotas ON quotas.community_id = page.here AND quotas.kind = 'member' AND quotas.subject = page.member
LEFT JOIN balances ON balances.community_id = page.here AND balances.account_id = identities.account_id
LEFT JOIN blocks ON blocks.community_id = page.here AND blocks.member = page.member
    AND (blocks.until_ms IS NULL OR blocks.until_ms > :now_ms)
ORDER BY page.member
"""
REQUESTS = f"""
SELECT credit_request_id, member, name, amount_micros, asked_ms FROM credit_requests
WHERE community_id = {HERE} AND state = 'open' ORDER BY asked_ms, credit_request_id LIMIT :most
"""


class SqlOverview:
    """Implements `core.engine.overview.Overview` on either engine."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def memberships(self, member: str, after: str, most: int) -> list[Membership]:
        rows = await self._read(MEMBERSHIPS, member=member, after=after, most=most)
        return [read_as(Membership, row) for row in rows]

    async def members(self, community: str, like: str, after: str, most: int) -> list[MemberLine]:
        now_ms = self._clock.now_ms()
        month_ms, _ = window(Period.MONTH, now_ms)
        args = {"community": community, "like": like.lower(), "after": after, "most": most}
        return [_member(row) for row in await self._read(MEMBERS, **args, now_ms=now_ms, month_ms=month_ms)]

    async def open_requests(self, community: str, most: int) -> list[OpenRequest]:
        rows = await self._read(REQUESTS, community=community, most=most)
        return [read_as(OpenRequest, row) for row in rows]

    async def _read(self, text: str, **args: Any) -> list[Row]:
        return await self._driver.read(Statement(text, args))


def _member(row: Row) -> MemberLine:
    quota = Quota(limit_micros=row["limit_micros"], period=Period(row["period"])) if row["period"] else None
    return MemberLine(
        member=row["member"],
        name=row["name"],
        handle=row["handle"],
        quota=quota,
        used_micros=row["used_micros"],
        balance_micros=row["balance_micros"],
        blocked=bool(row["blocked"]),
        blocked_until_ms=row["blocked_until_ms"],
    )
