"""What becomes of an order of several parts is told once, whichever of its tasks sees it, and none waits for ever."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import Unreachable
from core.domain.lifecycle import JobState, Reason, State
from core.domain.products import catalog
from core.engine.queue import Limits
from tests.core.engine.jobs import at_rest, comes_to, current
from tests.core.engine.parts import FAILED, Speaking, asks, dialogue, heard, placed, speaking_rig
from tests.core.rig import Rig
from tests.makers import caller
from tests.warp import Warp


@pytest.fixture
def gateway() -> Speaking:
    return Speaking()


@pytest.fixture
def rig(tmp_path: Path, gateway: Speaking) -> Rig:
    return speaking_rig(tmp_path, gateway)


async def test_who_takes_back_all_the_parts_is_told_so_once(rig: Rig, gateway: Speaking) -> None:
    rig.breaker_pause_s = 1000
    gateway.on_submit = {text: [Unreachable()] for text in ("One.", "Two.", "Three.")}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.", "Three.")
        await comes_to(alive, job, lambda now: all(made.reason for made in now.generations))
        await alive.service.cancel(caller(), job.job_id)
        await at_rest(alive)
        assert alive.worker._queue.in_flight == alive.worker._queue.waiting == 0
    assert rig.chat.told == [("cancelled", Reason.WITHDRAWN)]


async def test_whose_parts_waited_too_long_is_told_so_once(
    rig: Rig, gateway: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.breaker_pause_s = 1000
    rig.pace, rig.limits = replace(rig.pace, queue_s=5), Limits(member=2)
    gateway.on_submit = {text: [Unreachable()] for text in ("One.", "Two.", "Three.")}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.", "Three.", "Four.", "Five.")
        await comes_to(alive, job, lambda now: any(made.reason for made in now.generations))
        async with Warp(monkeypatch).hurrying():
            await at_rest(alive)
        assert alive.worker._queue.in_flight == alive.worker._queue.waiting == 0
    assert rig.chat.told == [("cancelled", Reason.UNREACHABLE)]


async def test_a_member_is_asked_once_however_often_the_process_starts(rig: Rig, gateway: Speaking) -> None:
    async with rig.running() as alive:
        job = await asks(rig, gateway, alive)
    for _ in range(2):
        async with rig.running() as alive:
            await at_rest(alive)
            assert (await current(alive, job)).stage is JobState.ASKING
    assert rig.chat.told == [("asking", Reason.GATEWAY_FAILED)]


async def test_parts_that_nobody_takes_for_a_day_are_asked_about(rig: Rig, gateway: Speaking) -> None:
    rig.breaker_pause_s = 0.001
    gateway.on_submit = {"Two.": [Unreachable()] * 1000}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.")
        await comes_to(alive, job, lambda now: now.generations[0].state is State.FETCHED)
    rig.clock.forward(hours=25)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).stage is JobState.ASKING


async def test_what_was_tried_again_is_the_same_audio_once_more(rig: Rig, gateway: Speaking) -> None:
    gateway.on_status = {"Two.": [FAILED]}
    async with rig.running() as alive:
        ordered = dialogue("One.", "Two.", "Three.")
        job = (await alive.service.order(ordered)).job
        await at_rest(alive)
        another = await alive.service._admission(replace(ordered, event_id="another"), catalog()["speech"])
        found = (await alive.store.admit(replace(another, repeats=True))).job
        assert found is not None
        assert found.job_id == job.job_id
    assert heard(rig) == [("One.Two.Three.", job.cost_micros)]
