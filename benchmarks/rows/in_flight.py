"""What it costs one process to wait for 10,000 jobs at the gateway that make no progress.

Polling: half of the jobs are young and poll every 10 s, half are due and poll every 5 s, 1,500 polls a second in all.
They start over 10 s, as jobs come in, and measuring begins once all have polled. The number of polls stands beside the
CPU, since a process that falls behind uses less of it. With callbacks the process only waits.
Store, worker and gateway client are the real ones; the gateway is a local server in another process.

The baseline does the same with a task and a timer per job, and hand-written HTTP on 256 open sockets; with callbacks,
with a task that waits for an event with a timeout. It keeps nothing of a job: no row, no parameters, no deadline, no
way to cancel it. `lag` is how late the loop wakes a task that sleeps for 10 ms.

Memory per job is what Python's allocator reports for its task and everything that the task refers to; `rss` is the
system's figure and includes garbage of starting many jobs at once.
"""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TypeVar

from pydantic import SecretStr
from yarl import URL

from benchmarks.core_rig import Core, running
from benchmarks.fill import running_jobs
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch
from benchmarks.processes import rss_bytes
from benchmarks.peers import Reached, peer
from core.domain.products import catalog
from core.engine.pace import Pace
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings

T = TypeVar("T")
Sockets = asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
CONNECTIONS = 256
TICK_S = 0.01
REQUEST = "GET /v2/requests/status/request-{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"

FULL, QUICK = {"jobs": 10_000, "poll_s": 10.0}, {"jobs": 200, "poll_s": 1.0}
CALLBACKS, WAIT = {"jobs": 10_000, "window_s": 15.0}, {"jobs": 200, "window_s": 1.0}


def _row(what: str, side: str, figure: str, unit: str, limit: float) -> Row:
    aim, cpu = Aim(limit, unit), figure == "cores"
    return Row(what=what, side=side, baseline=f"bare {side}", figure=figure, unit=unit, aim=aim, cpu=cpu)


BENCHMARK = Benchmark(
    name="in_flight",
    rounds=2,
    sides={
        "polling": Side(run="benchmarks.rows.in_flight:polling", options=FULL, quick=QUICK),
        "bare polling": Side(run="benchmarks.rows.in_flight:bare_polling", options=FULL, quick=QUICK),
        "callbacks": Side(run="benchmarks.rows.in_flight:callbacks", options=CALLBACKS, quick=WAIT),
        "bare callbacks": Side(run="benchmarks.rows.in_flight:bare_callbacks", options=CALLBACKS, quick=WAIT),
    },
    rows=[
        _row("10,000 in flight, polling: CPU", "polling", "cores", "core", 0.5),
        Row(
            what="10,000 in flight, polling: polls made",
            side="polling",
            baseline="bare polling",
            figure="polls_per_s",
            unit="/s",
            aim=Aim(0.95, at_least=True),
            cpu=False,
        ),
        _row("10,000 in flight, callbacks: CPU", "callbacks", "cores", "core", 0.05),
        _row("10,000 in flight: memory of a job", "callbacks", "job_kib", "KiB", 6),
        _row("10,000 in flight, polling: lag p99", "polling", "lag_p99_ms", "ms", 20),
        _row("10,000 in flight, callbacks: lag p99", "callbacks", "lag_p99_ms", "ms", 20),
    ],
)


async def polling(*, folder: str, shared: str, jobs: int, poll_s: float) -> Figures:  # noqa: ARG001
    """Wait for jobs by polling."""
    pace = Pace(poll_min_s=poll_s / 2, poll_max_s=poll_s)
    async with peer() as gateway, _core(folder, gateway, pace, usual_s=6 * poll_s) as core:
        await running_jobs(core.driver, jobs, late_s=6 * poll_s)
        before = rss_bytes()
        await _spread(poll_s, core.worker.accept, await core.store.unfinished())
        await asyncio.sleep(poll_s)
        return await _at_rest(1.5 * poll_s, gateway, rss_kib=_each(rss_bytes() - before, jobs))


async def callbacks(*, folder: str, shared: str, jobs: int, window_s: float) -> Figures:  # noqa: ARG001
    """Wait for callbacks."""
    pace = Pace(callbacks=True, poll_max_s=600)  # none is old enough to poll at once
    async with peer() as gateway, _core(folder, gateway, pace, usual_s=300) as core:
        await running_jobs(core.driver, jobs, late_s=0)
        before = rss_bytes()
        with _allocated() as allocated:
            await _spread(0, core.worker.accept, await core.store.unfinished())
            job_kib = _each(allocated(), jobs)
        return await _at_rest(window_s, gateway, job_kib=job_kib, rss_kib=_each(rss_bytes() - before, jobs))


async def bare_polling(*, folder: str, shared: str, jobs: int, poll_s: float) -> Figures:  # noqa: ARG001
    """Poll with nothing but timers and sockets."""
    tasks: list[asyncio.Task[None]] = []
    async with peer() as gateway, _sockets(gateway) as sockets:
        before = rss_bytes()

        async def ask_for_ever(number: int) -> None:
            while True:
                await asyncio.sleep(poll_s / (1 + number % 2))
                await _ask(sockets, number)

        await _spread(poll_s, lambda n: tasks.append(asyncio.create_task(ask_for_ever(n))), list(range(jobs)))
        await asyncio.sleep(poll_s)
        figures = await _at_rest(1.5 * poll_s, gateway, rss_kib=_each(rss_bytes() - before, jobs))
        await _cancel(tasks)
        return figures


async def bare_callbacks(*, folder: str, shared: str, jobs: int, window_s: float) -> Figures:  # noqa: ARG001
    """Wait for callbacks with nothing but tasks and timers."""
    tasks: list[asyncio.Task[None]] = []

    async def wait() -> None:
        async with asyncio.timeout(300):
            await asyncio.Event().wait()

    async with peer() as gateway:
        before = rss_bytes()
        with _allocated() as allocated:
            await _spread(0, lambda _: tasks.append(asyncio.create_task(wait())), list(range(jobs)))
            job_kib = _each(allocated(), jobs)
        figures = await _at_rest(window_s, gateway, job_kib=job_kib, rss_kib=_each(rss_bytes() - before, jobs))
        await _cancel(tasks)
        return figures


@asynccontextmanager
async def _core(folder: str, gateway: Reached, pace: Pace, usual_s: float) -> AsyncIterator[Core]:
    client = GatewayClient(
        GatewaySettings(url=gateway.url, key=SecretStr("no-key-needed"), max_connections=CONNECTIONS)
    )
    table = catalog()
    table = replace(table, products={name: replace(p, usual_s=usual_s) for name, p in table.products.items()})
    try:
        async with running(folder, client, pace=pace, table=table) as core:
            yield core
    finally:
        await client.close()


async def _spread(over_s: float, take: Callable[[T], object], items: list[T]) -> None:
    """Pass on items evenly over a time, without keeping them."""
    loop, count = asyncio.get_running_loop(), len(items)
    started_s = loop.time()
    while items:
        if (left_s := started_s + over_s * (1 - len(items) / count) - loop.time()) > 0:
            await asyncio.sleep(left_s)
        take(items.pop())
    await asyncio.sleep(0.5)  # all are waiting


async def _at_rest(window_s: float, gateway: Reached, **more: float) -> Figures:
    """Measure CPU and polls for a while, then lag."""
    polls = (await gateway.times())["polls"]
    gc.collect()
    with Watch() as watch:
        await asyncio.sleep(window_s)
    polls = (await gateway.times())["polls"] - polls
    lags_ms = await _lags_ms(window_s / 2)  # afterwards, since sampling costs more CPU than waiting
    return {
        "cores": watch.cpu_s / watch.seconds,
        "polls_per_s": polls / watch.seconds,
        "cpu_us": 1e6 * watch.cpu_s / polls if polls else 0.0,
        "lag_p50_ms": lags_ms[len(lags_ms) // 2],
        "lag_p99_ms": lags_ms[len(lags_ms) * 99 // 100],
        "lag_max_ms": lags_ms[-1],
        **more,
    }


async def _lags_ms(window_s: float) -> list[float]:
    """Return how late the loop woke this task each time in a window, sorted."""
    loop, lags_ms = asyncio.get_running_loop(), list[float]()
    until_s = loop.time() + window_s
    while loop.time() < until_s:
        due_s = loop.time() + TICK_S
        await asyncio.sleep(TICK_S)
        lags_ms.append(1000 * max(0.0, loop.time() - due_s))
    return sorted(lags_ms)


@contextmanager
def _allocated() -> Iterator[Callable[[], int]]:
    """Yield a function that returns the bytes allocated since and not freed."""
    gc.collect()
    tracemalloc.start()

    def allocated() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    try:
        yield allocated
    finally:
        tracemalloc.stop()


def _each(size_bytes: int, jobs: int) -> float:
    return size_bytes / jobs / 1024


@asynccontextmanager
async def _sockets(gateway: Reached) -> AsyncIterator[Sockets]:
    url, sockets = URL(gateway.url), Sockets()
    for _ in range(CONNECTIONS):
        sockets.put_nowait(await asyncio.open_connection(url.host, url.port))
    yield sockets
    while not sockets.empty():
        sockets.get_nowait()[1].close()


async def _ask(sockets: Sockets, number: int) -> None:
    """Send a request and read its answer."""
    reader, writer = pair = await sockets.get()
    writer.write(REQUEST.format(number).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    json.loads(await reader.readexactly(size))
    sockets.put_nowait(pair)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
