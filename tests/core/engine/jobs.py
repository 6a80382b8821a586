"""Order, watch and hold up jobs in a running rig."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from core.domain.lifecycle import Stage, State
from core.domain.models import Job
from core.engine.queue import Limits
from storage.driver import Statement
from tests.core.rig import Incarnation
from tests.makers import caller, order
from tests.waiting import WAIT_S, until

ONE_AT_A_TIME = Limits(total=1, community=1, member=1)


async def ordered(alive: Incarnation, text: str = "Hello everyone", who: str = "ann") -> Job:
    return (await alive.service.order(order(caller(who), text))).job


async def current(alive: Incarnation, job: Job) -> Job:
    found = await alive.store.job(job.job_id)
    assert found is not None
    return found


async def at_rest(alive: Incarnation) -> None:
    """Wait until no job is carried any more."""
    async with asyncio.timeout(WAIT_S):
        while tasks := [t for t in asyncio.all_tasks() if t.get_name().startswith("job ")]:
            await asyncio.wait(tasks)


def held_up() -> tuple[asyncio.Event, asyncio.Event, Callable[[], Awaitable[None]]]:
    """Return (reached, go, step): the step says that it was reached and waits to be let go."""
    reached, go = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        reached.set()
        await go.wait()

    return reached, go, step


def returns(value: str) -> Callable[[], Awaitable[str]]:
    async def step() -> str:
        return value

    return step


async def upstream_spend(alive: Incarnation) -> int:
    query = "SELECT coalesce(sum(upstream_micros), 0) AS n FROM ledger"
    (rows,) = await alive.store._driver.run([Statement(query)])
    return int(rows[0]["n"])


async def a_while(alive: Incarnation) -> None:
    """Let what can go on go on: many commits, each many turns of the loop, and as many hops to a thread.

    Only before the assertion that something did not happen: what should happen may take longer, and has an `until`.
    """
    for _ in range(30):
        await alive.store.unfinished()
        await asyncio.to_thread(int)


async def comes_to(alive: Incarnation, job: Job, so: Callable[[Job], object]) -> Job:
    """Wait until a job is stored so."""
    async with asyncio.timeout(WAIT_S):
        while not so(now := await current(alive, job)):
            await asyncio.sleep(0)
    return now


async def reaches(alive: Incarnation, job: Job, stage: Stage) -> None:
    await comes_to(alive, job, lambda now: now.stage is stage)


async def parked(alive: Incarnation, job: Job, number: int = 1) -> None:
    """Wait until a generation waits to be woken, or for its next look."""
    await until(lambda: job.named(number) in alive.worker._wakeups._waits)


async def followed() -> None:
    """Wait until every callback has been followed."""
    await until(lambda: not tasks("callback of "))


def tasks(prefix: str) -> list[str]:
    return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(prefix)]


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.exc_info or "come to rest" in r.getMessage()]


async def taken_over(alive: Incarnation, job_id: str, state: State) -> None:
    """Let another worker have the job and find it in a state."""
    args = {"job_id": job_id, "state": state.value}
    texts = ("UPDATE jobs SET worker_id = 'another'", "UPDATE generations SET state = :state")
    await alive.store._driver.run([Statement(f"{text} WHERE job_id = :job_id", args) for text in texts])
