"""How late polling sees that a request is complete, beside a task that asks every 5 s, the vendor's shortest interval.

Requests take 3 to 60 s, the longer their text the longer, and a tenth more or less. The first sixty are there to
learn from. Time is compressed: the loop's clock, its waits and the core's clock run 10 times as fast, so that the work
of the process itself counts 10 times. Store and worker are the real ones.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.core_rig import running
from benchmarks.fakes import Answer, FakeGateway
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch
from benchmarks.orders import order
from core.domain.contract import RequestStatus
from core.domain.products import Product
from core.engine.pace import Pace

FASTER = 10
SHORTEST_S, LONGEST_S, RASTER_S = 3.0, 60.0, 5.0
LONGEST_TEXT = 2_900
LEARNT_S, MEASURED_S = 30.0, 40.0
FULL, QUICK = {"learnt": 60, "measured": 120}, {"learnt": 5, "measured": 10}
BENCHMARK = Benchmark(
    name="lag",
    rounds=3,
    sides={
        "service": Side(run="benchmarks.rows.lag:service", options=FULL, quick=QUICK),
        "raster of 5 s": Side(run="benchmarks.rows.lag:raster", options=FULL, quick=QUICK),
    },
    rows=[
        Row(
            what="lag of polling behind completion, requests of 3 to 60 s",
            side="service",
            baseline="raster of 5 s",
            figure="lag_s",
            unit="s",
            aim=Aim(1.1),
        )
    ],
)


@dataclass
class Timed(FakeGateway):
    """A gateway whose requests take a time, and that notes how late each is seen to be complete."""

    lags_s: dict[str, float] = field(default_factory=dict)
    polls: int = 0
    _done_s: dict[str, float] = field(default_factory=dict)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        """Return a request id."""
        name = await super().submit(product, parameters, callback_token)
        dice = random.Random(len(self._done_s))  # noqa: S311 - no secret
        share = len(parameters["text"]) / LONGEST_TEXT * dice.uniform(0.9, 1.1)
        self._done_s[name] = _now_s() + SHORTEST_S + (LONGEST_S - SHORTEST_S) * min(1, share)
        return name

    async def status(self, request_id: str) -> Answer:
        """Return COMPLETED once it is."""
        self.polls += 1
        late_s = _now_s() - self._done_s[request_id]
        if late_s < 0:
            return Answer(RequestStatus.PROCESSING, ())
        self.lags_s.setdefault(request_id, late_s)
        return await super().status(request_id)


class Hurried:
    """A wall clock that runs faster."""

    def __init__(self) -> None:
        self._zero_ms = time.time_ns() // 1_000_000 - round(1000 * _now_s())

    def now_ms(self) -> int:
        """Return milliseconds since 1970, from when it was made."""
        return self._zero_ms + round(1000 * _now_s())

    def since_ms(self, at_ms: int) -> int:
        """Return how long ago it was that it said so."""
        return max(0, self.now_ms() - at_ms)


async def service(*, folder: str, shared: str, learnt: int, measured: int) -> Figures:  # noqa: ARG001
    """Let the worker poll."""
    _hurry()
    async with running(folder, gateway := Timed(), pace=Pace(), clock=Hurried()) as core:

        async def one(number: int, text: str) -> None:
            placed = replace(order(number, number // 4), parameters={"text": text, "voice": "Aria"})
            await core.chat.delivered((await core.service.order(placed)).job.job_id)

        return await _measured(gateway, one, learnt, measured)


async def raster(*, folder: str, shared: str, learnt: int, measured: int) -> Figures:  # noqa: ARG001
    """Poll every 5 s."""
    _hurry()
    gateway: Any = Timed()

    async def one(_: int, text: str) -> None:
        name = await gateway.submit(None, {"text": text}, "")
        while name not in gateway.lags_s:
            await asyncio.sleep(RASTER_S)
            await gateway.status(name)

    return await _measured(gateway, one, learnt, measured)


async def _measured(gateway: Timed, one: Callable[[int, str], Awaitable[None]], learnt: int, measured: int) -> Figures:
    """Begin jobs at a steady rate; return what became of those after the first."""

    async def later(number: int) -> None:
        rate = LEARNT_S / learnt if number < learnt else MEASURED_S / measured
        await asyncio.sleep(number * rate if number < learnt else LEARNT_S + (number - learnt) * rate)
        length = random.Random(-number).randrange(1, LONGEST_TEXT)  # noqa: S311 - no secret
        await one(number, f"{number:05}{'a word ' * (length // 7)}"[:length] or "a")

    with Watch() as watch:
        await asyncio.gather(*map(later, range(learnt + measured)))
    lags_s = list(gateway.lags_s.values())[learnt:]
    return watch.figures(learnt + measured, lag_s=sum(lags_s) / len(lags_s), polls=gateway.polls)


def _now_s() -> float:
    return FASTER * time.monotonic()


def _hurry() -> None:
    """Let the running loop's clock and waits run faster."""
    loop: Any = asyncio.get_running_loop()
    select = loop._selector.select  # noqa: SLF001 - nothing else of a loop waits
    loop._selector.select = lambda timeout=None: select(timeout and timeout / FASTER)  # noqa: SLF001
    loop.time = _now_s
