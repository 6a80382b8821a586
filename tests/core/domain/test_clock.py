"""A clock that is set ends nothing that is under way."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import (
    DeliveryDelayed,
    DeliveryRefused,
    NoAnswer,
    Unreachable,
)
from core.domain.lifecycle import Reason, State
from core.domain.models import Job
from core.domain.quota import LimitName
from core.domain.refusals import NeedsConfirmation
from core.engine.maintenance import end_waits, kept_too_long
from core.engine.tidying import Keep
from storage.store import SqlStore
from tests.clock import SetClock
from tests.core.engine.jobs import ONE_AT_A_TIME, at_rest, current, held_up, ordered, reaches
from tests.core.rig import Answer, Rig
from tests.makers import act, caller, order
from tests.waiting import WAIT_S

HOUR_MS = 3_600_000


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_what_the_clock_leapt_over_is_no_age() -> None:
    clock = SetClock()
    before_ms = clock.now_ms()
    clock.forward(hours=1)
    clock.leap(hours=24)
    assert clock.since_ms(before_ms) == HOUR_MS
    after_ms = clock.now_ms()
    clock.forward(hours=2)
    assert (clock.since_ms(before_ms), clock.since_ms(after_ms)) == (3 * HOUR_MS, 2 * HOUR_MS)


def test_a_leap_that_is_taken_back_counts_no_more() -> None:
    clock = SetClock()
    before_ms = clock.now_ms()
    for hours in (24, -24):
        clock.leap(hours=hours)
        clock.since_ms(before_ms)
    clock.forward(hours=1)
    assert clock.since_ms(before_ms) == HOUR_MS


def test_before_it_began_nothing_is_negative() -> None:
    clock = SetClock()
    clock.leap(hours=-5)
    assert clock.since_ms(clock.now_ms() + HOUR_MS) == 0


async def test_a_leap_ends_no_running_job(rig: Rig) -> None:
    async def leap() -> Answer:
        rig.clock.leap(hours=24)
        return Answer("PROCESSING")

    rig.gateway.statuses = [leap, Answer("PROCESSING"), Answer("PROCESSING")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert len(rig.gateway.asked) == 4


async def test_a_leap_while_it_is_submitted_ends_no_job(rig: Rig) -> None:
    async def leap() -> str:
        rig.clock.leap(hours=24)
        return "request-1"

    rig.gateway.submits, rig.gateway.statuses = [leap], [Answer("PROCESSING")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_leap_gives_up_no_unconfirmed_job(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        rig.clock.leap(hours=24)
        alive.worker.wake(job.job_id)
        assert await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_leap_ends_no_wait_for_the_gateway(rig: Rig) -> None:
    async def leap() -> str:
        rig.clock.leap(hours=24)
        raise Unreachable

    rig.gateway.submits = [leap]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_leap_ends_no_offer(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.service.admin._store.set_limit(act(), LimitName.CONFIRM_MICROS, 1)
        with pytest.raises(NeedsConfirmation) as asked:
            await alive.service.order(order())
        rig.clock.leap(hours=24)
        await alive.service.confirm(caller(), asked.value.offer_id)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_leap_ends_no_keeping_of_audio(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        rig.clock.leap(hours=24 * 30)
        assert await kept_too_long(alive.store, rig.clock, Keep()) == []
        rig.clock.forward(ms=Keep().ms)
        assert [old.job_id for old in await kept_too_long(alive.store, rig.clock, Keep())] == [job.job_id]


async def test_a_leap_ends_no_telling(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)

    async def leap() -> None:
        rig.clock.leap(hours=24 * 30)
        raise DeliveryDelayed("no connection", retry_after_s=0)

    rig.gateway.statuses = [Answer("FAILED", ())]
    rig.chat.tellings = [leap]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("failed", Reason.GATEWAY_FAILED)]


async def test_a_leap_ends_no_wait_for_a_place(rig: Rig) -> None:
    rig.pace, rig.limits = replace(rig.pace, queue_s=60), ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        waiting = await ordered(alive, who="bob")
        rig.clock.leap(hours=24)
        looking = asyncio.create_task(end_waits(_Looks(alive.store, 3), rig.clock, 0.01, alive.worker.cancelled))
        async with asyncio.timeout(WAIT_S):
            with pytest.raises(_Enough):
                await looking
        assert (await current(alive, waiting)).stage is State.QUEUED
        go.set()
        await at_rest(alive)


class _Enough(BaseException):
    """It was looked so often."""


class _Looks:
    """A store at which one looks a few times."""

    def __init__(self, store: SqlStore, times: int) -> None:
        self._store, self._times = store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def oldest_waiting(self) -> Job | None:
        self._times -= 1
        if self._times < 0:
            raise _Enough
        return await self._store.oldest_waiting()
