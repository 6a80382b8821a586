"""An order of several parts: each is a generation of its own, and they share one hold, one outcome and one delivery."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.lifecycle import DeliveryState, JobState, Reason, State
from core.domain.orders import Turn
from core.domain.parts import parts_of
from core.domain.refusals import NotFound
from core.engine.maintenance import end_waits
from core.engine.queue import Limits
from tests.core.engine.jobs import a_while, at_rest, comes_to, current, held_up, parked, reaches, upstream_spend
from tests.core.engine.parts import FAILED, Speaking, asks, charged, heard, placed, speaking_rig
from tests.core.rig import Rig
from tests.makers import caller, order
from tests.waiting import until


@pytest.fixture
def gateway() -> Speaking:
    return Speaking()


@pytest.fixture
def rig(tmp_path: Path, gateway: Speaking) -> Rig:
    return speaking_rig(tmp_path, gateway)


async def test_a_long_text_is_several_generations_and_one_delivery(rig: Rig, gateway: Speaking) -> None:
    rig.limits = Limits(member=2)
    long = order(text=" ".join(f"This is sentence {n}." for n in range(600)))
    first, *others = (str(part.parameters["text"]) for part in parts_of(rig.table["speech"], long.parameters))
    reached, go, step = held_up()
    gateway.on_status = {first: [step]}
    async with rig.running() as alive:
        job = (await alive.service.order(long)).job
        await reached.wait()
        await comes_to(alive, job, lambda now: {made.state for made in now.generations[1:]} == {State.FETCHED})
        await a_while(alive)
        assert (rig.chat.heard, await charged(alive)) == ([], (0, job.cost_micros))
        go.set()
        await at_rest(alive)
        assert await charged(alive) == (job.cost_micros, 0)
        assert await upstream_spend(alive) == 0
        assert not alive.worker._queue._of_job
    assert len(others) >= 2
    assert sorted(gateway.posted) == sorted((first, *others))
    assert gateway.most == 2
    assert heard(rig) == [("".join((first, *others)), job.cost_micros)]
    assert job.cost_micros == len("".join((first, *others))) * 100


async def test_what_is_sent_is_what_is_charged_where_a_dialogue_is_one_part(rig: Rig, gateway: Speaking) -> None:
    async with rig.running() as alive:
        written = order(text="Aria: Hello there.\nAria: Me again.", turns=(Turn("Aria", "Hello there.\nMe again."),))
        job = (await alive.service.order(written)).job
        await at_rest(alive)
        assert await charged(alive) == (100 * len("Hello there.\nMe again."), 0)
    assert gateway.posted == ["Hello there.\nMe again."]
    assert heard(rig) == [("Hello there.\nMe again.", job.cost_micros)]


async def test_a_part_that_failed_in_passing_is_generated_once_more(rig: Rig, gateway: Speaking) -> None:
    gateway.on_status = {"Two.": [FAILED]}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.", "Three.")
        await at_rest(alive)
        assert await charged(alive) == (job.cost_micros, 0)
        assert await upstream_spend(alive) == 400
    assert sorted(gateway.posted) == ["One.", "Three.", "Two.", "Two."]
    assert (heard(rig), rig.chat.told) == ([("One.Two.Three.", job.cost_micros)], [])


async def test_who_takes_what_there_is_pays_for_that(rig: Rig, gateway: Speaking) -> None:
    async with rig.running() as alive:
        job = await asks(rig, gateway, alive)
        assert await charged(alive) == (0, job.cost_micros)
        await alive.service.choose(caller(), job.job_id, take=True)
        await at_rest(alive)
        assert await charged(alive) == (1000, 0)
        assert await upstream_spend(alive) == 800
        assert (await current(alive, job)).stage is DeliveryState.SENT
        with pytest.raises(NotFound):
            await alive.service.choose(caller(), job.job_id, take=False)
    assert gateway.posted.count("Two.") == 2
    assert heard(rig) == [("One.Three.", 1000)]


async def test_who_takes_nothing_pays_nothing(rig: Rig, gateway: Speaking) -> None:
    async with rig.running() as alive:
        job = await asks(rig, gateway, alive)
        await alive.service.choose(caller(), job.job_id, take=False)
        await at_rest(alive)
        assert await charged(alive) == (0, 0)
        assert await upstream_spend(alive) == 1800
        assert (await current(alive, job)).stage is JobState.CANCELLED
        assert await alive.store.unfinished() == []
    assert rig.chat.heard == []


async def test_who_says_nothing_for_a_day_takes_what_there_is(
    rig: Rig, gateway: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.ASK_S", 0.001)
    async with rig.running() as alive:
        await asks(rig, gateway, alive)
        rig.clock.forward(hours=23)
        await a_while(alive)
        assert rig.chat.heard == []
        rig.clock.forward(hours=1)
        await rig.chat.until(lambda: bool(rig.chat.heard))
        await at_rest(alive)
        assert [entry.charged_micros for entry in await alive.service.entries(caller())] == [1000]
    assert heard(rig) == [("One.Three.", 1000)]


async def test_what_waits_of_an_order_is_taken_back_and_the_rest_asked_about(rig: Rig, gateway: Speaking) -> None:
    rig.limits = Limits(member=1)
    reached, go, step = held_up()
    gateway.on_status = {"One.": [step]}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.", "Three.")
        await reached.wait()
        await alive.service.cancel(caller(), job.job_id)
        with pytest.raises(NotFound):
            await alive.service.cancel(caller(), job.job_id)
        await a_while(alive)
        assert (await current(alive, job)).stage is State.RUNNING
        assert alive.worker.load().waiting == 0
        go.set()
        await at_rest(alive)
        assert (await current(alive, job)).stage is JobState.ASKING
        assert (rig.chat.told, rig.chat.heard) == ([("asking", Reason.WITHDRAWN)], [])
        await alive.service.choose(caller(), job.job_id, take=True)
        await at_rest(alive)
        assert await charged(alive) == (400, 0)
    assert gateway.posted == ["One."]
    assert heard(rig) == [("One.", 400)]


async def test_the_next_start_goes_on_with_the_parts_that_are_not_there(rig: Rig, gateway: Speaking) -> None:
    rig.limits = Limits(member=2)
    reached, _, step = held_up()
    gateway.on_status = {"Two.": [step], "Three.": [step]}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.", "Three.", "Four.")
        await until(lambda: not (gateway.on_status["Three."] or gateway.on_status["Two."]))
        assert reached.is_set()
        await alive.worker.stop(0)
        states = [made.state for made in (await current(alive, job)).generations]
        assert states == [State.FETCHED, State.RUNNING, State.RUNNING, State.QUEUED]
    async with rig.running() as alive:
        await at_rest(alive)
        assert await charged(alive) == (job.cost_micros, 0)
    assert sorted(gateway.posted) == ["Four.", "One.", "Three.", "Two."]
    assert gateway.asked.count("One.1") == 1
    assert heard(rig) == [("One.Two.Three.Four.", job.cost_micros)]


async def test_a_part_that_may_have_been_submitted_before_a_crash_is_not_submitted_again(
    rig: Rig, gateway: Speaking
) -> None:
    reached, _, step = held_up()
    gateway.on_submit = {"Two.": [step]}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.")
        await reached.wait()
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).stage is JobState.ASKING
        assert await charged(alive) == (0, job.cost_micros)
    assert sorted(gateway.posted) == ["One.", "Two."]
    assert (rig.chat.told, rig.chat.heard) == ([("asking", Reason.UNCONFIRMED)], [])


async def test_no_word_is_put_where_the_audio_may_have_arrived(rig: Rig, gateway: Speaking) -> None:
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        await placed(alive, "One.", "Two.")
        await reached.wait()
        await alive.worker.stop(0)
    rig.chat.shown.clear()
    async with rig.running() as alive:
        await at_rest(alive)
    assert (rig.chat.uncertain[-1], rig.chat.shown) == (True, [])


async def test_only_an_order_of_which_nothing_has_begun_can_wait_too_long(rig: Rig, gateway: Speaking) -> None:
    rig.limits, rig.pace = Limits(member=1), replace(rig.pace, queue_s=60)
    reached, go, step = held_up()
    gateway.on_status = {"One.": [step]}
    async with rig.running() as alive:
        begun = await placed(alive, "One.", "Two.")
        await reached.wait()
        waits = await placed(alive, "Six.", "Seven.")
        rig.clock.forward(ms=61_000)
        ending = asyncio.create_task(end_waits(alive.store, rig.clock, 60, alive.worker.cancelled))
        await rig.chat.until(lambda: bool(rig.chat.told))
        assert rig.chat.told == [("cancelled", Reason.WAITED_TOO_LONG)]
        await a_while(alive)
        ending.cancel()
        assert await charged(alive) == (0, begun.cost_micros)
        go.set()
        await at_rest(alive)
        assert (await current(alive, waits)).stage is JobState.CANCELLED
    assert gateway.posted == ["One.", "Two."]
    assert heard(rig) == [("One.Two.", begun.cost_micros)]


async def test_a_callback_wakes_its_own_generation_alone(rig: Rig, gateway: Speaking) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.")
        await comes_to(alive, job, lambda now: {made.state for made in now.generations} == {State.RUNNING})
        await parked(alive, job, 1)
        await parked(alive, job, 2)
        first, second = (made.callback_token for made in job.generations)
        assert await alive.service.called_back(second, "")
        await comes_to(alive, job, lambda now: now.generations[1].state is State.FETCHED)
        await a_while(alive)
        assert gateway.asked == ["Two.1"]
        assert (await current(alive, job)).generations[0].state is State.RUNNING
        assert await alive.service.called_back(first, "")
        await reaches(alive, job, DeliveryState.SENT)
        await at_rest(alive)
    assert gateway.asked == ["Two.1", "One.1"]
    assert heard(rig) == [("One.Two.", job.cost_micros)]
