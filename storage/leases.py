"""Who carries which job, where several workers share a PostgreSQL database."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from core.domain.changes import Shown
from core.domain.errors import StoreAway, StoreError
from core.domain.models import Job
from core.engine.lease import Carried, Hear, Signal
from core.engine.queue import Room
from storage.driver import Driver, Statement
from storage.job_rows import jobs_of
from storage.jobs_sql import BESIDE, COLUMNS, WAITS, taken
from storage.rows import joined

log = logging.getLogger(__name__)

SWEEP_S = 1.0
STRAY_S = 30.0
"""How often a worker looks whether all that it owns is carried."""
WAITED_MS = 1000
"""After how long an order that nobody has begun is said to wait."""
BEATS = 5
"""A lease is renewed so many times before it would run out."""

NOW = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
ENTER = f"INSERT INTO workers (worker_id, alive_until_ms) VALUES (:worker_id, {NOW} + :lease_ms)"
# One that ran out is not renewed: whatever its worker began is fenced off, and it begins anew under another id.
_RENEW = f"""
UPDATE workers SET alive_until_ms = {NOW} + :lease_ms WHERE worker_id = :worker_id AND alive_until_ms > {NOW}
RETURNING worker_id
"""
LEAVE = "DELETE FROM workers WHERE worker_id = :worker_id"
# A worker is dead once its row is gone, and not before: the row's lock decides between a renewal and a burial. A row
# that is locked is being renewed.
_BURY = f"""
DELETE FROM workers WHERE alive_until_ms <= {NOW} AND worker_id = ANY (ARRAY(
    SELECT worker_id FROM workers WHERE alive_until_ms <= {NOW} FOR UPDATE SKIP LOCKED
))
"""
# This lists the dead instead of excluding the living: a row that changed meanwhile is checked again with the
# statement's old snapshot, in which a worker that registered since is not alive yet.
_DEAD = "SELECT worker_id FROM jobs WHERE closed_ms IS NULL AND worker_id <> '' EXCEPT SELECT worker_id FROM workers"
# A job that a frozen process has locked is left for the next sweep, which comes before its locks time out. Here and
# below arrays name the jobs, since a planner that thinks the table small would look for each among all others.
_FREE_DEAD = f"""
UPDATE jobs SET worker_id = '' WHERE job_id = ANY (ARRAY(
    SELECT job_id FROM jobs WHERE closed_ms IS NULL AND worker_id <> '' AND worker_id = ANY (ARRAY({_DEAD}))
    FOR UPDATE SKIP LOCKED
))
RETURNING job_id
"""
_FREE_OWN = """
UPDATE jobs SET worker_id = '' WHERE worker_id = :worker_id AND closed_ms IS NULL
AND NOT job_id = ANY (CAST(:carried AS TEXT[]))
RETURNING job_id
"""
# Members take turns, as in a worker's own queue, those first who have least under way here. What could not begin at
# once is left to other workers. What is under way already goes on whatever waits. Who stopped meanwhile takes nothing.
_TAKE = taken(f"""
UPDATE jobs SET worker_id = :worker_id
WHERE worker_id = '' AND closed_ms IS NULL AND job_id = ANY (ARRAY(
    SELECT job_id FROM jobs
    WHERE worker_id = '' AND closed_ms IS NULL AND job_id = ANY (ARRAY(
        SELECT job_id FROM (
            SELECT job_id, waits, row_number() OVER (ORDER BY waits, turn, created_ms, job_id) AS place
            FROM (
                SELECT
                    job_id, created_ms, waits, turn,
                    row_number() OVER (PARTITION BY waits, free.community_id ORDER BY turn, created_ms, job_id)
                        + coalesce(begun.jobs, 0) AS nth
                FROM (
                    SELECT
                        job_id, created_ms, community_id, waits,
                        row_number() OVER (PARTITION BY waits, open.member ORDER BY created_ms, job_id)
                            + coalesce(begun.jobs, 0) AS turn
                    FROM (
                        SELECT
                            job_id, created_ms, community_id, member, CASE WHEN {WAITS} THEN 1 ELSE 0 END AS waits
                        FROM jobs
                        WHERE worker_id = '' AND closed_ms IS NULL
                        AND replace(:platforms, ',' || platform || ',', '') <> :platforms
                    ) AS open
                    LEFT JOIN unnest(CAST(:members AS TEXT[]), CAST(:of_member AS BIGINT[]))
                        AS begun (member, jobs) ON begun.member = open.member
                    WHERE waits = 0 OR :most > 0
                ) AS free
                JOIN communities ON communities.community_id = free.community_id
                LEFT JOIN unnest(CAST(:communities AS TEXT[]), CAST(:of_community AS BIGINT[]))
                    AS begun (key, jobs) ON begun.key = communities.key
            ) AS numbered
            WHERE waits = 0 OR turn <= :per_member AND nth <= :per_community
        ) AS placed
        WHERE waits = 0 OR place <= :most
    ))
    AND EXISTS (SELECT 1 FROM workers WHERE worker_id = :worker_id)
    FOR UPDATE SKIP LOCKED
))
""")
# Only with the job to itself does a worker say that it waits: else another could begin and end it under the message.
_TAKE_UNSHOWN = taken(f"""
UPDATE jobs SET worker_id = :worker_id
WHERE worker_id = '' AND job_id = ANY (ARRAY(
    SELECT job_id FROM jobs
    WHERE worker_id = '' AND closed_ms IS NULL AND {WAITS} AND shown <> {Shown.WAITS}
    AND EXISTS (SELECT 1 FROM workers WHERE worker_id = :worker_id)
    AND created_ms <= {NOW} - :waited_ms
    AND replace(:platforms, ',' || platform || ',', '') <> :platforms
    ORDER BY shown, created_ms, job_id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
))
""")
# Where the chat did not take the message, it is tried again only if what it shows may have become untrue.
_LEAVE_JOB = f"""
UPDATE jobs SET worker_id = '',
    shown = CASE WHEN :told OR shown < {Shown.NO_WORKER} THEN {Shown.WAITS} ELSE shown END
WHERE job_id = :job_id AND worker_id = :worker_id
"""
# One that asks is carried by nobody until its member has answered.
_OURS = f"""
SELECT {COLUMNS} FROM jobs {BESIDE} WHERE worker_id = :worker_id AND closed_ms IS NULL AND jobs.state <> 'asking'
"""
_LEFT = f"SELECT count(*) AS jobs FROM jobs WHERE worker_id = '' AND closed_ms IS NULL AND {WAITS}"


def _clock_s() -> float:
    """Return a time that also runs while the process or the machine is asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def oldest_first(jobs: Iterable[Job]) -> list[Job]:
    """Put in order what an UPDATE returned in any."""
    return sorted(jobs, key=lambda job: (job.created_ms, job.job_id))


class PostgresLease:
    """Implements `core.engine.lease.Lease`. Times are told by the database's clock, which all machines share."""

    def __init__(
        self,
        driver: Driver,
        signal: Signal,
        platforms: Sequence[str],
        lease_s: float,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """`platforms`: whose jobs this worker can carry. `lease_s`: after how long without a sign it counts as dead."""
        self._driver = driver
        self._signal = signal
        self._platforms = joined(platforms)
        self._lease_s = lease_s
        self._new_id = new_id
        self._until_s = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._looked_s = _clock_s()
        self._lost: frozenset[str] = frozenset()
        self.worker_id = ""
        self.left = 0

    @property
    def valid(self) -> bool:
        """Whether nobody else can have taken our jobs yet."""
        return _clock_s() < self._until_s

    async def start(self, hear: Hear) -> None:
        """Become a worker."""
        await self._signal.start(hear)
        await self._enter()
        self._keeper = asyncio.create_task(self._keep(hear), name="lease")

    async def take(self, room: Room, carried: Carried) -> list[Job]:
        """Make jobs ours that nobody alive carries, oldest first."""
        if not self.valid:
            return []
        strays = await self._find_strays(carried)
        args: dict[str, Any] = {"worker_id": self.worker_id, "most": room.most, "platforms": self._platforms}
        args |= {"per_member": room.limits.member, "per_community": room.limits.community}
        args |= {"members": list(room.of_member), "of_member": list(room.of_member.values())}
        args |= {"communities": list(room.of_community), "of_community": list(room.of_community.values())}
        rows, left = await self._driver.run([Statement(_TAKE, args), Statement(_LEFT)])
        self.left = int(left[0]["jobs"])
        return oldest_first([*strays, *await jobs_of(self._driver, rows)])

    async def _find_strays(self, carried: Carried) -> list[Job]:
        """Return, now and then, the jobs that are ours and that nobody carried at the look before this either.

        A job that ends just now is not carried any more when its row is read: it is gone at the next look.
        """
        if _clock_s() - self._looked_s < STRAY_S:
            return []
        self._looked_s = _clock_s()
        (rows,) = await self._driver.run([Statement(_OURS, {"worker_id": self.worker_id})])
        lost = {job.job_id: job for job in await jobs_of(self._driver, rows) if not carried(job.job_id)}
        again, self._lost = lost.keys() & self._lost, frozenset(lost)
        stray = [lost[job_id] for job_id in again]
        for job in stray:
            log.warning("job %s: it was taken, and nobody carried it; it goes on", job)
        return stray

    async def take_unshown(self, most: int) -> list[Job]:
        """Make jobs ours that have waited for a while and whose members were not shown that; they are to be left."""
        if not (self.left and self.valid):
            return []
        args = {"worker_id": self.worker_id, "most": most, "platforms": self._platforms, "waited_ms": WAITED_MS}
        (rows,) = await self._driver.run([Statement(_TAKE_UNSHOWN, args)])
        return oldest_first(await jobs_of(self._driver, rows))

    async def leave(self, job: Job, *, told: bool) -> None:
        """Leave a job that is ours to whoever takes it first."""
        args = {"job_id": job.job_id, "worker_id": job.worker_id, "told": told}
        await self._driver.run([Statement(_LEAVE_JOB, args)])
        self._signal.notify()

    def notify(self, name: str = "") -> None:
        self._signal.notify(name)

    async def hand_over(self, carried: Collection[str]) -> None:
        """Leave to others what is ours, but for the jobs that are still carried."""
        await self._free(carried)

    async def stop(self) -> None:
        """Leave everything to others, and be no worker any more."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        self._until_s = 0.0
        try:
            await self._free((), Statement(LEAVE, {"worker_id": self.worker_id}))
        finally:
            await self._signal.stop()

    async def _free(self, carried: Collection[str], *before: Statement) -> None:
        args = {"worker_id": self.worker_id, "carried": list(carried)}
        *_, freed = await self._driver.run([*before, Statement(_FREE_OWN, args)])
        if freed:
            log.info("%d jobs are left to other workers", len(freed))
            self._signal.notify()

    async def _enter(self) -> None:
        worker_id, asked_s = self._new_id(), _clock_s()
        await self._driver.run([Statement(ENTER, {"worker_id": worker_id, "lease_ms": round(1000 * self._lease_s)})])
        self.worker_id, self._until_s = worker_id, asked_s + self._lease_s

    async def _keep(self, hear: Hear) -> None:
        """Renew the lease, and free the jobs of workers that did not renew theirs."""
        sweep_s = min(SWEEP_S, self._lease_s / BEATS)
        renewed_s = _clock_s()
        while True:
            await asyncio.sleep(sweep_s)
            try:
                async with asyncio.timeout(self._lease_s / BEATS):  # a connection that hangs leaves time for another
                    if _clock_s() - renewed_s >= self._lease_s / BEATS - sweep_s / 2:
                        renewed_s = _clock_s()
                        await self._renew(hear)
                    await self._free_dead()
            except (StoreError, TimeoutError) as error:
                away = error if isinstance(error, StoreError) else StoreAway("no answer in time")
                log.warning("the lease can't be renewed: %s", away)
            except Exception:
                log.exception("the lease can't be renewed")

    async def _free_dead(self) -> None:
        await self._driver.run([Statement(_BURY)])
        (freed,) = await self._driver.run([Statement(_FREE_DEAD)])  # sees every burial, this one too
        if freed:
            log.warning("%d jobs of a dead worker go on", len(freed))
            self._signal.notify()

    async def _renew(self, hear: Hear) -> None:
        asked_s = _clock_s()
        args = {"worker_id": self.worker_id, "lease_ms": round(1000 * self._lease_s)}
        (rows,) = await self._driver.run([Statement(_RENEW, args)])
        if rows:
            self._until_s = asked_s + self._lease_s
            return
        log.warning("the lease ran out during a pause; what was carried here goes on from its committed state")
        await self._enter()
        hear("")
