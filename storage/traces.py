"""All rows of one job, in SQL."""

from core.domain.traces import Handover, Hold, Trace
from storage.driver import Driver, Row, Statement
from storage.job_rows import delivery_from, destination_of, job_of
from storage.jobs_sql import GENERATIONS, JOB
from storage.members_sql import EXPORT_JOB
from storage.rows import entry_of, read_as

NAMED = """
SELECT job_id FROM jobs WHERE job_id = :name
UNION ALL SELECT job_id FROM generations WHERE request_id = :name
"""
# By the index of the key; how a database compares letters does not matter to what begins alike.
BEGINNING = """
SELECT job_id FROM jobs
WHERE job_id >= :beginning AND job_id <= :last AND substr(job_id, 1, :length) = :beginning
ORDER BY job_id LIMIT :most
"""
DELIVERIES = "SELECT * FROM deliveries WHERE job_id = :job_id ORDER BY number DESC LIMIT :most"
HOLD = "SELECT allowance_micros, balance_micros FROM holds WHERE job_id = :job_id"
_LAST = "z" * 32
"""Follows every id that begins alike."""


class SqlTraces:
    """Implements `core.engine.traces.Traces` on either engine."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def named(self, name: str) -> str | None:
        rows = await self._driver.read(Statement(NAMED, {"name": name}))
        return str(rows[0]["job_id"]) if rows else None

    async def beginning(self, beginning: str, most: int) -> list[str]:
        args = {"beginning": beginning, "last": beginning + _LAST, "length": len(beginning), "most": most}
        return [row["job_id"] for row in await self._driver.read(Statement(BEGINNING, args))]

    async def trace(self, job_id: str, most: int) -> Trace:
        args = {"job_id": job_id}
        texts = (JOB, GENERATIONS, EXPORT_JOB, HOLD)
        statements = [Statement(text, args) for text in texts]
        (row,), generations, entries, holds, deliveries = await self._driver.run(
            [*statements, Statement(DELIVERIES, {**args, "most": most})]
        )
        job = job_of(row, generations)
        return Trace(
            job=job,
            handovers=[_handover(row, job.platform) for row in reversed(deliveries)],
            deliveries=row["deliveries"],
            entries=[entry_of(row) for row in entries],
            hold=read_as(Hold, holds[0]) if holds else None,
        )


def _handover(row: Row, platform: str) -> Handover:
    return Handover(
        delivery=delivery_from(row),
        opened_ms=row["created_ms"],
        destination=destination_of(row["destination"], platform),
    )
