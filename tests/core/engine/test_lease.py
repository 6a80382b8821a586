"""A worker that was away for long: what it does not begin, what it takes back, and what it leaves to others."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import DeliveryDelayed, ServerError, StoreError, Undecodable
from core.domain.lifecycle import DeliveryState, State
from core.domain.models import Job
from core.engine.lease import Carried, SoleLease
from core.engine.pace import Pace
from core.engine.queue import Limits, Room
from storage.driver import Statement
from storage.store import SqlStore
from tests.core.engine.jobs import (
    at_rest,
    comes_to,
    current,
    held_up,
    loud,
    ordered,
    reaches,
    taken_over,
)
from tests.core.rig import Answer, Broken, Rig
from tests.makers import admission
from tests.waiting import WAIT_S, until


class Shaky(SoleLease):
    """A lease that is valid when the test says so."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.answers: list[bool] = []
        self.asked = asyncio.Event()
        self.found: list[Job] = []
        self.unshown: list[Job] = []
        self.left_jobs: list[str] = []
        self.handed: list[set[str]] = []
        """What was still carried at each handing over."""

    async def hand_over(self, carried: Collection[str]) -> None:
        self.handed.append(set(carried))

    async def take_unshown(self, most: int) -> list[Job]:
        unshown, self.unshown = self.unshown, []
        return unshown

    async def leave(self, job: Job, *, told: bool) -> None:
        self.left_jobs.append(job.job_id)
        raise StoreError("away")

    async def take(self, room: Room, carried: Carried) -> list[Job]:
        found, self.found = self.found, []
        return found or await super().take(room, carried)

    @property
    def valid(self) -> bool:  # type: ignore[override]
        self.asked.set()
        return self.answers.pop(0) if self.answers else True


@pytest.fixture
def lease() -> list[Shaky]:
    return []


@pytest.fixture
def rig(tmp_path: Path, lease: list[Shaky], monkeypatch: pytest.MonkeyPatch) -> Rig:
    for module in ("executor", "lease"):
        monkeypatch.setattr(f"core.engine.{module}.PAUSE_S", 0.001)

    def made(store: SqlStore) -> Shaky:
        lease.append(Shaky(store))
        return lease[-1]

    return Rig(tmp_path, lease=made)


async def test_nothing_begins_without_a_valid_lease(rig: Rig, lease: list[Shaky]) -> None:
    async with rig.running() as alive:
        lease[0].answers = [False] * 5
        job = await ordered(alive)
        await at_rest(alive)
        assert lease[0].answers == []
        assert (await current(alive, job)).generations[0].attempts == 1
    assert len(rig.chat.heard) == 1


async def test_a_member_is_shown_that_an_order_waits_before_it_is_left(
    rig: Rig, lease: list[Shaky], caplog: pytest.LogCaptureFixture
) -> None:
    rig.pace = replace(rig.pace, look_s=0.001)
    async with rig.running() as alive:
        waits = (await alive.store.admit(admission())).job
        assert waits is not None
        reached, go, step = held_up()
        rig.chat.showings = [step]
        lease[0].unshown = [waits]
        await reached.wait()
        assert (rig.chat.shown, lease[0].left_jobs) == ([State.QUEUED], [])
        go.set()
        await at_rest(alive)
        assert lease[0].left_jobs == [waits.job_id]
    assert f"job {waits.job_id}: taken for a moment, it stays here: away" in caplog.messages


async def test_an_intent_before_a_long_pause_is_taken_back(rig: Rig, lease: list[Shaky]) -> None:
    async with rig.running() as alive:
        lease[0].answers = [True, False]  # before the step, and before the request leaves
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).generations[0].attempts == 2
    assert len(rig.gateway.posted) == 1
    assert len(rig.chat.heard) == 1


async def test_a_delivery_goes_on_under_the_next_lease(
    rig: Rig, lease: list[Shaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.pace = replace(rig.pace, look_s=0.001)
    rig.chat.deliveries = [DeliveryDelayed("later", retry_after_s=0.1)]
    async with rig.running() as alive:
        job = await ordered(alive)
        while rig.chat.deliveries or (await current(alive, job)).stage is not DeliveryState.PENDING:
            await asyncio.sleep(0)
        monkeypatch.setattr(Shaky, "worker_id", "next")  # it ran out during the pause, and the job was taken back
        await alive.store._driver.run([Statement("UPDATE jobs SET worker_id = 'next'")])
        lease[0].found = [await current(alive, job)]
        alive.worker.hear("")
        await rig.chat.until(lambda: bool(rig.chat.heard))
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
        monkeypatch.undo()


async def test_an_upload_after_a_long_pause_is_put_off_and_not_doubtful(rig: Rig, lease: list[Shaky]) -> None:
    async with rig.running() as alive:
        reached, go, step = held_up()
        rig.media.fits = [step]
        job = await ordered(alive)
        await reached.wait()
        lease[0].answers = [False]
        go.set()
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert lease[0].answers == []
    assert rig.chat.uncertain == [False]


async def test_the_id_of_an_answer_that_came_late_goes_to_the_new_carrier(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("core.engine.callbacks.PAUSES_S", (0, 0))
    async with rig.running() as alive:
        reached, go, step = held_up()
        rig.gateway.submits, rig.gateway.statuses = [step], [ServerError()]
        job = await ordered(alive)
        await reached.wait()
        await taken_over(alive, job.job_id, State.UNCONFIRMED)
        go.set()
        await at_rest(alive)
        now = await current(alive, job)
        assert (now.stage, now.generations[0].request_id, now.worker_id) == (State.RUNNING, "request-1", "another")
        await alive.store.move(now, 1, State.FAILED)
    assert rig.chat.heard == []
    assert loud(caplog) == []


@pytest.mark.parametrize("state", [State.RUNNING, State.FAILED])
async def test_what_another_worker_took_is_left_to_it(rig: Rig, state: State) -> None:
    async with rig.running() as alive:
        reached, go, step = held_up()
        rig.gateway.statuses = [step]
        job = await ordered(alive)
        await reached.wait()
        await taken_over(alive, job.job_id, State.RUNNING)
        if state is State.FAILED:
            await alive.store.move(await current(alive, job), 1, State.FAILED)
        go.set()
        await at_rest(alive)
        now = await current(alive, job)
        assert (now.generations[0].state, now.worker_id) == (state, "another")
        if state is State.RUNNING:
            await alive.store.move(now, 1, State.FAILED)
    assert (rig.chat.heard, rig.chat.told) == ([], [])


async def test_who_lost_a_job_before_its_member_was_told_does_not_tell(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.gateway.statuses = [Answer("FAILED")]
    async with rig.running() as alive:
        reached, go, step = held_up()

        async def fails() -> None:
            await step()
            raise Broken

        rig.chat.tellings = [fails]
        job = await ordered(alive)
        await reached.wait()
        await taken_over(alive, job.job_id, State.FAILED)
        go.set()
        await at_rest(alive)
    assert rig.chat.told == []


@pytest.mark.parametrize("asking", [True, False])
async def test_who_takes_a_job_back_waits_until_it_is_let_go(rig: Rig, lease: list[Shaky], *, asking: bool) -> None:
    """A worker whose lease ran out begins anew under another id, and may find its own jobs."""
    reached, go, step = held_up()
    if asking:
        rig.gateway.statuses = [step]
    else:
        rig.pace = Pace(poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: now.stage is State.RUNNING and (reached.is_set() or not asking))
        (former,) = carrying()
        text = "UPDATE jobs SET worker_id = 'second' WHERE job_id = :job_id"
        await alive.store._driver.run([Statement(text, {"job_id": job.job_id})])
        lease[0].worker_id = "second"
        lease[0].found = [await current(alive, job)]
        await alive.worker._take_up()
        assert former in carrying()
        assert len(rig.gateway.asked) == asking
        go.set()
        await asyncio.wait({former}, timeout=WAIT_S)
        assert former.done()
        assert len(rig.gateway.asked) == asking
        (again,) = carrying()
        alive.worker.hear(job.job_id)
        await asyncio.wait({again}, timeout=WAIT_S)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert len(rig.chat.heard) == len(rig.gateway.posted) == 1


async def test_nothing_is_handed_over_under_a_lease_that_ran_out(rig: Rig, lease: list[Shaky]) -> None:
    reached, go, step = held_up()
    rig.media.fits = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        lease[0].worker_id = "second"
        go.set()
        await at_rest(alive)
    assert rig.chat.uncertain == []


def carrying() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("job ")]


async def test_an_end_while_the_audio_is_made_ready_leaves_no_doubt(rig: Rig) -> None:
    async with rig.running() as alive:
        reached, go, step = held_up()
        rig.media.fits = [Undecodable("not at first"), step]
        job = await ordered(alive)
        await reached.wait()
        assert (await current(alive, job)).stage is DeliveryState.PENDING
        await alive.worker.stop(0)
        go.set()
    async with rig.running():
        await at_rest(alive)
    assert rig.chat.uncertain == [False]


async def test_a_stop_leaves_to_others_what_has_come_to_rest_before_it_waits_for_the_rest(
    rig: Rig, lease: list[Shaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.SOON_S", 0.01)
    rig.limits = Limits(total=2)
    reached, go, step = held_up()
    async with rig.running() as alive:
        rig.gateway.statuses = [Answer("PROCESSING")] * 10_000
        watched = await ordered(alive)
        await reaches(alive, watched, State.RUNNING)
        rig.gateway.submits = [step]
        slow = await ordered(alive)
        await reached.wait()
        await ordered(alive)  # waits for a place
        stop = asyncio.create_task(alive.worker.stop(WAIT_S))
        await until(lambda: lease[0].handed)
        assert lease[0].handed == [{slow.job_id}]
        assert not stop.done()
        go.set()
        await stop
        assert (await current(alive, slow)).stage is State.RUNNING


async def test_a_job_that_is_taken_once_more_while_it_waits_waits_once(rig: Rig, lease: list[Shaky]) -> None:
    rig.limits = Limits(total=1)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        waits = await ordered(alive)
        lease[0].found = [waits]
        await alive.worker._take_up()
        assert alive.worker.load().waiting == 1
        go.set()
        await at_rest(alive)
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 2


async def test_a_worker_without_a_lease_does_not_say_that_jobs_are_carried_on(rig: Rig, lease: list[Shaky]) -> None:
    async with rig.running() as alive:
        assert alive.worker.running
        lease[0].answers = [False]
        assert not alive.worker.running


async def test_who_lost_a_job_between_two_tries_to_tell_does_not_tell(rig: Rig, lease: list[Shaky]) -> None:
    rig.gateway.statuses = [Answer("FAILED")]

    async def delayed() -> None:
        lease[0].worker_id = "another life"
        raise DeliveryDelayed("later", retry_after_s=0)

    async with rig.running() as alive:
        rig.chat.tellings = [delayed]
        await ordered(alive)
        await at_rest(alive)
        lease[0].worker_id = ""
    assert rig.chat.told == []


async def test_who_has_the_store_alone_takes_what_is_unfinished_once(rig: Rig) -> None:
    async with rig.running() as alive:
        assert (await alive.store.admit(admission())).job is not None
        lease, room = SoleLease(alive.store), Room(most=9)
        assert len(await lease.take(room, lambda _: False)) == 1
        assert await lease.take(room, lambda _: False) == []
