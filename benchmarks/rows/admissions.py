"""Orders admitted per second on SQLite, with 256 waiting at any time.

Both sides: a fresh file with the service's schema and indexes, WAL and `synchronous=FULL`, and the same rows at the
end: job, hold and ledger entry of each order, and its updates of the member, the member's usage and the community's
pool. Row counts are compared.

Differences: the service decides on each order (quota, balance, pool, limits, duplicate event), returns the job and
what is left to each caller, and commits whatever is waiting. Bare sqlite3 knows all rows beforehand, decides nothing,
returns nothing, and inserts table by table in batches of the best size.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import perf_counter

from benchmarks.core_rig import open_store
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.orders import COST_MICROS, TEXT, admission, orders
from bots.app.compose import WallClock
from core.domain.admission import Admission
from core.domain.quota import Period, window
from storage.accounts_sql import ACCOUNT, OPEN
from storage.communities_sql import HERE, KNOW
from storage.driver import Driver, Statement
from storage.members_sql import REMEMBER
from storage.sqlite import connect

FULL, QUICK = {"count": 10_240, "waiting": 256}, {"count": 1_024, "waiting": 256}
BENCHMARK = Benchmark(
    name="admissions",
    sides={
        "service": Side(run="benchmarks.rows.admissions:service", options=FULL, quick=QUICK),
        "sqlite3": Side(run="benchmarks.rows.admissions:bare", options=FULL, quick=QUICK),
    },
    rows=[
        Row(
            what="admissions, 256 waiting",
            side="service",
            baseline="sqlite3",
            figure="per_s",
            unit="/s",
            aim=Aim(0.6, at_least=True),
        )
    ],
)
BATCHES = (64, 256, 1024, 4096)
WARM = 256
TRIED = 2_048
"""Orders inserted to try one batch size."""
TABLES = ("accounts", "identities", "jobs", "holds", "ledger", "members", "usage", "pool_usage")


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
    counts = await driver.run([Statement(f"SELECT count(*) AS n FROM {table}") for table in TABLES])
    return float(sum(rows[0]["n"] for rows in counts))


async def bare(*, folder: str, count: int, waiting: int, shared: str) -> Figures:  # noqa: ARG001
    """Insert the same rows."""
    admissions = [admission(placed) for placed in orders(count + WARM)]
    tried = [admission(placed) for placed in orders(TRIED)]
    best = min([(await _trial(Path(folder), tried, batch), batch) for batch in BATCHES])[1]
    async with open_store(folder):
        pass
    with closing(connect(Path(folder) / "troubadour.db", read_only=False)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        _insert(connection, _bindings(admissions[:WARM]), best)
        before = _count(connection)
        bindings = _bindings(admissions[WARM:])
        with Watch() as watch:
            _insert(connection, bindings, best)
        return watch.figures(count, rows=_count(connection) - before, batch=best)


async def _trial(folder: Path, admissions: Sequence[Admission], batch: int) -> float:
    """Return the seconds that a batch size takes."""
    async with open_store(str(folder / str(batch))):
        pass
    with closing(connect(folder / str(batch) / "troubadour.db", read_only=False)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        bindings, started_s = _bindings(admissions), perf_counter()
        _insert(connection, bindings, batch)
        return perf_counter() - started_s


Binding = dict[str, str | int | None]

_TEXTS = (
    KNOW,
    *OPEN,
    REMEMBER,
    f"""
    INSERT INTO holds (job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros)
    VALUES (:job_id, {HERE}, {ACCOUNT}, :day_start, :month_start, :cost_micros, 0)
    """,
    f"""
    INSERT INTO jobs (
        job_id, event_id, platform, community_id, member, member_name, direct, product, parameters, characters,
        cost_micros, state, generations, destination, channel, roles, locale, created_ms, updated_ms
    ) VALUES (
        :job_id, :event_id, 'bench', {HERE}, :member, :name, 0, 'speech', :parameters, :characters,
        :cost_micros, 'open', 1, :destination, '', ',', '', :now_ms, :now_ms
    )
    """,
    """
    INSERT INTO generations (
        job_id, number, part, characters, cost_micros, state, callback_token, updated_ms
    ) VALUES (:job_id, 1, 1, :characters, :cost_micros, 'queued', :callback_token, :now_ms)
    """,
    f"""
    INSERT INTO ledger (
        entry_id, at_ms, community_id, account_id, member, kind, job_id, day_ms, month_ms, allowance_micros
    ) VALUES (
        :entry_id, :now_ms, {HERE}, {ACCOUNT}, :member, 'hold', :job_id, :day_start, :month_start, :cost_micros
    )
    """,
    f"""
    INSERT INTO usage (community_id, account_id, day_ms, used_micros)
    VALUES ({HERE}, {ACCOUNT}, :day_start, :cost_micros)
    ON CONFLICT (community_id, account_id, day_ms) DO UPDATE SET used_micros = usage.used_micros + excluded.used_micros
    """,
    f"""
    INSERT INTO pool_usage (community_id, month_ms, used_micros) VALUES ({HERE}, :month_start, :cost_micros)
    ON CONFLICT (community_id, month_ms) DO UPDATE SET used_micros = pool_usage.used_micros + excluded.used_micros
    """,
    f"UPDATE members SET last_order_ms = :now_ms WHERE community_id = {HERE} AND member = :member",
)


def _bindings(admissions: Sequence[Admission]) -> list[Binding]:
    now_ms = WallClock().now_ms()
    day_start, month_start = window(Period.DAY, now_ms)[0], window(Period.MONTH, now_ms)[0]
    return [
        {
            "now_ms": now_ms,
            "day_start": day_start,
            "month_start": month_start,
            "community": one.order.caller.community,
            "member": one.order.caller.member,
            "name": one.order.caller.name,
            "handle": one.order.caller.handle,
            "job_id": one.job_id,
            "entry_id": f"{one.job_id}:hold",
            "event_id": one.order.event_id,
            "parameters": f'{{"text": "{TEXT}", "voice": "Aria"}}',
            "destination": f'{{"platform": "bench", "data": {{"chat": 1, "order": "{one.order.event_id}"}}}}',
            "callback_token": one.tokens[0],
            "characters": len(TEXT),
            "cost_micros": COST_MICROS,
        }
        for one in admissions
    ]


def _insert(connection: sqlite3.Connection, bindings: Sequence[Binding], batch: int) -> None:
    left = iter(bindings)
    while some := list(islice(left, batch)):
        connection.execute("BEGIN IMMEDIATE")
        for text in _TEXTS:
            connection.executemany(text, some)
        connection.execute("COMMIT")


def _count(connection: sqlite3.Connection) -> float:
    return float(sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES))
