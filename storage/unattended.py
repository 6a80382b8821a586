"""Orders that wait in a PostgreSQL database while no worker is alive, for one process to show."""

import secrets
from collections.abc import Collection, Sequence

from core.domain.changes import Shown
from core.domain.models import Job
from storage.driver import Driver, Statement
from storage.job_rows import jobs_of
from storage.jobs_sql import WAITS, taken
from storage.leases import ENTER, LEAVE, NOW, oldest_first
from storage.rows import joined

HAND = "!"
"""How the id of what has jobs in hand for a moment begins, which is no worker."""

_WORKERS = f"FROM workers WHERE alive_until_ms > {NOW} AND NOT starts_with(worker_id, '{HAND}')"
_ALIVE = f"SELECT count(*) AS workers {_WORKERS}"
# Whoever shows this has the job to itself, too, for as long as a lease of its own lasts. That it may be shown is
# written down before, and that it was after.
_TAKE = taken(f"""
UPDATE jobs SET worker_id = :worker_id, shown = {Shown.PERHAPS_NO_WORKER}
WHERE job_id = ANY (ARRAY(
    SELECT job_id FROM jobs
    WHERE closed_ms IS NULL AND {WAITS} AND shown <> {Shown.NO_WORKER}
    AND NOT EXISTS (SELECT 1 {_WORKERS})
    AND worker_id = ANY (ARRAY(
        SELECT worker_id FROM jobs WHERE closed_ms IS NULL
        EXCEPT SELECT worker_id FROM workers WHERE alive_until_ms > {NOW}
    ))
    AND replace(:platforms, ',' || platform || ',', '') <> :platforms
    ORDER BY shown, created_ms, job_id
    LIMIT :most
    FOR UPDATE SKIP LOCKED
))
""")
_FREE = f"""
UPDATE jobs SET worker_id = '',
    shown = CASE WHEN job_id = ANY (CAST(:told AS TEXT[])) THEN {Shown.NO_WORKER} ELSE shown END
WHERE worker_id = :worker_id AND closed_ms IS NULL
"""


async def count_workers(driver: Driver) -> int:
    """Return how many workers are alive."""
    (rows,) = await driver.run([Statement(_ALIVE)])
    return int(rows[0]["workers"])


class PostgresUnattended:
    """Implements `core.engine.remote.Unattended`."""

    def __init__(self, driver: Driver, platforms: Sequence[str], hand_s: float) -> None:
        """`platforms`: whose jobs can be shown here. `hand_s`: after how long what was taken is free all the same."""
        self._driver = driver
        self._platforms = joined(platforms)
        self._hand_ms = round(1000 * hand_s)
        self._hand = ""

    async def take(self, most: int) -> list[Job]:
        self._hand = f"{HAND}{secrets.token_hex(8)}"
        args = {"worker_id": self._hand, "most": most, "platforms": self._platforms}
        enter = Statement(ENTER, {"worker_id": self._hand, "lease_ms": self._hand_ms})
        _, rows = await self._driver.run([enter, Statement(_TAKE, args)])
        return oldest_first(await jobs_of(self._driver, rows))

    async def leave(self, told: Collection[str]) -> None:
        """Leave what was taken to whoever takes it first."""
        free = Statement(_FREE, {"worker_id": self._hand, "told": list(told)})
        await self._driver.run([free, Statement(LEAVE, {"worker_id": self._hand})])
