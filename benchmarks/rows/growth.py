"""What one admission, one job, one poll and what a member looks up cost with 100 jobs, with 10,000, and with a past.

Ratios compare the CPU of an operation with the first side's. The past is a million finished jobs in 10,000 communities
of ten members each, over 90 days, with their ledger; the orders are those members'.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path

from pydantic import SecretStr

from benchmarks.core_rig import running
from benchmarks.fakes import FakeGateway
from benchmarks.fill import JOBS_OF_MEMBER
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.orders import caller, orders
from benchmarks.peers import peer
from core.domain.orders import Order
from core.domain.people import Caller
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings

FEW, MANY, PAST = 100, 10_000, 1_000_000
PASTS = {"admission": "of admissions", "life": "of lives", "look-up": "of look-ups"}
"""Each has a store of its own, without unfinished jobs of others."""
FLAT = Aim(1.2)
COUNT, SOME = 4_000, 400


async def polls(*, folder: str, jobs: int, count: int, shared: str) -> Figures:  # noqa: ARG001
    """Poll a local gateway for so many jobs at a time, as the worker does."""
    async with peer() as gateway, AsyncExitStack() as stack:
        client = GatewayClient(GatewaySettings(url=gateway.url, key=SecretStr("no-key-needed")))
        stack.push_async_callback(client.close)
        ids = [f"request-{number}" for number in range(jobs)]
        await at_once(64, client.status, ids[:100])
        with Watch() as watch:
            await at_once(64, client.status, list(islice(cycle(ids), count)))
        return watch.figures(count)


async def looks(*, folder: str, jobs: int, count: int, shared: str, within: str = "") -> Figures:
    """Look up balance and history of members who have so many jobs, or a past."""
    async with running(str(Path(shared) / within) if within else folder, FakeGateway()) as core:

        async def live(order: Order) -> None:
            await core.chat.delivered((await core.service.order(order)).job.job_id)

        await at_once(100, live, orders(jobs, JOBS_OF_MEMBER))
        members = max(1, jobs // JOBS_OF_MEMBER)
        asks: tuple[Callable[[Caller], Awaitable[object]], ...] = (core.service.standing, core.service.history)

        async def ask(number: int) -> None:
            for what in asks:
                await what(caller(number % members))

        await at_once(16, ask, range(100))
        with Watch() as watch:
            await at_once(16, ask, range(count))
        return watch.figures(count)


def _admission(waiting: int, **more: str) -> Side:
    options, quick = {"count": max(COUNT, waiting), "waiting": waiting}, {"count": SOME, "waiting": FEW}
    return Side(run="benchmarks.rows.admission:service", options={**options, **more}, quick=quick)


def _life(waiting: int, **more: str) -> Side:
    options, quick = {"jobs": max(1_000, waiting), "waiting": waiting}, {"jobs": 50, "waiting": 10}
    return Side(run="benchmarks.rows.lives:service", options={**options, **more}, quick=quick)


def _poll(jobs: int) -> Side:
    return Side(run="benchmarks.rows.growth:polls", options={"jobs": jobs, "count": MANY}, quick={"count": SOME})


def _look(jobs: int, **more: str) -> Side:
    options, quick = {"jobs": jobs, "count": 1_000}, {"jobs": 20, "count": 20}
    return Side(run="benchmarks.rows.growth:looks", options={**options, **more}, quick=quick)


SIDES = {
    "admission at 100": _admission(FEW),
    "admission at 10,000": _admission(MANY),
    "admission after 1,000,000": _admission(FEW, within=PASTS["admission"]),
    "life at 100": _life(FEW),
    "life at 10,000": _life(MANY),
    "life after 1,000,000": _life(FEW, within=PASTS["life"]),
    "poll at 100": _poll(FEW),
    "poll at 10,000": _poll(MANY),
    "look-up at 100": _look(FEW),
    "look-up at 10,000": _look(MANY),
    "look-up after 1,000,000": _look(FEW, within=PASTS["look-up"]),
}


def _rows(what: str) -> list[Row]:
    """Return a row for each side, compared with the first."""
    first, *rest = (side for side in SIDES if side.startswith(what))
    return [Row(what=f"growth: {s}", side=s, baseline=first, figure="cpu_us", unit="us", aim=FLAT) for s in rest]


BENCHMARK = Benchmark(
    name="growth",
    rounds=3,
    prepare=Side(
        run="benchmarks.fill:past",
        options={"jobs": PAST, "within": list(PASTS.values()), "communities": 10_000},
        quick={"jobs": 10_000, "communities": 100},
        limit_s=600,
    ),
    sides=SIDES,
    rows=[row for what in ("admission", "life", "poll", "look-up") for row in _rows(what)],
)
