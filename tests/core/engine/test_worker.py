"""Jobs wait for their turn, within the limits and no longer than promised, and go on at the next start."""

from dataclasses import replace

import pytest

from core.domain.errors import (
    Unreachable,
)
from core.domain.lifecycle import DeliveryState, JobState, Reason, Stage, State
from core.engine.queue import Limits
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.core.engine.jobs import (
    ONE_AT_A_TIME,
    a_while,
    at_rest,
    comes_to,
    current,
    held_up,
    ordered,
    reaches,
)
from tests.core.rig import Answer, Rig
from tests.makers import admission, caller, order
from tests.waiting import until
from tests.warp import Warp


async def test_an_order_does_not_wait_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.pace = replace(rig.pace, queue_s=20)
    rig.breaker_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: now.reason)
        await ordered(alive, "not even tried")
        async with Warp(monkeypatch).hurrying():
            await at_rest(alive)
        assert rig.chat.told == [("cancelled", Reason.UNREACHABLE), ("cancelled", Reason.WAITED_TOO_LONG)]
        assert (await alive.service.standing(caller())).held_micros == 0


async def test_an_order_found_too_old_at_start_is_cancelled(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.store.admit(admission(order()))
    rig.clock.forward(hours=1)
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("cancelled", Reason.WAITED_TOO_LONG)]
    assert rig.gateway.posted == []


async def test_an_order_waits_from_when_it_was_placed(rig: Rig) -> None:
    rig.pace = replace(rig.pace, queue_s=60)

    async def down() -> None:
        rig.clock.forward(ms=25_000)
        raise Unreachable

    rig.gateway.submits = [down] * 10
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.gateway.posted) == 3
    assert rig.chat.told == [("cancelled", Reason.UNREACHABLE)]


async def test_an_order_waits_for_its_turn_no_longer_than_for_the_gateway(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.limits, rig.pace = Limits(total=1), replace(rig.pace, queue_s=20)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        runs = await ordered(alive)
        await reached.wait()
        waits = await ordered(alive)
        rig.clock.forward(ms=1)  # of two of the same moment either may be the oldest
        later = await ordered(alive)
        assert (await alive.store.oldest_waiting()) == replace(waits, outlook=None)
        async with Warp(monkeypatch, lambda passed_s: rig.clock.forward(ms=round(passed_s * 1000))).hurrying():
            await rig.chat.until(lambda: bool(rig.chat.told))
            assert rig.clock.now_ms() - waits.created_ms >= 20_000
            await rig.chat.until(lambda: len(rig.chat.told) == 2)
        assert set(rig.chat.told) == {("cancelled", Reason.WAITED_TOO_LONG)}
        assert alive.worker.load().waiting == 0
        go.set()
        await at_rest(alive)
        assert [(await current(alive, job)).stage for job in (runs, waits, later)] == [
            DeliveryState.SENT, JobState.CANCELLED, JobState.CANCELLED,
        ]  # fmt: skip


async def test_jobs_that_waited_begin_at_the_next_start_within_the_limits(rig: Rig) -> None:
    async with rig.running() as alive:
        for text in ("first", "second"):
            await alive.store.admit(admission(order(text=text)))
    rig.limits = ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        await reached.wait()
        await a_while(alive)
        assert rig.gateway.posted == ["first"]
        go.set()
        await at_rest(alive)
    assert rig.gateway.posted == ["first", "second"]
    assert len(rig.chat.heard) == 2


async def test_a_job_found_running_counts_in_the_limits(rig: Rig) -> None:
    rig.limits = ONE_AT_A_TIME
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        running = await ordered(alive, "running")
        await ordered(alive, "waiting")
        await reaches(alive, running, State.RUNNING)
    rig.pace = replace(rig.pace, poll_min_s=0.001, poll_max_s=0.001)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await reached.wait()
        await a_while(alive)
        assert rig.gateway.posted == ["running"]
        go.set()
        await at_rest(alive)
    assert rig.gateway.posted == ["running", "waiting"]


async def test_a_job_of_a_platform_that_is_not_configured_waits(rig: Rig) -> None:
    async with rig.running() as alive:
        elsewhere = replace(caller(), platform="gone", community="gone:band", member="gone:ann")
        job = (await alive.store.admit(admission(order(elsewhere)))).job
        assert job is not None
    async with rig.running() as alive:
        await a_while(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is State.QUEUED
    assert rig.gateway.posted == []


async def test_a_start_takes_up_all_that_is_unfinished(rig: Rig) -> None:
    store = SqlStore(SqliteDriver(rig.folder / "troubadour.db"), rig.clock)
    await store.open()
    for number in range(40):
        job = (await store.admit(admission(order(caller(f"member{number}"))))).job
        assert job is not None
        await store.move(await store.move(job, 1, State.SUBMITTING), 1, State.RUNNING, request_id=f"request-{number}")
    await store.close()
    async with rig.running() as alive:
        await at_rest(alive)
    assert len(rig.chat.heard) == 40


@pytest.mark.parametrize(
    ("part", "ends"),
    [("submits", JobState.EXPIRED), ("statuses", DeliveryState.SENT), ("fetches", DeliveryState.SENT), ("deliveries", DeliveryState.SENT)],
)  # fmt: skip
async def test_every_stage_goes_on_at_the_next_start(rig: Rig, part: str, ends: Stage) -> None:
    reached, _, step = held_up()
    (rig.chat if part == "deliveries" else rig.gateway).__dict__[part] = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).stage is ends
    assert len(rig.gateway.posted) == 1
    if part == "deliveries":
        assert rig.chat.uncertain == [False, True]


async def test_nothing_is_kept_in_memory_of_jobs_at_rest(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("FAILED", ())]
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
        worker = alive.worker
        progress, wakeups, queue = worker._progress, worker._wakeups, worker._queue
        kept = (
            worker._runner._tasks, worker._callbacks._tasks, wakeups._early, wakeups._waits,
            progress._showing, queue._waiting, queue._of_member, queue._of_community,
        )  # fmt: skip
        await until(lambda: not any(kept))


async def test_a_community_that_moves_gives_its_place_back(rig: Rig) -> None:
    rig.limits = ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await alive.service.communities.moved("test:band", "test:orchestra")
        go.set()
        await at_rest(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 2
