"""Audio that comes after its job has expired is delivered all the same, free, once, and only where it is confirmed."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import GatewayError, NoAnswer, OutOfCredit, ServerError, Undecodable
from core.domain.lifecycle import DeliveryState, JobState, Late, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from tests.core.engine.jobs import (
    at_rest,
    comes_to,
    current,
    followed,
    ordered,
    reaches,
)
from tests.core.rig import Answer, Incarnation, Rig
from tests.makers import caller
from tests.moves import only

UNFINISHED = Answer("PROCESSING", ())


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr("core.engine.callbacks.PAUSES_S", (0.001,) * 5)
    rig = Rig(tmp_path)
    rig.pace = replace(rig.pace, callbacks=True)
    rig.with_deadline(0.01)
    return rig


async def expired(rig: Rig, alive: Incarnation, error: GatewayError | None = None) -> Job:
    rig.gateway.submits = [error or ServerError()]
    job = await ordered(alive)
    await at_rest(alive)
    job = await current(alive, job)
    assert (job.stage, job.late) == (JobState.EXPIRED, Late.AWAITED)
    return job


async def called_back(alive: Incarnation, job: Job, request_id: str = "late-1") -> Job:
    assert await alive.service.called_back(job.generations[0].callback_token, request_id)
    await followed()
    await at_rest(alive)
    return await current(alive, job)


@pytest.mark.parametrize("error", [ServerError(), NoAnswer()])
async def test_it_is_delivered_free_and_the_loss_stands_once(rig: Rig, error: GatewayError) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive, error)
        assert job.destination == Destination("test", {"token": ""})
        done = await called_back(alive, job)
        assert (done.stage, done.generations[0].request_id, done.destination.data) == (DeliveryState.SENT, "late-1", {})
        [(_, content, receipt)] = rig.chat.heard
        assert (content, receipt.charged_micros) == (b"audio", 0)
        assert (await alive.service.standing(caller())).used_micros == 0
        assert await alive.service.entries(caller()) == []
        again = await called_back(alive, job)
        assert again == done
    assert len(rig.chat.heard) == 1
    assert rig.chat.told == [("expired", error.reason)]
    assert rig.gateway.asked.count("late-1") == 2  # to confirm it, and where it is


async def test_what_was_running_too_long_is_delivered_free_by_its_own_name(rig: Rig) -> None:
    rig.with_deadline(0.001)
    rig.gateway.statuses = [UNFINISHED]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("expired", Reason.TOO_SLOW)]
        done = await called_back(alive, job, "anything")
        assert (done.stage, done.generations[0].request_id, done.free) == (DeliveryState.SENT, "request-1", True)
    assert "anything" not in rig.gateway.asked


@pytest.mark.parametrize(
    ("statuses", "asked"), [([Answer("FAILED", ())], 1), ([Answer("ERROR", ())], 1), ([Answer("WHATEVER")], 1), ([UNFINISHED] * 9, 5)]
)  # fmt: skip
async def test_what_is_not_confirmed_changes_nothing(rig: Rig, statuses: list[Any], asked: int) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive)
        rig.gateway.statuses = list(statuses)
        assert await called_back(alive, job) == job
        assert await called_back(alive, job, "") == job
    assert len(rig.gateway.asked) == asked
    assert rig.chat.heard == []


async def test_it_is_asked_for_until_it_names_its_audio(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive)
        rig.gateway.statuses = [ServerError(), UNFINISHED, Answer("COMPLETED", ())]
        assert (await called_back(alive, job)).stage is DeliveryState.SENT


async def test_where_it_is_no_audio_its_member_hears_so_and_that_is_all(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive)
        rig.media.probes = [Undecodable("not audio")]
        done = await called_back(alive, job)
        assert (done.stage, done.late, done.destination.data) == (JobState.EXPIRED, Late.CAME, {})
        assert await called_back(alive, job) == done
    assert rig.chat.told[1:] == [("expired", Reason.UNDECODABLE)]


async def test_it_goes_on_after_a_restart(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive)
    async with rig.running() as alive:
        late = await alive.store.move(job, 1, State.LATE, request_id="late-1")
        assert late.worker_id == ""
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert len(rig.chat.heard) == 1


async def test_an_expiry_while_the_callback_is_followed_loses_nothing(rig: Rig) -> None:
    rig.with_deadline(60)
    rig.gateway.submits = [ServerError()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        asked = asyncio.Event()
        go_on = asyncio.Event()

        async def slow() -> None:
            asked.set()
            await go_on.wait()

        rig.gateway.statuses = [slow]
        assert await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await asked.wait()
        rig.clock.forward(hours=1)
        alive.worker._wakeups.wake(job.named(1))
        await at_rest(alive)
        assert (await current(alive, job)).stage is JobState.EXPIRED
        go_on.set()
        assert (await called_back(alive, job)).stage is DeliveryState.SENT


async def test_what_was_proven_not_to_be_accepted_has_no_audio(rig: Rig) -> None:
    rig.gateway.submits = [OutOfCredit()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert only(await called_back(alive, job)).state is State.REJECTED
    assert rig.gateway.asked == []


async def test_without_callbacks_nothing_is_kept(rig: Rig) -> None:
    rig.pace = replace(rig.pace, callbacks=False)
    rig.gateway.submits = [ServerError()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        job = await current(alive, job)
        assert (job.stage, job.late, job.destination.data) == (JobState.EXPIRED, Late.NO, {})
        assert await called_back(alive, job) == job


async def test_after_a_day_it_is_not_known_any_more_where_it_would_go(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await expired(rig, alive)
    for hours, kept in ((23, True), (2, False)):
        rig.clock.forward(hours=hours)
        async with rig.running() as alive:
            job = await comes_to(alive, job, lambda now, kept=kept: now.late is (Late.AWAITED if kept else Late.NO))  # type: ignore[misc]
            assert bool(job.destination.data) is kept
            if not kept:
                assert await called_back(alive, job) == job
    assert rig.chat.heard == []
