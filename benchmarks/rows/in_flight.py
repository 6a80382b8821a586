"""What it costs one process to wait for 10,000 jobs at the gateway that make no progress.

Each polls every 10 s, 1,000 polls a second in all, spread as jobs come in; measuring begins once all wait. The number
of polls stands beside their CPU, since a process that falls behind makes fewer. Store, worker and gateway client are
the real ones; the gateway is a local server in another process. The baseline does the same with a task for each job and
bare aiohttp. `lag` is how late the loop wakes a task that sleeps for 10 ms.

Memory per job is what Python's allocator reports for its task and everything that the task refers to, with callbacks.
"""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import aiohttp
from pydantic import SecretStr

from benchmarks.core_rig import Core, idle
from benchmarks.fill import many_running
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, ranked
from benchmarks.peers import Reached, peer
from core.engine.pace import Pace
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings

T = TypeVar("T")
CONNECTIONS = 256
TICK_S = 0.01

FULL, QUICK = {"jobs": 10_000, "poll_s": 10.0}, {"jobs": 100, "poll_s": 1.0}


BENCHMARK = Benchmark(
    name="in_flight",
    rounds=3,
    sides={
        "polling": Side(run="benchmarks.rows.in_flight:polling", options=FULL, quick=QUICK),
        "aiohttp": Side(run="benchmarks.rows.in_flight:bare_polling", options=FULL, quick=QUICK),
        "waiting": Side(run="benchmarks.rows.in_flight:waiting", options={"jobs": 5_000}, quick={"jobs": 200}),
    },
    rows=[
        Row(
            what="10,000 in flight, polling: CPU of a poll",
            side="polling",
            baseline="aiohttp",
            figure="cpu_us",
            unit="us",
            aim=Aim(1.5),
        ),
        Row(
            what="10,000 in flight, polling: lag p99",
            side="polling",
            baseline="aiohttp",
            figure="lag_p99_ms",
            unit="ms",
            aim=Aim(3),
        ),
        Row(
            what="10,000 in flight: polls made",
            side="polling",
            baseline="aiohttp",
            figure="polls_per_s",
            unit="/s",
            aim=Aim(0.9, at_least=True),
        ),
        Row(what="memory of a waiting job", side="waiting", figure="job_kib", unit="KiB", aim=Aim(4, "KiB")),
    ],
)


async def polling(*, folder: str, shared: str, jobs: int, poll_s: float) -> Figures:  # noqa: ARG001
    """Wait for jobs by polling."""
    await many_running(folder, jobs)
    pace = Pace(poll_min_s=poll_s, poll_max_s=poll_s)
    async with peer() as gateway, _core(folder, gateway, pace) as core:
        await _spread(poll_s, core.worker.accept, await core.store.unfinished())
        return await _at_rest(poll_s, gateway)


async def waiting(*, folder: str, shared: str, jobs: int) -> Figures:  # noqa: ARG001
    """Wait for callbacks."""
    await many_running(folder, jobs)
    async with peer() as gateway, _core(folder, gateway, Pace(callbacks=True, poll_max_s=600)) as core:
        with _allocated() as allocated:
            await _spread(0, core.worker.accept, await core.store.unfinished())
            return {"job_kib": allocated() / jobs / 1024}


async def bare_polling(*, folder: str, shared: str, jobs: int, poll_s: float) -> Figures:  # noqa: ARG001
    """Poll with a task for each job, and nothing but aiohttp."""
    tasks: list[asyncio.Task[None]] = []
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with peer() as gateway, aiohttp.ClientSession(connector=connector) as session:

        async def ask_for_ever(number: int) -> None:
            while True:
                await asyncio.sleep(poll_s)
                async with session.get(f"{gateway.url}/v2/requests/status/request-{number}") as answer:
                    await answer.json()

        await _spread(poll_s, lambda n: tasks.append(asyncio.create_task(ask_for_ever(n))), list(range(jobs)))
        figures = await _at_rest(poll_s, gateway)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return figures


@asynccontextmanager
async def _core(folder: str, gateway: Reached, pace: Pace) -> AsyncIterator[Core]:
    client = GatewayClient(
        GatewaySettings(url=gateway.url, key=SecretStr("no-key-needed"), max_connections=CONNECTIONS)
    )
    try:
        async with idle(folder, client, pace=pace) as core:
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


async def _at_rest(window_s: float, gateway: Reached) -> Figures:
    """Measure CPU and polls for a while, then lag."""
    polls = (await gateway.times())["polls"]
    gc.collect()
    with Watch() as watch:
        await asyncio.sleep(window_s)
    polls = (await gateway.times())["polls"] - polls
    lags_ms = await _lags_ms(window_s / 2)  # afterwards, since sampling costs more CPU than waiting
    return watch.figures(max(1, polls), polls_per_s=polls / watch.seconds, lag_p99_ms=ranked(lags_ms, 0.99))


async def _lags_ms(window_s: float) -> list[float]:
    """Return how late the loop woke this task each time in a window."""
    loop, lags_ms = asyncio.get_running_loop(), list[float]()
    until_s = loop.time() + window_s
    while loop.time() < until_s:
        due_s = loop.time() + TICK_S
        await asyncio.sleep(TICK_S)
        lags_ms.append(1000 * max(0.0, loop.time() - due_s))
    return lags_ms


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
