"""Worker processes on one PostgreSQL database: what a second one gains, and how fast it takes over after a kill.

Two against one: orders wait in the store, the workers start at the same moment, and the clock stops when the last job
is closed. The database has one core for itself, the workers the other. The gateway takes a second for each request and
workers have the default limits, 64 at a time: what is measured is whether they keep out of each other's way, since two
that take turns on one core can't do more than it gives. Gateway, media and chat are fakes in the workers.

Take-over: one worker has submitted every job and is killed by SIGKILL; another, already running, delivers them all.
The clock runs from the kill to the last audio. `twice` counts audios after the first of a job.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

from benchmarks import processes
from benchmarks.core_rig import LEASE_S, open_store
from benchmarks.harness import ROOT, Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.orders import admission, orders
from storage.driver import Driver, Statement

LOOK_S = 0.02
DEADLINE_S = 120.0
WAITING = 64


def _many(workers: int) -> Side:
    options = {"workers": workers, "jobs": 384, "gateway": "a-second"}
    return Side(run="benchmarks.rows.workers:many", options=options, quick={"jobs": 20}, postgres=True)


BENCHMARK = Benchmark(
    name="workers",
    sides={"one": _many(1), "two": _many(2)},
    rows=[
        Row(
            what="two workers, database on a core of its own",
            side="two",
            baseline="one",
            figure="per_s",
            unit="/s",
            aim=Aim(1.8, at_least=True),
        )
    ],
)
TAKE_OVER = Benchmark(
    name="take-over",
    rounds=3,
    sides={"heir": Side(run="benchmarks.rows.workers:heir", options={"jobs": 100}, quick={"jobs": 10}, postgres=True)},
    rows=[
        Row(what="take-over after SIGKILL", side="heir", figure="seconds", unit="s", aim=Aim(LEASE_S + 2, "s")),
        Row(what="take-over: audios sent twice", side="heir", figure="twice", unit="audios", aim=Aim(0, "audios")),
    ],
)


async def many(*, folder: str, workers: int, jobs: int, gateway: str, postgres: str, shared: str) -> Figures:  # noqa: ARG001
    """Run the waiting orders."""
    async with open_store(folder, postgres) as (driver, store), AsyncExitStack() as stack:
        await at_once(WAITING, store.admit, [admission(placed) for placed in orders(jobs)])
        crew = [
            await stack.enter_async_context(_worker(postgres, folder, str(number), gateway))
            for number in range(workers)
        ]
        _pin_apart(postgres)
        with Watch() as watch:
            for one in crew:
                one.begin()
            await _until(driver, "closed_ms IS NOT NULL", jobs)
        return watch.figures(jobs, least=min(len(one.delivered) for one in crew))


def _pin_apart(postgres: str) -> None:
    """Give the server the last core, and this process and its workers the others."""
    (home,) = parse_qs(urlsplit(postgres).query)["host"]
    *others, last = sorted(os.sched_getaffinity(0))
    pids = [int(folder.name) for folder in processes.PROC.glob("[0-9]*") if home in _command(folder)]
    processes.pin([one for pid in pids for one in processes.family(pid)], {last})
    processes.pin(processes.family(os.getpid()), others or {last})


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().decode(errors="replace").split("\0-k")[0]
    except OSError:  # it has ended
        return ""


async def heir(*, folder: str, jobs: int, postgres: str, shared: str) -> Figures:  # noqa: ARG001
    """Kill the worker that owns all jobs."""
    async with AsyncExitStack() as stack:
        driver, store = await stack.enter_async_context(open_store(folder, postgres))
        first = await stack.enter_async_context(_worker(postgres, folder, "first", "never"))
        first.begin()
        await at_once(WAITING, store.admit, [admission(placed) for placed in orders(jobs)])
        await _until(driver, "state = 'running'", jobs, "generations")
        second = await stack.enter_async_context(_worker(postgres, folder, "second", "at-once"))
        second.begin()
        await _until(driver, "worker_id IS NOT NULL", 2, "workers")
        first.kill()
        killed_s = perf_counter()
        await _until(driver, "closed_ms IS NOT NULL", jobs)
        seconds = perf_counter() - killed_s
        delivered = first.delivered + second.delivered
        return {"seconds": seconds, "beyond_s": seconds - LEASE_S, "twice": len(delivered) - len(set(delivered))}


class _Worker:
    """A worker process."""

    def __init__(self, into: asyncio.StreamWriter, out: asyncio.StreamReader, kill: Callable[[], None]) -> None:
        self.kill = kill
        self.delivered: list[str] = []
        self._into, self._out = into, out

    async def ready(self) -> None:
        """Wait until it has imported everything."""
        await self._out.readline()

    def begin(self) -> None:
        """Start its work."""
        self._into.write(b"\n")

    async def listen(self) -> None:
        """Record the jobs whose audio was delivered."""
        async for line in self._out:
            self.delivered.append(line.decode().strip())


@asynccontextmanager
async def _worker(postgres: str, folder: str, name: str, gateway: str) -> AsyncIterator[_Worker]:
    (own := Path(folder) / name).mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.worker", postgres, str(own), gateway,
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process needs pipes")
    worker = _Worker(process.stdin, process.stdout, process.kill)
    listening = None
    try:
        await worker.ready()
        listening = asyncio.create_task(worker.listen())
        yield worker
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if listening is not None:
            await listening


async def _until(driver: Driver, what: str, many: int, table: str = "jobs") -> None:
    """Wait until a number of rows match."""
    text = f"SELECT count(*) AS n FROM {table} WHERE {what}"
    async with asyncio.timeout(DEADLINE_S):
        while (await driver.run([Statement(text)]))[0][0]["n"] < many:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(LOOK_S)
