"""CPU of admitting one order on SQLite, with 256 waiting at any time.

Both sides: a fresh file with the service's schema and indexes, WAL and `synchronous=FULL`, commits of 256 orders, and
the same rows at the end, whose number is compared.

Differences: the service decides on each order (quota, balance, pool, limits, duplicate event) and tells each caller
what is left. Blind insertion has every row that the service wrote ready before the clock starts, and writes them order
by order: new rows of the order and of who orders for the first time, and what is counted up or noted of others.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.core_rig import open_store
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.orders import COST_MICROS, admission, orders
from storage.driver import Driver, Statement

FULL, QUICK = {"count": 4_096, "waiting": 256}, {"count": 512}
BENCHMARK = Benchmark(
    name="admission",
    sides={
        "admission": Side(run="benchmarks.rows.admission:service", options=FULL, quick=QUICK),
        "blind insertion": Side(run="benchmarks.rows.admission:blind", options=FULL, quick=QUICK),
    },
    rows=[
        Row(
            what="admission, CPU",
            side="admission",
            baseline="blind insertion",
            figure="cpu_us",
            unit="us",
            aim=Aim(2),
        )
    ],
)
WARM = 256
WHO = ("community_id", "account_id", "member")
COUNTED = "ON CONFLICT DO UPDATE SET used_micros = used_micros + excluded.used_micros"
NOTED = "ON CONFLICT DO UPDATE SET last_order_ms = excluded.last_order_ms"

Write = tuple[str, tuple[Any, ...]]


async def service(*, folder: str, count: int, waiting: int, shared: str = "", within: str = "") -> Figures:
    """Admit orders; `within` names a store with old jobs in the shared folder."""
    async with open_store(str(Path(shared) / within) if within else folder) as (driver, store):
        admissions = [admission(placed) for placed in orders(count + WARM)]
        await at_once(WARM, store.admit, admissions[:WARM])
        before = await _rows(driver)
        with Watch() as watch:
            await at_once(waiting, store.admit, admissions[WARM:])
        return watch.figures(count, rows=await _rows(driver) - before)


async def _rows(driver: Driver) -> float:
    counts = await driver.run([Statement(f"SELECT count(*) AS n FROM {table}") for table in await driver.tables()])
    return float(sum(rows[0]["n"] for rows in counts))


async def blind(*, folder: str, count: int, waiting: int, shared: str) -> Figures:  # noqa: ARG001
    """Insert what the service has written into another file."""
    here, there = Path(folder) / "here", Path(folder) / "there"
    async with open_store(str(here)) as (_, store):
        await at_once(waiting, store.admit, [admission(placed) for placed in orders(count + WARM)])
    async with open_store(str(there)):
        pass
    with closing(sqlite3.connect(here / "troubadour.db")) as connection:
        writes = list(_writes(connection))
    with closing(sqlite3.connect(there / "troubadour.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        _write(connection, writes[:WARM], waiting)
        before = _count(connection)
        with Watch() as watch:
            _write(connection, writes[WARM:], waiting)
        return watch.figures(count, rows=_count(connection) - before)


def _writes(connection: sqlite3.Connection) -> Iterator[list[Write]]:
    """Yield what is written for each order of a store: rows of its job, and rows of who ordered."""
    connection.row_factory = sqlite3.Row
    of_job, of_whom, seen = defaultdict[str, list[Write]](list), defaultdict[Any, list[Write]](list), set[Write]()
    contexts: dict[str, dict[str, Any]] = defaultdict(dict)
    for table in _tables(connection):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]  # none that SQLite fills itself
        who = tuple(name for name in WHO if name in columns)
        insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"
        for row in connection.execute(f"SELECT * FROM {table}"):
            values = tuple(row[name] for name in columns)
            if "job_id" in row.keys():  # noqa: SIM118 - a sqlite3.Row
                of_job[row["job_id"]].append((insert, values))
                contexts[row["job_id"]] |= {name: row[name] for name in who}
            elif "used_micros" in columns:
                values = tuple(COST_MICROS if name == "used_micros" else row[name] for name in columns)
                of_whom[who, tuple(row[name] for name in who)].append((f"{insert} {COUNTED}", values))
            else:
                noted = f"{insert} {NOTED}" if "last_order_ms" in columns else insert
                of_whom[who, tuple(row[name] for name in who)].append((noted, values))
    kinds = {who for who, _ in of_whom}
    for (job_id,) in connection.execute(
        "SELECT job_id FROM jobs ORDER BY rowid"
    ):  # their ids do not say which was first
        context, writes = contexts[job_id], of_job[job_id]
        of_others = [w for who in kinds for w in of_whom[who, tuple(context[name] for name in who)]]
        fresh = [write for write in of_others if "CONFLICT" in write[0] or write not in seen]
        seen.update(fresh)
        yield [*fresh, *writes]


def _tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'")
    return [name for (name,) in found]


def _write(connection: sqlite3.Connection, orders: Sequence[list[Write]], waiting: int) -> None:
    left = iter(orders)
    while batch := list(islice(left, waiting)):
        connection.execute("BEGIN IMMEDIATE")
        for writes in batch:
            for text, values in writes:
                connection.execute(text, values)
        connection.execute("COMMIT")


def _count(connection: sqlite3.Connection) -> float:
    return float(
        sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _tables(connection))
    )
