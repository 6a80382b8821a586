"""A process that stops begins nothing new, finishes what must be finished, and takes no longer than it was given."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.changes import Shown
from core.domain.errors import (
    DeliveryRefused,
    NoAnswer,
    ServerError,
    Unreachable,
)
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.orders import Destination
from tests.core.engine.jobs import (
    ONE_AT_A_TIME,
    a_while,
    at_rest,
    comes_to,
    current,
    held_up,
    loud,
    ordered,
    reaches,
    tasks,
)
from tests.core.rig import Rig
from tests.makers import caller
from tests.waiting import WAIT_S, until


async def test_draining_begins_no_order_and_leaves_running_jobs(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.RUNNING)
        await alive.worker.drain(WAIT_S)
        rig.chat.shown.clear()
        kept = await ordered(alive)
        assert kept.reason is Reason.RESTARTING
        await alive.worker.stop(WAIT_S)
        assert rig.chat.shown == [State.QUEUED]
        assert (await current(alive, job)).stage is State.RUNNING
        assert (await current(alive, kept)).shown == Shown.NO_WORKER
    assert len(rig.gateway.posted) == 1
    rig.pace = replace(rig.pace, poll_min_s=0.001, poll_max_s=0.001)
    rig.limits = ONE_AT_A_TIME
    rig.chat.shown.clear()
    async with rig.running() as alive:
        await rig.chat.until(lambda: State.QUEUED in rig.chat.shown)  # what stood there is not true any more
        await at_rest(alive)
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 2


async def test_what_comes_during_a_drain_can_be_taken_back(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.worker.drain(WAIT_S)
        kept = await ordered(alive)
        await alive.service.cancel(caller(), kept.job_id)
        await alive.worker.stop(WAIT_S)
        assert tasks("job ") == []
    assert rig.chat.told == [("cancelled", Reason.WITHDRAWN)]
    assert rig.gateway.posted == []


@pytest.mark.parametrize("part", ["submits", "deliveries"])
async def test_draining_finishes_what_has_left_this_machine(rig: Rig, part: str) -> None:
    reached, go, step = held_up()
    (rig.gateway if part == "submits" else rig.chat).__dict__[part] = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await asyncio.sleep(0)
        go.set()
        await stopping
        state = (await current(alive, job)).stage
        assert state is (State.RUNNING if part == "submits" else DeliveryState.SENT)


async def test_draining_is_bounded(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0.05)
        assert (await current(alive, job)).stage is State.SUBMITTING
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("drain_s", [0, WAIT_S])
async def test_nothing_runs_after_the_drain(rig: Rig, drain_s: float) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive)
        await ordered(alive, who="bob")
        await reached.wait()
        if drain_s:
            asyncio.get_running_loop().call_soon(go.set)
        await alive.worker.stop(drain_s)
        assert tasks("job ") == tasks("sweeper") == []
    assert len(rig.gateway.posted) == 1


async def test_a_drain_gives_the_time_it_was_given(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await a_while(alive)
        assert not stopping.done()
        go.set()
        await stopping
        assert (await current(alive, job)).stage is DeliveryState.SENT
        assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == b"audio"  # it is kept
    assert loud(caplog) == []


async def test_a_drain_begins_no_new_step(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reached, go, step = held_up()
    rig.gateway.fetches = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await a_while(alive)
        go.set()
        await stopping
        assert (await current(alive, job)).stage is DeliveryState.PENDING
        assert rig.chat.uncertain == []
    assert loud(caplog) == []
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False]


async def test_a_drain_waits_for_no_gate_and_posts_nothing_through_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: now.generations[0].attempts and now.stage is State.QUEUED)
        await a_while(alive)
        await alive.worker.stop(WAIT_S)
        assert (await current(alive, job)).stage is State.QUEUED
    assert len(rig.gateway.posted) == 1
    assert loud(caplog) == []


async def test_a_drain_does_not_wait_for_what_the_gateway_can_not_tell(rig: Rig) -> None:
    reached, go, step = held_up()

    async def fails() -> None:
        await step()
        raise ServerError

    rig.gateway.submits, rig.gateway.statuses = [NoAnswer()], [fails]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        assert await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await reached.wait()
        go.set()
        async with asyncio.timeout(WAIT_S):
            await alive.worker.stop(600)
        assert (await current(alive, job)).stage is State.UNCONFIRMED


async def test_a_drain_waits_for_a_callback_under_way(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.submits, rig.gateway.statuses = [NoAnswer()], [step]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        assert await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await a_while(alive)
        assert not stopping.done()
        go.set()
        await stopping
        assert (await current(alive, job)).generations[0].request_id == "late-1"
        assert tasks("callback") == []


async def test_sending_again_is_drained_too_while_the_telling_is_not_over(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The member presses "send again" before the first task has closed the job."""
    told, tell_on, telling = held_up()
    sent, send_on, sending = held_up()
    rig.chat.deliveries = [DeliveryRefused("kicked"), sending]
    rig.chat.tellings = [telling]
    async with rig.running() as alive:
        job = await ordered(alive)
        await told.wait()
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await sent.wait()
        tell_on.set()
        await until(lambda: len(tasks("job ")) <= 1)
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await a_while(alive)
        assert not stopping.done()
        send_on.set()
        await stopping
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert loud(caplog) == []
