"""Whole jobs per second: ordered, submitted, polled, fetched, delivered; gateway, media and chat are fakes.

The folder of artifacts is the real one, and on PostgreSQL the lease.

All sides: six durable writes per job (admitted, about to submit, running, generated, delivering, delivered), 256 jobs
in flight, the same small file written and read, the same database with the same durability: SQLite with WAL and
`synchronous=FULL`, PostgreSQL with `fsync` on, ten connections.

Differences: the service keeps its books in these writes (quota, hold, charge, ledger) and returns receipts. DBOS and
Procrastinate keep no books, which favours them. DBOS writes a workflow's start, its four steps and its end.
Procrastinate writes a task, its start and its end, twice: one task generates and defers the other, which delivers.
"""

import asyncio
from pathlib import Path

from benchmarks.core_rig import Core, running
from benchmarks.fakes import FakeGateway
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.orders import orders
from core.domain.orders import Order

WAITING = 256
SETTLED_S = 60.0


def _side(run: str, jobs: int, quick: int, *, postgres: bool = False) -> Side:
    options = {"jobs": jobs, "waiting": WAITING}
    return Side(run=run, options=options, quick={"jobs": quick, "waiting": quick}, postgres=postgres)


def _row(what: str, side: str, baseline: str, limit: float) -> Row:
    aim = Aim(limit, at_least=True)
    return Row(what=what, side=side, baseline=baseline, figure="per_s", unit="/s", aim=aim)


_SERVICE, _DBOS = "benchmarks.rows.lives:service", "benchmarks.rivals.dbos:lives"
BENCHMARK = Benchmark(
    name="lives",
    sides={
        "life, SQLite": _side(_SERVICE, 2_000, 100),
        "DBOS, SQLite": _side(_DBOS, 200, 20),
        "life, PostgreSQL": _side(_SERVICE, 1_000, 100, postgres=True),
        "DBOS": _side(_DBOS, 200, 20, postgres=True),
        "Procrastinate": _side("benchmarks.rivals.procrastinate:lives", 400, 40, postgres=True),
    },
    rows=[
        _row("life, SQLite, files included", "life, SQLite", "DBOS, SQLite", 20),
        _row("life, PostgreSQL", "life, PostgreSQL", "Procrastinate", 5),
        _row("life, PostgreSQL", "life, PostgreSQL", "DBOS", 10),
    ],
)


async def service(
    *, folder: str, jobs: int, waiting: int, postgres: str = "", shared: str = "", within: str = ""
) -> Figures:
    """Run jobs from order to delivery; `within` names a store with old jobs in the shared folder."""
    where = str(Path(shared) / within) if within else folder
    async with running(where, FakeGateway(), postgres=postgres) as core:

        async def life(order: Order) -> None:
            accepted = await core.service.order(order)
            await core.chat.delivered(accepted.job.job_id)

        warm = min(waiting, WAITING, jobs)
        placed = orders(jobs + warm)
        await at_once(warm, life, placed[:warm])
        with Watch() as watch:
            await at_once(waiting, life, placed[warm:])
            await _all_done(core)
        return watch.figures(jobs)


async def _all_done(core: Core) -> None:
    """Wait until the last jobs are closed."""
    async with asyncio.timeout(SETTLED_S):
        while await core.store.unfinished():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.005)
