"""Who carries which job, where several workers share a PostgreSQL database."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from core.errors import StoreError
from core.lease import Bell, Hear
from core.models import Job
from storage.driver import Driver, Statement
from storage.rows import joined
from storage.store import job_of

log = logging.getLogger(__name__)

SWEEP_S = 1.0
BEATS = 5
"""A lease is renewed so many times before it would run out."""

_NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
_ENTER = f"INSERT INTO workers (worker_id, alive_until_ms) VALUES (:worker_id, {_NOW} + :lease_ms)"  # noqa: S608
# One that ran out is not renewed: whatever its worker began is fenced off, and it begins anew under another id.
_RENEW = f"""
UPDATE workers SET alive_until_ms = {_NOW} + :lease_ms WHERE worker_id = :worker_id AND alive_until_ms > {_NOW}
RETURNING worker_id
"""  # noqa: S608 - a constant
_LEAVE = "DELETE FROM workers WHERE worker_id = :worker_id"
# A job that a frozen process has locked is left for the next sweep, which comes before its locks time out. Here and
# below arrays name the jobs, since a planner that thinks the table small would look for each among all others.
_FREE_DEAD = f"""
UPDATE jobs SET owner = '' WHERE job_id = ANY (ARRAY(
    SELECT job_id FROM jobs
    WHERE closed_ms IS NULL AND owner <> ''
    AND owner NOT IN (SELECT worker_id FROM workers WHERE alive_until_ms > {_NOW})
    FOR UPDATE SKIP LOCKED
))
RETURNING job_id
"""  # noqa: S608 - a constant
_FREE_OWN = "UPDATE jobs SET owner = '' WHERE owner = :worker_id AND closed_ms IS NULL"
_BURY = f"DELETE FROM workers WHERE alive_until_ms <= {_NOW}"  # noqa: S608 - a constant
# Members take turns, as in a worker's own queue. What is under way already goes on whatever waits.
_TAKE = """
UPDATE jobs SET owner = :worker_id
WHERE owner = '' AND closed_ms IS NULL AND job_id = ANY (ARRAY(
    SELECT job_id FROM jobs
    WHERE owner = '' AND closed_ms IS NULL AND job_id = ANY (ARRAY(
        SELECT job_id FROM (
            SELECT job_id, row_number() OVER (ORDER BY waits, turn, created_ms, job_id) AS place, waits
            FROM (
                SELECT
                    job_id, created_ms, CASE state WHEN 'queued' THEN 1 ELSE 0 END AS waits,
                    row_number() OVER (PARTITION BY state, member ORDER BY created_ms, job_id) AS turn
                FROM jobs
                WHERE owner = '' AND closed_ms IS NULL
                AND replace(:platforms, ',' || platform || ',', '') <> :platforms
            ) AS free
        ) AS placed
        WHERE waits = 0 OR place <= :most
    ))
    FOR UPDATE SKIP LOCKED
))
RETURNING *
"""
_LEFT = "SELECT count(*) AS jobs FROM jobs WHERE owner = '' AND closed_ms IS NULL AND state = 'queued'"


def _clock_s() -> float:
    """Return a time that also runs while the process or the machine is asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class PostgresLease:
    """Implements `core.lease.Lease`. Times are told by the database's clock, which all machines share."""

    def __init__(
        self,
        driver: Driver,
        bell: Bell,
        platforms: Sequence[str],
        lease_s: float,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """`platforms`: whose jobs this worker can carry. `lease_s`: after how long without a sign it counts as dead."""
        self._driver = driver
        self._bell = bell
        self._platforms = joined(platforms)
        self._lease_s = lease_s
        self._new_id = new_id
        self._until_s = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self.owner = ""
        self.left = 0

    @property
    def valid(self) -> bool:
        """Whether nobody else can have taken our jobs yet."""
        return _clock_s() < self._until_s

    async def start(self, hear: Hear) -> None:
        """Become a worker."""
        await self._bell.start(hear)
        await self._enter()
        self._keeper = asyncio.create_task(self._keep(hear), name="lease")

    async def take(self, most: int) -> list[Job]:
        """Make jobs ours that nobody alive carries, oldest first."""
        if not self.valid:
            return []
        args = {"worker_id": self.owner, "most": most, "platforms": self._platforms}
        rows, left = await self._driver.run([Statement(_TAKE, args), Statement(_LEFT)])
        self.left = int(left[0]["jobs"])
        return sorted((job_of(row) for row in rows), key=lambda job: (job.created_ms, job.job_id))

    def ring(self, job_id: str = "") -> None:
        """Let every worker hear of a job, or that jobs wait."""
        self._bell.ring(job_id)

    async def stop(self) -> None:
        """Hand over what is ours."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        self._until_s = 0.0
        try:
            args = {"worker_id": self.owner}
            await self._driver.run([Statement(_FREE_OWN, args), Statement(_LEAVE, args)])
            self._bell.ring()
        finally:
            await self._bell.stop()

    async def _enter(self) -> None:
        owner, asked_s = self._new_id(), _clock_s()
        await self._driver.run([Statement(_ENTER, {"worker_id": owner, "lease_ms": round(1000 * self._lease_s)})])
        self.owner, self._until_s = owner, asked_s + self._lease_s

    async def _keep(self, hear: Hear) -> None:
        """Renew the lease, and free the jobs of workers that did not renew theirs."""
        sweep_s = min(SWEEP_S, self._lease_s / BEATS)
        renewed_s = _clock_s()
        while True:
            await asyncio.sleep(sweep_s)
            try:
                if _clock_s() - renewed_s >= self._lease_s / BEATS - sweep_s / 2:
                    renewed_s = _clock_s()
                    await self._renew(hear)
                (freed, _) = await self._driver.run([Statement(_FREE_DEAD), Statement(_BURY)])
                if freed:
                    log.warning("%d jobs of a dead worker go on", len(freed))
                    self._bell.ring()
            except StoreError as error:
                log.warning("the lease can't be renewed: %s", error)
            except Exception:
                log.exception("the lease can't be renewed")

    async def _renew(self, hear: Hear) -> None:
        asked_s = _clock_s()
        args = {"worker_id": self.owner, "lease_ms": round(1000 * self._lease_s)}
        (rows,) = await self._driver.run([Statement(_RENEW, args)])
        if rows:
            self._until_s = asked_s + self._lease_s
            return
        log.warning("the lease ran out during a pause; what was carried here goes on from its committed state")
        await self._enter()
        hear("")
