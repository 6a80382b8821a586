"""A worker that shares the store with others: what it takes up at once, and what it and they signal to one another."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import Unreachable
from core.domain.lifecycle import Reason, State
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.lease import RESUME, Carried, Hear, SoleLease
from core.engine.queue import Limits, Room
from core.engine.worker import BATCH
from storage.driver import Statement
from storage.store import SqlStore
from tests.core.engine.jobs import ONE_AT_A_TIME, at_rest, current, held_up, ordered, taken_over
from tests.core.rig import Broken, Incarnation, Rig
from tests.makers import admission, caller, order

_TAKE = """
WITH waiting AS (SELECT job_id FROM generations GROUP BY job_id HAVING max(state) = 'queued' AND min(state) = 'queued')
UPDATE jobs SET worker_id = 'me' WHERE worker_id = '' AND closed_ms IS NULL AND (
    job_id NOT IN (SELECT job_id FROM waiting) OR job_id IN (
        SELECT job_id FROM jobs WHERE worker_id = '' AND job_id IN (SELECT job_id FROM waiting)
        ORDER BY created_ms, job_id LIMIT :most
    )
)
"""


class Shared(SoleLease):
    """Takes jobs out of the store and keeps the signals that it is to send."""

    worker_id = "me"

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.store = store
        self.signals: list[str] = []
        self.faults: list[Exception] = []

    async def start(self, hear: Hear) -> None:
        self.hear = hear

    def notify(self, name: str = "") -> None:
        self.signals.append(name)

    async def take(self, room: Room, carried: Carried) -> list[Job]:
        if self.faults:
            raise self.faults.pop()
        await self.store._driver.run([Statement(_TAKE, {"most": room.most})])
        jobs = await self.store.unfinished()
        return [job for job in jobs if job.worker_id == self.worker_id and not carried(job.job_id)]


@pytest.fixture
def leases() -> list[Shared]:
    return []


@pytest.fixture
def rig(tmp_path: Path, leases: list[Shared]) -> Rig:
    def made(store: SqlStore) -> Shared:
        leases.append(Shared(store))
        return leases[-1]

    rig = Rig(tmp_path, lease=made)
    rig.pace = replace(rig.pace, look_s=600)  # what is not taken up at once is not taken up
    return rig


async def admitted(alive: Incarnation, who: str = "ann") -> Job:
    """Place an order of which this worker does not hear."""
    job = (await alive.store.admit(admission(order(caller(who))))).job
    assert job is not None
    return job


async def test_an_order_is_taken_up_at_once_and_signalled(rig: Rig, leases: list[Shared]) -> None:
    async with rig.running() as alive:
        await ordered(alive)
        await rig.chat.until(lambda: bool(rig.chat.heard))
        assert leases[0].signals == [""]


async def test_an_order_placed_elsewhere_is_taken_up_on_a_signal(rig: Rig, leases: list[Shared]) -> None:
    async with rig.running() as alive:
        await admitted(alive)
        leases[0].hear("")
        await rig.chat.until(lambda: bool(rig.chat.heard))
        assert leases[0].signals == []  # each worker would answer the other's for ever


async def test_whatever_a_place_is_free_for_is_taken_up(rig: Rig) -> None:
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        for who in ("ann", "bob", "cid"):
            await ordered(alive, who=who)
        await rig.chat.until(lambda: len(rig.chat.heard) == 3)


async def test_a_rush_is_taken_up_in_batches_without_a_pause(rig: Rig) -> None:
    rig.limits = Limits(total=99, community=99, member=99)
    reached, go, step = held_up()
    rig.gateway.submits = [step] * BATCH
    async with rig.running() as alive:
        for number in range(BATCH + 1):
            await admitted(alive, f"member{number}")
    async with rig.running() as alive:
        await rig.chat.until(lambda: bool(rig.chat.heard))
        assert len(rig.gateway.posted) == BATCH + 1
        go.set()
        await at_rest(alive)
    assert reached.is_set()


async def test_a_look_that_fails_is_not_the_last(rig: Rig, leases: list[Shared]) -> None:
    rig.pace = replace(rig.pace, look_s=0.001)
    async with rig.running() as alive:
        leases[0].faults = [Broken("unforeseen")]
        await ordered(alive)
        await rig.chat.until(lambda: bool(rig.chat.heard))
        assert leases[0].faults == []


async def test_who_takes_back_what_nobody_carries_is_told_at_once(rig: Rig, leases: list[Shared]) -> None:
    rig.limits = ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        waits = await ordered(alive, who="bob")
        leases[0].signals.clear()
        await alive.service.cancel(caller("bob"), waits.job_id)
        assert leases[0].signals == [waits.job_id, ""]
        await rig.chat.until(lambda: bool(rig.chat.told))
        assert rig.chat.told == [("cancelled", Reason.WITHDRAWN)]
        go.set()
        await at_rest(alive)


async def test_who_takes_back_what_another_worker_has_is_left_to_that_worker(rig: Rig, leases: list[Shared]) -> None:
    async with rig.running() as alive:
        job = await admitted(alive)
        await taken_over(alive, job.job_id, State.QUEUED)
        await alive.service.cancel(caller(), job.job_id)
        assert leases[0].signals == [job.job_id]
        leases[0].hear("nobody-has-this")
        assert leases[0].signals == [job.job_id]
        assert (await current(alive, job)).worker_id == "another"


async def test_an_operators_word_ends_the_pause_here_and_elsewhere(rig: Rig, leases: list[Shared]) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [Unreachable(), Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        while (await current(alive, job)).reason is None:
            await asyncio.sleep(0)
        leases[0].hear(RESUME)
        while (await current(alive, job)).generations[0].attempts < 2 or not alive.worker.load().wait_s > 500:
            await asyncio.sleep(0)
        assert leases[0].signals == [""]
        assert alive.worker.resume() == Resumed(ended_pause=True, spread=True)
        assert leases[0].signals == ["", RESUME]
        await rig.chat.until(lambda: bool(rig.chat.heard))


async def test_a_worker_runs_with_its_lease_and_all_that_works_beside_it(rig: Rig, leases: list[Shared]) -> None:
    async with rig.running() as alive:
        runs = [alive.worker.running]
        leases[0].valid, leases[0].left = False, 3
        runs.append(alive.worker.running)
        leases[0].valid = True
        runs.append(alive.worker.running)
        alive.worker._beside[0].cancel()
        await asyncio.wait(alive.worker._beside[:1])
        assert [*runs, alive.worker.running] == [True, False, True, False]
        assert alive.worker.load().waiting == 3
