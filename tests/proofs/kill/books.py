"""A database after a kill: whether its books balance, and what it remembers."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from core.domain.lifecycle import DeliveryState, Reason
from storage.jobs_sql import UNDER_WAY
from storage.sqlite import audit_file
from storage.sqlite_files import connect
from tests.proofs.doubts import MADE, Made
from tests.schema import is_current

JOBS = f"""
    SELECT jobs.job_id, jobs.event_id, coalesce(deliveries.state, {UNDER_WAY}, jobs.state) AS stage,
    coalesce(deliveries.reason, (SELECT max(reason) FROM generations AS made WHERE made.job_id = jobs.job_id)) AS reason,
    closed_ms IS NOT NULL AS closed, cost_micros,
    (SELECT coalesce(sum(charged_micros), 0) FROM ledger WHERE ledger.job_id = jobs.job_id) AS charged_micros,
    (SELECT coalesce(sum(upstream_micros), 0) FROM ledger WHERE ledger.job_id = jobs.job_id) AS upstream_micros,
    generations AS parts
    FROM jobs LEFT JOIN deliveries ON deliveries.job_id = jobs.job_id AND deliveries.number = jobs.deliveries
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One job, from its row and its ledger entries."""

    job_id: str
    event_id: str
    stage: str
    reason: str | None
    closed: bool
    cost_micros: int
    charged_micros: int
    upstream_micros: int
    parts: int = 1
    """How many generations it has."""


def is_kept(job: Row) -> bool:
    """Say whether its audio is there and not in the chat."""
    return job.closed and job.stage == DeliveryState.UNDELIVERABLE


@dataclass(frozen=True, slots=True)
class Memory:
    """What a database remembers and must not forget: jobs by event, and ledger entries; and its generations."""

    jobs: Mapping[str, Row]
    entries: frozenset[str]
    made: tuple[Made, ...] = ()

    @property
    def uncertain(self) -> set[str]:
        """The events of the jobs whose delivery may have arrived or not."""
        return {name for name, job in self.jobs.items() if job.reason == Reason.DELIVERY_UNCERTAIN}

    def lost_since(self, before: "Memory") -> list[str]:
        """Return what was committed before and is lost."""
        jobs = before.jobs.keys() - self.jobs.keys()
        reopened = {name for name, job in before.jobs.items() if job.closed and job.stage == "sent"} - {
            name for name, job in self.jobs.items() if job.closed and job.stage == "sent"
        }
        return [f"forgotten: {name}" for name in sorted(jobs | reopened | (before.entries - self.entries))]


NOTHING = Memory({}, frozenset())


async def recalled(url: str) -> Memory:
    """Read what a PostgreSQL database remembers."""
    connection = await asyncpg.connect(url)
    try:
        jobs = [Row(**row) for row in await connection.fetch(JOBS)]
        entries = frozenset(row["entry_id"] for row in await connection.fetch("SELECT entry_id FROM ledger"))
        made = tuple(Made(**row) for row in await connection.fetch(MADE))
    finally:
        await connection.close()
    return Memory({job.event_id: job for job in jobs}, entries, made)


@contextmanager
def copied(database: Path) -> Iterator[Path]:
    """Copy a dead process's database and its log as they are on disk."""
    with tempfile.TemporaryDirectory(prefix="troubadour-kill-") as folder:
        for source in (database, database.with_name(f"{database.name}-wal")):
            if source.exists():
                shutil.copyfile(source, Path(folder, source.name))
        yield Path(folder, database.name)


def remembered(database: Path) -> Memory:
    """Read what a database remembers; nothing if its setup has not come to the end."""
    with closing(connect(database, read_only=True)) as connection:
        if not is_current(connection):
            return NOTHING
        connection.row_factory = sqlite3.Row
        jobs = [Row(**row) for row in connection.execute(JOBS)]
        entries = frozenset(row["entry_id"] for row in connection.execute("SELECT entry_id FROM ledger"))
        made = tuple(Made(**row) for row in connection.execute(MADE))
    return Memory({job.event_id: job for job in jobs}, entries, made)


async def looked_into(database: Path) -> tuple[Memory, list[str]]:
    """Audit a copy of a dead process's database; return what it remembers and what is wrong."""
    if not database.exists():
        return NOTHING, []
    with copied(database) as copy:
        memory = remembered(copy)
        if memory is NOTHING:
            return memory, []
        books = await audit_file(copy)
        return memory, [] if books.balance else list(books.findings)
