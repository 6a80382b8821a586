"""When the gateway is asked about a generation, what its answers mean, and when it is given up."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.domain.errors import (
    NoAnswer,
    RequestUnknown,
    ServerError,
    Unreadable,
)
from core.domain.lifecycle import Reason
from core.engine.durations import NEWS
from core.engine.wakeups import Wakeups
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.core.engine.jobs import at_rest, current, ordered, upstream_spend
from tests.core.rig import Answer, Rig
from tests.makers import caller, order
from tests.moves import only


async def test_unknown_states_and_lost_answers_mean_still_running(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("QUEUED"), Answer("WARMING UP"), NoAnswer(), Unreadable(), ServerError(), Answer("")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.gateway.asked == ["request-1"] * 7


@pytest.mark.parametrize(
    ("answer", "reason", "upstream_micros"),
    [
        (Answer("FAILED", (), "bad luck"), Reason.GATEWAY_FAILED, 1400),
        (Answer("ERROR", (), "bad day"), Reason.GATEWAY_ERROR, 0),
    ],
)
async def test_a_failure_is_not_charged(rig: Rig, answer: Answer, reason: Reason, upstream_micros: int) -> None:
    rig.gateway.statuses = [answer]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("failed", reason)]
        standing = await alive.service.standing(caller())
        assert (standing.used_micros, standing.held_micros) == (0, 0)
        assert only(await current(alive, job)).detail == answer.error
        assert await upstream_spend(alive) == upstream_micros


async def test_an_order_that_the_gateway_does_not_know_ends_free_with_its_own_words(rig: Rig) -> None:
    rig.gateway.statuses = [RequestUnknown("404") for _ in range(10_000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        standing = await alive.service.standing(caller())
        assert (standing.used_micros, standing.held_micros) == (0, 0)
        assert await upstream_spend(alive) == 1400
    assert rig.chat.told == [("failed", Reason.FORGOTTEN)]
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("between", [Answer("PROCESSING"), ServerError()])
async def test_only_an_order_that_stays_unknown_is_given_up(rig: Rig, between: Any) -> None:
    rig.pace = replace(rig.pace, unknown_s=0.05)

    async def much_later() -> Any:
        await asyncio.sleep(0.06)
        if isinstance(between, Exception):
            raise between
        return between

    rig.gateway.statuses = [RequestUnknown("404"), much_later, RequestUnknown("404"), much_later, RequestUnknown("404")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert len(rig.gateway.asked) == 6


async def test_a_finished_job_without_audio_is_asked_again_for_a_while(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("COMPLETED", ())] * 3
    rig.pace = replace(rig.pace, empty_s=600)
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert len(rig.gateway.asked) == 4


async def test_a_finished_job_that_stays_without_audio_is_not_charged(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("COMPLETED", ()) for _ in range(10_000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).used_micros == 0
        assert await upstream_spend(alive) == 1400
    assert rig.chat.told == [("failed", Reason.NO_MEDIA)]


async def test_a_job_that_never_ends_expires(rig: Rig) -> None:
    rig.with_deadline(60)

    async def time_passes() -> Answer:
        rig.clock.forward(ms=20_000)
        return Answer("PROCESSING")

    rig.gateway.statuses = [time_passes] * 10
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).used_micros == 0
    assert rig.chat.told == [("expired", Reason.TOO_SLOW)]
    assert len(rig.gateway.asked) == 3


async def test_audio_is_given_up_only_on_an_answer_that_came_after_the_deadline(rig: Rig) -> None:
    rig.with_deadline(60)

    async def time_passes() -> Answer:
        rig.clock.forward(ms=60_000)
        raise ServerError("503")

    processing = Answer("PROCESSING", ())
    rig.gateway.statuses = [processing, time_passes, ServerError("503"), ServerError("503"), Answer()]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_gateway_that_stays_silent_after_the_deadline_is_asked_no_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.watching.LATE_S", 0.05)
    rig.with_deadline(0.05)
    rig.gateway.statuses = [ServerError("503")] * 10_000
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.TOO_SLOW)]


@pytest.mark.parametrize(
    ("product", "looks"), [("speech", [5, 10, 15, 20, 25, 30, 40]), ("music", [5, 15, 25, 35, 45])]
)
async def test_the_first_look_comes_early(
    rig: Rig, product: str, looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.pace = replace(rig.pace, poll_min_s=5, poll_max_s=10)
    waits: list[float] = []

    async def wait(_: Wakeups, name: str, seconds: float) -> None:
        waits.append(seconds)
        rig.clock.forward(ms=round(seconds * 1000))

    rig.gateway.statuses = [Answer("PROCESSING") for _ in looks[1:]]
    monkeypatch.setattr(Wakeups, "wait", wait)
    async with rig.running() as alive:
        placed = order() if product == "speech" else order(product="music", parameters={"prompt": "lo-fi"})
        await alive.service.order(placed)
        await at_rest(alive)
    assert [sum(waits[: n + 1]) for n in range(len(waits))] == looks


async def test_looks_come_when_what_was_seen_lately_would_be_done(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.pace = replace(rig.pace, poll_min_s=5, poll_max_s=10)
    waits: list[float] = []

    async def wait(_: Wakeups, name: str, seconds: float) -> None:
        waits.append(seconds)
        rig.clock.forward(ms=round(seconds * 1000))

    begins = [Answer("PROCESSING")] * 3
    rig.gateway.statuses = [*[*begins, Answer(took_s=18)] * NEWS, begins[0], Answer(took_s=18)]
    monkeypatch.setattr(Wakeups, "wait", wait)
    async with rig.running() as alive:
        for _ in range(NEWS + 1):
            await alive.service.order(order())
            await at_rest(alive)
    assert waits == [5, 5, 5, 5] * NEWS + [8, 10]


async def test_a_deadline_is_not_slept_through(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    rig.with_deadline(0.05)
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_deadline_comes_also_when_the_clock_is_put_back(rig: Rig) -> None:
    rig.with_deadline(0.05)

    async def put_back() -> Answer:
        rig.clock.forward(days=-1)
        return Answer("PROCESSING")

    rig.gateway.statuses = [put_back, *(Answer("PROCESSING") for _ in range(10_000))]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.TOO_SLOW)]


async def test_audio_that_was_ready_during_an_outage_is_asked_for(rig: Rig) -> None:
    rig.with_deadline(60)
    waiting = asyncio.Event()

    async def never() -> Answer:
        waiting.set()
        await asyncio.Event().wait()
        return Answer()

    rig.gateway.statuses = [never]
    driver = SqliteDriver(rig.folder / "troubadour.db")
    store = SqlStore(driver, rig.clock)
    await store.open()
    life = rig._build(driver, store)
    await life.worker.start()
    await ordered(life)
    await waiting.wait()
    await life.worker.stop(0)
    await store.close()
    rig.clock.forward(hours=2)
    async with rig.running() as alive:
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
