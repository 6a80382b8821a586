"""How long an order waits to be admitted while an admin's `/usage`, a backup and `ledger verify` run.

The store holds a community of 10,000 members with ten finished orders each; 50 orders a second come from members of
others. The work beside: `/usage` and its ledger entries again and again in the same process, as the command asks for
them, and the two commands as processes of their own. The time is the whole of `Service.order`.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.core_rig import Core, running
from benchmarks.fill import Endless
from benchmarks.harness import ROOT, Aim, Benchmark, Figures, Row, Side, Watch, ranked
from benchmarks.orders import caller, order
from bots.commands.admin_actions import usage_table
from core.domain.orders import Order
from core.engine.pace import Pace

PER_S = 50
WITHIN = "community"


def _side(*, busy: bool) -> Side:
    options, quick = {"seconds": 5.0, "busy": busy}, {"seconds": 1.0}
    return Side(run="benchmarks.rows.beside:admission", options=options, quick=quick)


BENCHMARK = Benchmark(
    name="beside",
    prepare=Side(
        run="benchmarks.fill:past",
        options={"jobs": 100_000, "within": [WITHIN], "communities": 1},
        quick={"jobs": 1_000},
        limit_s=300,
    ),
    sides={"beside": _side(busy=True), "alone": _side(busy=False)},
    rows=[
        Row(
            what="admission p99 beside /usage of 10,000 members, backup and verify",
            side="beside",
            baseline="alone",
            figure="p99_ms",
            unit="ms",
            aim=Aim(20, "ms"),
        )
    ],
)


async def admission(*, folder: str, shared: str, seconds: float, busy: bool) -> Figures:
    """Order at a steady rate."""
    where = Path(shared) / WITHIN
    async with running(str(where), Endless(), pace=Pace()) as core:
        works = [_usage(core), _again(where, folder)] if busy else []
        beside = [asyncio.create_task(work) for work in works]
        await asyncio.sleep(0.2)
        with Watch() as watch:
            taken_ms = await steady(core, round(seconds * PER_S))
        for work in beside:
            if work.done():
                work.result()
            work.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        cpu = {} if busy else {"cpu_us": 1e6 * watch.cpu_s / len(taken_ms)}
        return {"p50_ms": ranked(taken_ms, 0.5), "p99_ms": ranked(taken_ms, 0.99), **cpu}


async def steady(core: Core, count: int, first: int = 0) -> list[float]:
    """Order at a steady rate, from a number on that is new; return how long each order took, from when it was due."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time() + 0.05

    async def one(placed: Order, due_s: float) -> float:
        await asyncio.sleep(max(0, due_s - loop.time()))
        await core.service.order(placed)
        return 1000 * (loop.time() - due_s)

    placed = (order(first + number, 20_000 + number % 100) for number in range(count))
    return list(await asyncio.gather(*(one(what, begun_s + n / PER_S) for n, what in enumerate(placed))))


async def _usage(core: Core) -> None:
    admin = replace(caller(0), is_admin=True)
    while True:
        await core.service.admin.usage(admin)
        await usage_table(await core.service.admin.entries(admin))


async def _again(where: Path, folder: str) -> None:
    """Back up and verify, in turns."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(where)}
    number = 0
    while True:
        for arguments in (["backup", f"{folder}/{number}.db"], ["ledger", "verify"]):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bots", *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.DEVNULL
            )
            try:
                status = await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if status:
                raise RuntimeError(f"{arguments[0]} ended with status {status}")
        number += 1
