"""What the console lists, in SQL. Every list has a limit and an index."""

from dataclasses import replace
from typing import Any

from core.domain.overview import CommunityLine, JobLine, MemberLine, Membership, MonthLine, OpenRequest
from core.domain.quota import Period, Quota, window
from core.ports import Clock
from storage.accounts_sql import ACCOUNT
from storage.admin_sql import WAITS
from storage.communities_sql import HERE
from storage.driver import Driver, Row, Statement
from storage.jobs_sql import BESIDE, UNDER_WAY
from storage.rows import read_as
from storage.store import SqlStore

MEMBERSHIPS = """
SELECT communities.key AS community, communities.title
FROM members JOIN communities ON communities.community_id = members.community_id
WHERE members.member = :member AND communities.key > :after AND communities.key <> :member
ORDER BY communities.key LIMIT :most
"""

TITLE = "SELECT title FROM communities WHERE key = :community"
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

_COMMUNITIES = f"""
SELECT
    communities.key AS community, communities.title, communities.state, communities.added_name,
    coalesce(pool_usage.used_micros, 0) AS used_micros,
    CASE WHEN pools.community_id IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END AS pool_micros,
    CASE WHEN {WAITS} THEN 1 ELSE 0 END AS waits
FROM communities
LEFT JOIN pools ON pools.community_id = communities.community_id
LEFT JOIN pool_usage ON pool_usage.community_id = communities.community_id AND pool_usage.month_ms = :month_ms
"""
COMMUNITIES = f"""{_COMMUNITIES}
WHERE communities.key > :after AND communities.state <> ''
AND (:like = '' OR replace(lower(title || ' ' || communities.key), :like, '') <> lower(title || ' ' || communities.key))
ORDER BY communities.key LIMIT :most
"""
WAITING = f"""{_COMMUNITIES}
WHERE {WAITS} ORDER BY communities.asked_ms, communities.key LIMIT :most
"""
_JOBS = f"""
SELECT
    jobs.job_id, coalesce(communities.key, '') AS community, jobs.product, jobs.cost_micros, jobs.created_ms,
    coalesce(deliveries.state, {UNDER_WAY}, jobs.state) AS stage,
    coalesce(deliveries.reason, first.reason, '') AS reason, jobs.worker_id
FROM jobs {BESIDE}
WHERE jobs.closed_ms IS NULL
"""
JOBS = f"""{_JOBS} AND (jobs.created_ms, jobs.job_id) > (
    coalesce((SELECT seen.created_ms FROM jobs AS seen WHERE seen.job_id = :after), 0), :after
)
ORDER BY jobs.created_ms, jobs.job_id LIMIT :most
"""
# What is under way has a hold, or audio that is being sent.
UNDER_WAY_OF = f"""{_JOBS} AND jobs.member = :member AND jobs.job_id IN (
    SELECT holds.job_id FROM holds WHERE holds.account_id = {ACCOUNT}
    UNION ALL SELECT made.job_id FROM jobs AS made
    WHERE made.member = :member AND made.kept = 1 AND made.closed_ms IS NULL
)
ORDER BY jobs.created_ms, jobs.job_id LIMIT :most
"""
MONTHS = """
SELECT
    total_usage.month_ms, total_usage.used_micros AS upstream_micros,
    CAST(coalesce((
        SELECT sum(used_micros) FROM pool_usage WHERE pool_usage.month_ms = total_usage.month_ms
    ), 0) AS BIGINT) AS used_micros
FROM total_usage ORDER BY total_usage.month_ms DESC LIMIT :most
"""
# Jobs sort by the time that stands in their ids.
FAILURES = """
WITH newest AS (SELECT job_id FROM jobs ORDER BY job_id DESC LIMIT :most)
SELECT generations.reason, count(*) AS n FROM newest JOIN generations ON generations.job_id = newest.job_id
WHERE generations.reason IS NOT NULL GROUP BY generations.reason ORDER BY n DESC, generations.reason
"""


class SqlOverview:
    """Implements `core.engine.overview.Overview` on either engine."""

    def __init__(self, driver: Driver, clock: Clock, store: SqlStore) -> None:
        self._driver = driver
        self._clock = clock
        self._store = store

    async def memberships(self, member: str, after: str, most: int) -> list[Membership]:
        rows = await self._read(MEMBERSHIPS, member=member, after=after, most=most)
        return [read_as(Membership, row) for row in rows]

    async def title(self, community: str) -> str:
        rows = await self._read(TITLE, community=community)
        return str(rows[0]["title"]) if rows else ""

    async def members(self, community: str, like: str, after: str, most: int) -> list[MemberLine]:
        now_ms, month_ms = self._clock.now_ms(), self._month_ms
        args = {"community": community, "like": like.lower(), "after": after, "most": most}
        return [_member(row) for row in await self._read(MEMBERS, **args, now_ms=now_ms, month_ms=month_ms)]

    async def open_requests(self, community: str, most: int) -> list[OpenRequest]:
        rows = await self._read(REQUESTS, community=community, most=most)
        return [read_as(OpenRequest, row) for row in rows]

    async def communities(self, like: str, after: str, most: int, *, waiting: bool = False) -> list[CommunityLine]:
        args: dict[str, Any] = {"like": like.lower(), "after": after, "most": most}
        args |= self._store.lets_in() | {"default_pool": self._store.default_pool_micros}
        rows = await self._read(WAITING if waiting else COMMUNITIES, **args, month_ms=self._month_ms)
        return [replace(read_as(CommunityLine, row), waits=bool(row["waits"])) for row in rows]

    async def jobs(self, after: str, most: int) -> list[JobLine]:
        return [read_as(JobLine, row) for row in await self._read(JOBS, after=after, most=most)]

    async def under_way(self, member: str, most: int) -> list[JobLine]:
        return [read_as(JobLine, row) for row in await self._read(UNDER_WAY_OF, member=member, most=most)]

    async def months(self, most: int) -> list[MonthLine]:
        return [read_as(MonthLine, row) for row in await self._read(MONTHS, most=most)]

    async def failures(self, most: int) -> dict[str, int]:
        return {row["reason"]: row["n"] for row in await self._read(FAILURES, most=most)}

    @property
    def _month_ms(self) -> int:
        start_ms, _ = window(Period.MONTH, self._clock.now_ms())
        return start_ms

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
