"""What each answer to a submission means, and that none is ever submitted twice."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from typing import Unpack

import pytest

from core.domain.changes import MoveChanges
from core.domain.errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    ModelNotFound,
    NoAnswer,
    OutOfCredit,
    ServerError,
    StoreAway,
    StoreError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.engine.executor import FAULTS
from tests.core.engine.jobs import (
    ONE_AT_A_TIME,
    at_rest,
    current,
    held_up,
    ordered,
    reaches,
    returns,
    upstream_spend,
)
from tests.core.rig import Answer, Broken, Rig
from tests.makers import admission, caller, order
from tests.moves import only
from tests.warp import Warp


async def test_an_order_becomes_audio_and_a_receipt(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await rig.chat.until(lambda: bool(rig.chat.heard))
        await at_rest(alive)
        (job_id, content, receipt) = rig.chat.heard[0]
        assert (job_id, content) == (job.job_id, b"audio")
        assert receipt.charged_micros == 1400
        assert receipt.standing.allowance_left_micros == 98_600
        done = await current(alive, job)
        assert done.stage is DeliveryState.SENT
        assert done.destination == Destination("test")
        assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == b"audio"  # it is kept
        assert await alive.store.unfinished() == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadRequest("no"), Reason.BAD_REQUEST),
        (ModelNotFound(), Reason.MODEL_NOT_FOUND),
        (Unauthorized(), Reason.UNAUTHORIZED),
        (OutOfCredit(), Reason.OUT_OF_CREDIT),
        (Forbidden(), Reason.FORBIDDEN),
    ],
)
async def test_a_rejected_order_is_not_charged(rig: Rig, error: GatewayError, reason: Reason) -> None:
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("failed", reason)]
        assert (await alive.service.standing(caller())).used_micros == 0
        assert only(await current(alive, job)).state is State.REJECTED
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("error", [ServerError(), Unreadable(), NoAnswer()])
async def test_an_unknown_outcome_is_never_submitted_again_and_costs_nothing(rig: Rig, error: GatewayError) -> None:
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("expired", error.reason)]
        assert (await alive.service.standing(caller())).used_micros == 0
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("error", [Unreachable(), TooManyRequests(retry_after_s=0.01)])
async def test_what_proves_that_nothing_was_accepted_is_tried_again(rig: Rig, error: GatewayError) -> None:
    rig.gateway.submits = [error, error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        done = await current(alive, job)
        assert (done.stage, done.generations[0].attempts, done.why) == (DeliveryState.SENT, 3, None)
    assert len(rig.gateway.posted) == 3


async def test_a_request_id_that_another_job_has_is_not_believed(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [returns("same"), returns("same")]
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
    assert any("the gateway gave it another job's request id, same" in line for line in caplog.messages)


async def test_a_job_whose_product_is_gone_is_cancelled(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    async with rig.running() as alive:
        await alive.store.admit(admission(order()))
    rig.table = replace(rig.table, products={"music": rig.table["music"]})
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
    assert rig.chat.told == [("cancelled", Reason.INTERNAL)]


async def test_a_fault_while_submitting_never_submits_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.gateway.submits = [Broken("unforeseen")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
    assert len(rig.gateway.posted) == 1
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]


async def test_an_intent_whose_answer_was_lost_is_still_an_intent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig.running() as alive:
        move, lost = alive.store.move, [StoreError("the answer was lost")]

        async def moved(job: Job, number: int, to: State, **changes: Unpack[MoveChanges]) -> Job:
            done = await move(job, number, to, **changes)
            if to is State.SUBMITTING and lost:
                raise lost.pop()
            return done

        monkeypatch.setattr(alive.store, "move", moved)
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert len(rig.gateway.posted) == 1


async def test_an_intent_that_was_not_written_down_is_made_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    async with rig.running() as alive:
        move, away = alive.store.move, [StoreAway("the disk is full")] * (FAULTS + 1)

        async def moved(job: Job, number: int, to: State, **changes: Unpack[MoveChanges]) -> Job:
            if to is State.SUBMITTING and away:
                raise away.pop()
            return await move(job, number, to, **changes)

        monkeypatch.setattr(alive.store, "move", moved)
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).generations[0].attempts == 1
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 1


async def test_a_job_that_is_carried_twice_at_once_is_submitted_once(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker._runner._executor.carry(job, 1, nullcontext())
        go.set()
        await at_rest(alive)
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize(
    ("error", "state"), [(TooManyRequests(retry_after_s=0), State.QUEUED), (BadRequest("no"), State.REJECTED)]
)
async def test_what_the_gateway_did_not_take_is_written_down_when_the_store_is_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, error: GatewayError, state: State
) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0)
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        move, away, states = alive.store.move, [StoreError("away")] * 3, list[State]()

        async def moved(job: Job, number: int, to: State, **changes: Unpack[MoveChanges]) -> Job:
            if job.stage is State.SUBMITTING and away:
                raise away.pop()
            states.append(to)
            return await move(job, number, to, **changes)

        monkeypatch.setattr(alive.store, "move", moved)
        await ordered(alive)
        await at_rest(alive)
        assert states[:2] == [State.SUBMITTING, state]


async def test_a_submission_under_way_is_not_given_up_for_having_waited(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.pace = replace(rig.pace, queue_s=20)

    async def slow() -> None:
        async with Warp(monkeypatch).hurrying():
            await asyncio.sleep(21)

    rig.gateway.submits = [slow]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 1


async def test_what_went_wrong_before_is_forgotten_once_the_job_runs(rig: Rig) -> None:
    rig.gateway.submits = [Unreachable("first try")]
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.RUNNING)
        running = only(await current(alive, job))
        assert (running.reason, running.detail, running.attempts) == (None, None, 2)
        assert running.submitted_ms == rig.clock.now_ms()


async def test_what_the_gateway_may_have_charged_is_noted(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.with_deadline(60)

    async def time_passes() -> Answer:
        rig.clock.forward(ms=60_000)
        return Answer("PROCESSING")

    async with rig.running() as alive:
        for posted, upstream_micros in ((1, 1400), (2, 2800)):
            rig.gateway.statuses = [time_passes]
            await ordered(alive)
            await at_rest(alive)
            assert (len(rig.gateway.posted), await upstream_spend(alive)) == (posted, upstream_micros)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED), ("expired", Reason.TOO_SLOW)]
