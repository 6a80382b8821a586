"""An order that waits is taken back by its member, and by nobody else; later it is too late."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.errors import TooManyRequests
from core.domain.lifecycle import DeliveryState, JobState, Reason, State
from core.domain.models import Job
from core.domain.refusals import NotFound, NotPermitted
from core.engine.queue import Limits
from tests.core.engine.jobs import (
    a_while,
    at_rest,
    comes_to,
    current,
    held_up,
    ordered,
    reaches,
    taken_over,
)
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order
from tests.waiting import until


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path, limits=Limits(total=1))


async def one_waits(rig: Rig, alive: Incarnation) -> tuple[Job, Job, Callable[[], None]]:
    """Return a job that runs, one that waits for it, and what lets the first go on."""
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    runs = await ordered(alive)
    await reached.wait()
    return runs, await ordered(alive), go.set


async def test_what_waits_is_taken_back_at_once_and_costs_nothing(rig: Rig) -> None:
    async with rig.running() as alive:
        runs, waits, go = await one_waits(rig, alive)
        before = await alive.service.standing(caller())
        await alive.service.cancel(caller(), waits.job_id)
        await rig.chat.until(lambda: bool(rig.chat.told))
        assert (await current(alive, runs)).stage is State.RUNNING
        after = await alive.service.standing(caller())
        assert before.held_micros - after.held_micros == waits.cost_micros
        assert alive.worker.load().waiting == 0
        go()
        await at_rest(alive)
        assert rig.chat.told == [(JobState.CANCELLED.value, Reason.WITHDRAWN)]
        assert [heard[0] for heard in rig.chat.heard] == [runs.job_id]
        assert await alive.store.unfinished() == []
    assert len(rig.gateway.posted) == 1


async def test_only_whoever_ordered_takes_back(rig: Rig) -> None:
    async with rig.running() as alive:
        _, waits, go = await one_waits(rig, alive)
        for somebody in (caller("bob"), caller("boss", is_admin=True), caller(community="other")):
            with pytest.raises(NotPermitted, match="owner"):
                await alive.service.cancel(somebody, waits.job_id)
        with pytest.raises(NotFound, match="nothing"):
            await alive.service.cancel(caller(), "nothing")
        go()
        await at_rest(alive)
    assert len(rig.chat.heard) == 2


async def test_what_is_on_its_way_can_not_be_taken_back(rig: Rig) -> None:
    async with rig.running() as alive:
        reached, go, step = held_up()
        rig.gateway.submits = [step]
        job = await ordered(alive)
        await reached.wait()
        for state in (State.SUBMITTING, DeliveryState.SENT):
            await reaches(alive, job, state)
            with pytest.raises(NotFound) as refused:
                await alive.service.cancel(caller(), job.job_id)
            assert refused.value.what == "waiting"
            go.set()
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_what_a_worker_only_just_took_is_still_taken_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig.running() as alive:
        _, waits, go = await one_waits(rig, alive)
        read = alive.store.job

        async def taken_meanwhile(job_id: str) -> Job | None:
            monkeypatch.setattr(alive.store, "job", read)
            job = await read(job_id)
            await taken_over(alive, job_id, State.QUEUED)
            return job

        monkeypatch.setattr(alive.store, "job", taken_meanwhile)
        cancelled = await alive.service.cancel(caller(), waits.job_id)
        assert (cancelled.stage, cancelled.worker_id) == (JobState.CANCELLED, "another")
        go()
        await at_rest(alive)


async def test_what_waits_for_the_gateway_is_not_submitted_any_more(rig: Rig) -> None:
    rig.breaker_pause_s = 0.05
    rig.gateway.submits = [TooManyRequests(retry_after_s=0)]
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: now.generations[0].attempts and now.stage is State.QUEUED)
        await rig.chat.until(lambda: State.QUEUED in rig.chat.shown)
        await alive.service.cancel(caller(), job.job_id)
        await at_rest(alive)
    assert rig.chat.told == [(JobState.CANCELLED.value, Reason.WITHDRAWN)]
    assert len(rig.gateway.posted) == 1


async def test_who_takes_back_at_a_closed_gate_is_told_at_once(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [TooManyRequests(retry_after_s=0)]
    async with rig.running() as alive:
        jobs = [await ordered(alive)]
        await rig.chat.until(lambda: rig.chat.shown.count(State.QUEUED) == 2)  # at first, and at the gate
        for job in jobs * 2:  # and pressing again says the same
            assert (await alive.service.cancel(caller(), job.job_id)).reason == Reason.WITHDRAWN
        await at_rest(alive)
        assert rig.chat.told == [(JobState.CANCELLED.value, Reason.WITHDRAWN)]
        assert alive.worker.load().in_flight == 0


async def test_who_waits_for_the_one_that_tries_the_gate_may_take_back_too(rig: Rig) -> None:
    rig.limits = Limits()
    reached, go, step = held_up()
    rig.gateway.submits = [TooManyRequests(retry_after_s=0), step]
    async with rig.running() as alive:
        tries = await ordered(alive)
        await reached.wait()
        waits, shown = await ordered(alive), len(rig.chat.shown)
        await rig.chat.until(lambda: State.QUEUED in rig.chat.shown[shown:])
        await alive.service.cancel(caller(), waits.job_id)
        await rig.chat.until(lambda: rig.chat.told == [(JobState.CANCELLED.value, Reason.WITHDRAWN)])
        go.set()
        await at_rest(alive)
        assert [heard[0] for heard in rig.chat.heard] == [tries.job_id]


async def test_a_nudge_at_a_closed_gate_gives_nothing_up(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [TooManyRequests(retry_after_s=0)]
    async with rig.running() as alive:
        job = await ordered(alive)
        await rig.chat.until(lambda: State.QUEUED in rig.chat.shown)
        for _ in range(3):
            alive.worker.wake(job.job_id)
            await a_while(alive)
        assert (await current(alive, job)).stage is State.QUEUED
    assert rig.chat.told == []


async def test_who_takes_back_at_a_full_community_is_not_held_up_elsewhere(rig: Rig) -> None:
    rig.limits = Limits(community=1)
    async with rig.running() as alive:
        _, waits, go = await one_waits(rig, alive)
        elsewhere = await alive.service.order(order(caller(community="other")))
        await a_while(alive)
        assert rig.chat.heard == []
        await alive.service.cancel(caller(), waits.job_id)
        await rig.chat.until(lambda: [heard[0] for heard in rig.chat.heard] == [elsewhere.job.job_id])
        go()
        await at_rest(alive)


async def test_who_took_back_before_a_crash_is_told_after_it(rig: Rig) -> None:
    async with rig.running() as alive:
        _, waits, go = await one_waits(rig, alive)
        await alive.store.move(waits, 1, State.CANCELLED, reason=Reason.WITHDRAWN)  # and no further
        rig.gateway.statuses = []
        go()
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [(JobState.CANCELLED.value, Reason.WITHDRAWN)]


async def test_a_job_that_is_told_to_look_for_nothing_waits_on(rig: Rig) -> None:
    async with rig.running() as alive:
        _, waits, go = await one_waits(rig, alive)
        alive.worker.wake(waits.job_id)
        await a_while(alive)
        await until(lambda: alive.worker.load().waiting == 1)
        go()
        await at_rest(alive)
    assert len(rig.chat.heard) == 2
