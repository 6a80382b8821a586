"""Stores with many jobs: one that the service carried, copied with other names and times by SQL.

Only names and times are replaced, whatever other columns a table has.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import asyncpg

from benchmarks.core_rig import running
from benchmarks.fakes import CHAT, Answer, FakeGateway
from benchmarks.harness import Figures
from benchmarks.orders import caller, order
from bots.app.compose import WallClock
from core.domain.contract import RequestStatus
from core.domain.lifecycle import State
from core.domain.quota import DAY_MS, day_of
from core.engine.pace import Pace

JOBS_OF_MEMBER = 10
DAYS = 90
"""How many days the old jobs span."""
KEPT_DAYS = 3
TURN_S = 0.005

_JOB = "printf(:job, i)"
_DAY = f"(:today - (i / :members * {DAYS // JOBS_OF_MEMBER} + i % :members) % {DAYS} * {DAY_MS})"
_MONTH = f"CAST(strftime('%s', {_DAY} / 1000, 'unixepoch', 'start of month') AS INTEGER) * 1000"
_MEMBER = f"'{CHAT}:m' || (i % :members)"
_PEOPLE = {
    "key": _MEMBER,
    "opened_for": _MEMBER,
    "member": _MEMBER,
    "handle": "'member' || i",
    "account_id": "1000 + i % :members",
    "community_id": "1000 + max(0, i % :members - :together) * :communities / (:members - :together)",
}
_NAMES = {
    **_PEOPLE,
    "job_id": _JOB,
    "event_id": f"'{CHAT}:' || {_JOB}",
    "entry_id": f"{_JOB} || substr(t.entry_id, 19)",
    "callback_token": f"{_JOB} || '.' || hex(randomblob(16))",
    "request_id": "iif(t.request_id IS NULL, NULL, :request || i)",
}
_OLD = {
    **_NAMES,
    **dict.fromkeys("at_ms created_ms updated_ms submitted_ms deadline_ms resolved_ms closed_ms".split(), _DAY),
    "day_ms": _DAY,
    "month_ms": _MONTH,
    "kept": f"iif({_DAY} > :today - {KEPT_DAYS * DAY_MS}, t.kept, 0)",
    "artifacts": f"iif({_DAY} > :today - {KEPT_DAYS * DAY_MS}, t.artifacts, '[]')",
}
_NOW = {**_NAMES, "submitted_ms": "t.submitted_ms - i % 2 * :late"}
FIRST = replace(order(0, 0), caller=replace(caller(0), member=f"{CHAT}:t", community=f"{CHAT}:t"))
_SUMS = (
    f"""INSERT INTO pool_usage (community_id, month_ms, used_micros)
    SELECT community_id, month_ms, sum(used_micros) FROM (
        SELECT community_id, {_MONTH.replace(_DAY, "day_ms")} AS month_ms, used_micros FROM usage
        WHERE account_id >= 1000
    ) AS used GROUP BY community_id, month_ms""",
    """INSERT INTO total_usage (month_ms, used_micros)
    SELECT month_ms, sum(used_micros) FROM pool_usage WHERE community_id >= 1000 GROUP BY month_ms
    ON CONFLICT (month_ms) DO UPDATE SET used_micros = total_usage.used_micros + excluded.used_micros""",
)


async def past(
    *, folder: str, shared: str, jobs: int, within: Sequence[str], communities: int, together: int = 0
) -> Figures:
    """Create stores in the shared folder, each with so many finished jobs of members of so many communities.

    `together`: how many members are in the first community; the others are spread evenly.
    """
    async with running(folder, FakeGateway()) as core:
        accepted = await core.service.order(FIRST)
        await core.chat.delivered(accepted.job.job_id)
    with closing(_connect(Path(folder))) as connection:
        members, names = max(1, jobs // JOBS_OF_MEMBER), {"job": "0%017d", "request": "old-"}
        _multiply(connection, jobs, members, communities, _OLD, together=together, **names)
    for name in within:
        shutil.copytree(folder, Path(shared) / name, ignore=shutil.ignore_patterns("*.json", "log"))
    return {}


class Endless(FakeGateway):
    """A gateway that completes nothing."""

    async def status(self, request_id: str) -> Answer:  # noqa: ARG002
        """Return PROCESSING."""
        return Answer(RequestStatus.PROCESSING, ())


async def many_running(folder: str, jobs: int, late_s: float = 0) -> None:
    """Create a store with jobs that run at the gateway as request-0 and so on; every second is `late_s` old."""
    async with running(folder, Endless(), pace=Pace()) as core:
        job = (await core.service.order(FIRST)).job
        while job.generations[0].state is not State.RUNNING:
            await asyncio.sleep(TURN_S)
            job = await core.store.job(job.job_id) or job
    with closing(_connect(Path(folder))) as connection:
        late = round(1000 * late_s)
        _multiply(connection, jobs, jobs, max(1, jobs // 10), _NOW, job="1%017d", request="request-", late=late)


def _connect(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "troubadour.db")
    connection.execute("PRAGMA synchronous=OFF")  # nothing is measured yet
    connection.execute("PRAGMA cache_size=-400000")
    return connection


def _multiply(
    connection: sqlite3.Connection,
    jobs: int,
    members: int,
    communities: int,
    replaced: Mapping[str, str],
    **more: str | int,
) -> None:
    """Copy the one member with the one job that a store has."""
    counts = {"members": members, "communities": communities, "today": day_of(WallClock().now_ms())}
    args: dict[str, str | int] = {"late": 0, "together": 0, **counts, **more}
    community = {"community_id": "1000 + i", "key": f"'{CHAT}:' || i"}
    for table, count, with_names in (
        ("communities", communities, community),
        *((table, members, _PEOPLE) for table in ("accounts", "identities", "members")),
        *((table, jobs, replaced) for table in ("jobs", "generations", "deliveries", "holds", "ledger", "usage")),
    ):
        _copy(connection, table, with_names, args | {"count": count})
    for text in _SUMS:
        connection.execute(text)
    connection.commit()


def _copy(
    connection: sqlite3.Connection, table: str, replaced: Mapping[str, str], args: Mapping[str, str | int]
) -> None:
    connection.execute(f"CREATE TEMP TABLE t_{table} AS SELECT * FROM {table}")
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(replaced.get(name, f"t.{name}") for name in names)
    connection.execute(
        f"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) "
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM n CROSS JOIN t_{table} AS t "
        "WHERE true ON CONFLICT DO NOTHING",
        args,
    )


_WRITTEN = """
SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'
"""
_NUMBERED = """
SELECT table_name, column_name FROM information_schema.columns
WHERE pg_get_serial_sequence(table_name, column_name) IS NOT NULL AND table_schema = 'public'
"""


async def into_postgres(folder: Path, address: str) -> None:
    """Copy a store into a PostgreSQL database, whose tables are there and empty."""
    there = await asyncpg.connect(address)
    try:
        await there.execute("SET session_replication_role = replica")  # in any order
        with closing(sqlite3.connect(folder / "troubadour.db")) as here:
            for (table,) in here.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                names = [row[0] for row in await there.fetch(_WRITTEN, table)]
                if names and not await there.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):
                    rows = here.execute(f"SELECT {', '.join(names)} FROM {table}")
                    await there.copy_records_to_table(table, records=rows, columns=names)
        for table, column in await there.fetch(_NUMBERED):
            await there.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 1)) FROM {table}"
            )
        for done in ("VACUUM ANALYZE", "CHECKPOINT"):  # as a server has long done to a real past
            await there.execute(done)
    finally:
        await there.close()
