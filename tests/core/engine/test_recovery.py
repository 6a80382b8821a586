"""Starting, draining and faults: what stands after each, and what is never done twice."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import (
    BadRequest,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUncertain,
    GatewayError,
    MediaUnavailable,
    NoAnswer,
    OutOfCredit,
    ServerError,
    StoreAway,
    StoreError,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from core.domain.lifecycle import Reason, State
from core.domain.models import Destination, Job
from core.domain.quota import Standing
from core.engine.persist import persist
from core.engine.queue import Limits
from core.engine.wakeups import Wakeups
from core.engine.worker import FAULTS
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.core.engine.test_worker import _upstream, at_rest, current, held_up, ordered
from tests.core.rig import Answer, Broken, Incarnation, Rig
from tests.makers import admission, caller, order

ONE = Limits(total=1, community=1, member=1)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def a_while(alive: Incarnation) -> None:
    """Let everything that can go on go on: many commits, each many turns of the loop."""
    for _ in range(30):
        await alive.store.unfinished()


async def reaches(alive: Incarnation, job: Job, state: State) -> None:
    async with asyncio.timeout(10):
        while (await current(alive, job)).state is not state:
            await asyncio.sleep(0)


def tasks(prefix: str) -> list[str]:
    return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(prefix)]


def loud(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.exc_info or "come to rest" in r.getMessage()]


# --- starting -----------------------------------------------------------------------------------------------------


async def test_jobs_that_waited_begin_at_the_next_start_within_the_limits(rig: Rig) -> None:
    async with rig.running() as alive:
        for text in ("first", "second"):
            await alive.store.admit(admission(order(text=text)))
    rig.limits = ONE
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
    rig.limits = ONE
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
        assert (await current(alive, job)).state is State.QUEUED
    assert rig.gateway.posted == []


async def test_kept_files_outlive_a_restart_and_a_few_days(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    rig.clock.forward(days=6)
    async with rig.running() as alive:
        await a_while(alive)
        assert (rig.spool / job.job_id / "0").read_bytes() == b"audio"
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]


async def test_files_that_a_crash_left_behind_are_swept_and_those_of_open_jobs_are_not(rig: Rig) -> None:
    async with rig.running() as alive:
        delivered = await ordered(alive)
        await at_rest(alive)
        rig.chat.deliveries = [DeliveryRefused("kicked")]
        kept = await ordered(alive)
        await at_rest(alive)
        elsewhere = replace(caller(), platform="gone", community="gone:band", member="gone:ann")
        waiting = (await alive.store.admit(admission(order(elsewhere)))).job
        assert waiting is not None
    needed, left = (kept.job_id, waiting.job_id), (delivered.job_id, "of-nobody")
    for name in (waiting.job_id, *left):
        (rig.spool / name).mkdir()
    async with rig.running() as alive, asyncio.timeout(10):
        while any((rig.spool / name).exists() for name in left):
            await asyncio.sleep(0)
        await a_while(alive)
    assert [(rig.spool / name).exists() for name in needed] == [True, True]


async def test_sweeping_goes_on_after_the_store_could_not_answer(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await alive.store.close()
        async with asyncio.timeout(10):
            while not any("swept" in r.getMessage() for r in caplog.records):
                await asyncio.sleep(0)
        await alive.store.open()
        rig.clock.forward(days=8)
        async with asyncio.timeout(10):
            while (await current(alive, job)).artifacts:
                await asyncio.sleep(0)


async def test_what_only_this_process_knows_is_written_down_when_the_store_is_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0.001)
    for where in ("submits", "deliveries"):
        reached, go, step = held_up()
        (rig.chat if where == "deliveries" else rig.gateway).__dict__[where] = [step]
        async with rig.running() as alive:
            job = await ordered(alive)
            await reached.wait()
            await alive.store.close()
            caplog.clear()
            go.set()
            async with asyncio.timeout(10):
                while not any("asked again" in r.getMessage() for r in caplog.records):
                    await asyncio.sleep(0)
            await alive.store.open()
            await at_rest(alive)
            assert (await current(alive, job)).state is State.DELIVERED
    assert rig.chat.told == []
    assert rig.chat.uncertain == [False, False]


async def test_an_end_to_insisting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0.001)

    async def never() -> str:
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        await persist("a job", never, within_s=0.01)


async def test_an_outage_is_outlasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0)
    outages = 9

    async def later() -> str:
        nonlocal outages
        outages -= 1
        if outages:
            raise StoreAway("the disk is full")
        return "done"

    assert await persist("a job", later, within_s=0) == "done"


async def test_a_start_takes_up_all_that_is_unfinished(rig: Rig) -> None:
    store = SqlStore(SqliteDriver(rig.folder / "troubadour.db"), rig.clock)
    await store.open()
    for number in range(40):
        job = (await store.admit(admission(order(caller(f"member{number}"))))).job
        assert job is not None
        await store.move(await store.move(job, State.SUBMITTING), State.RUNNING, request_id=f"request-{number}")
    await store.close()
    async with rig.running() as alive:
        await at_rest(alive)
    assert len(rig.chat.heard) == 40


# --- draining -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drain_s", [0, 5])
async def test_nothing_runs_after_the_drain(rig: Rig, drain_s: float) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    rig.limits = ONE
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
        stopping = asyncio.create_task(alive.worker.stop(5))
        await a_while(alive)
        assert not stopping.done()
        go.set()
        await stopping
        assert (await current(alive, job)).state is State.DELIVERED
        assert not (rig.spool / job.job_id).exists()
    assert loud(caplog) == []


async def test_a_drain_begins_no_new_step(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reached, go, step = held_up()
    rig.gateway.fetches = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(5))
        await a_while(alive)
        go.set()
        await stopping
        assert (await current(alive, job)).state is State.GENERATED
        assert rig.chat.uncertain == []
    assert loud(caplog) == []
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False]


async def test_a_drain_waits_for_no_gate_and_posts_nothing_through_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.gate_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while (await current(alive, job)).attempts == 0 or (await current(alive, job)).state is not State.QUEUED:
                await asyncio.sleep(0)
        await a_while(alive)
        await alive.worker.stop(5)
        assert (await current(alive, job)).state is State.QUEUED
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
        assert await alive.service.called_back(job.callback_token, "late-1")
        await reached.wait()
        go.set()
        async with asyncio.timeout(10):
            await alive.worker.stop(600)
        assert (await current(alive, job)).state is State.UNCONFIRMED


async def test_a_drain_waits_for_a_callback_under_way(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.submits, rig.gateway.statuses = [NoAnswer()], [step]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        assert await alive.service.called_back(job.callback_token, "late-1")
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(5))
        await a_while(alive)
        assert not stopping.done()
        go.set()
        await stopping
        assert (await current(alive, job)).request_id == "late-1"
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
        async with asyncio.timeout(10):
            while len(tasks("job ")) > 1:
                await asyncio.sleep(0)
        stopping = asyncio.create_task(alive.worker.stop(5))
        await a_while(alive)
        assert not stopping.done()
        send_on.set()
        await stopping
        assert (await current(alive, job)).state is State.DELIVERED
    assert loud(caplog) == []


async def test_nothing_is_kept_in_memory_of_jobs_at_rest(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("FAILED", ())]
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
        await a_while(alive)
        worker = alive.worker
        assert not worker._tasks
        assert not worker._callbacks._tasks
        assert not worker._wakeups._early
        assert not worker._deliverer._showing
        assert not worker._wakeups._waits
        assert not worker._queue._waiting
        assert not worker._queue._of_member
        assert not worker._queue._of_community


async def test_a_community_that_moves_gives_its_place_back(rig: Rig) -> None:
    rig.limits = ONE
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await alive.service.community_moved("test:band", "test:orchestra")
        go.set()
        await at_rest(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 2


# --- faults -------------------------------------------------------------------------------------------------------


async def test_a_fault_while_submitting_never_submits_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.gateway.submits = [Broken("unforeseen")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
    assert len(rig.gateway.posted) == 1
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]


async def test_a_job_whose_product_is_gone_is_cancelled(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    async with rig.running() as alive:
        await alive.store.admit(admission(order()))
    rig.table = replace(rig.table, products={"music": rig.table["music"]})
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
    assert rig.chat.told == [("cancelled", Reason.INTERNAL)]


async def test_a_delivery_that_keeps_failing_is_kept_and_can_be_sent_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.chat.deliveries = [Broken("unforeseen")] * 6
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]
        assert rig.chat.uncertain == [False] + [True] * 5
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
        assert (await alive.service.standing(caller())).used_micros == 1400
    assert len(rig.chat.heard) == 1


async def test_faults_are_counted_in_a_row(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six in a row end a job; one before a step that succeeds does not count any more."""
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.pace = replace(rig.pace, callbacks=True)
    rig.gateway.submits = [Broken("unforeseen"), None]
    rig.gateway.statuses = [Answer(), *[Broken("unforeseen")] * 5]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.callback_token, "late-1")
        await at_rest(alive)
        assert len(rig.chat.heard) == 1
        rig.gateway.asked.clear()
        rig.gateway.statuses = [Broken("unforeseen")] * 100
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.gateway.asked) == 6


async def test_a_fault_is_paused_after_and_the_pause_ends_with_the_process(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 600)
    rig.gateway.statuses = [Broken("unforeseen")]
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while not rig.gateway.asked:
                await asyncio.sleep(0)
        await a_while(alive)
        assert len(rig.gateway.asked) == 1
        await alive.worker.stop(5)
        assert (await current(alive, job)).state is State.RUNNING
    assert len(loud(caplog)) == 1


async def test_a_store_that_does_not_answer_for_a_while_is_waited_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    async with rig.running() as alive:

        async def goes() -> None:
            await alive.store.close()
            raise Broken("no store")

        rig.gateway.statuses = [goes, alive.store.open]
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


# --- the gate as members meet it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "why"), [(OutOfCredit(), "out_of_credit"), (Unauthorized(), "misconfigured")])
async def test_what_only_the_operator_can_mend_refuses_orders(rig: Rig, error: GatewayError, why: str) -> None:
    rig.gate_pause_s = 600
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        with pytest.raises(Unavailable, match=why):
            await ordered(alive)


async def test_what_mends_itself_refuses_nobody(rig: Rig) -> None:
    rig.gate_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while (await current(alive, job)).reason is None:
                await asyncio.sleep(0)
        await a_while(alive)
        assert (await ordered(alive, who="bob")).state is State.QUEUED
        await a_while(alive)
    assert len(rig.gateway.posted) == 1


async def test_each_time_the_wallet_is_empty_is_news(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.limits = ONE
    rig.gateway.submits = [OutOfCredit(), None, OutOfCredit()]
    async with rig.running() as alive:
        for who in ("ann", "bob", "cid"):
            await alive.store.admit(admission(order(caller(who))))
    async with rig.running() as alive:
        await at_rest(alive)
    assert len([r for r in caplog.records if r.levelno == logging.CRITICAL]) == 2


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


async def test_an_order_waits_for_its_turn_no_longer_than_for_the_gateway(rig: Rig) -> None:
    rig.limits, rig.pace = Limits(total=1), replace(rig.pace, queue_s=0.05)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        runs = await ordered(alive)
        await reached.wait()
        waits, later = await ordered(alive), await ordered(alive)
        assert (await alive.store.oldest_waiting()) == waits
        rig.clock.forward(ms=40)
        await a_while(alive)
        assert rig.chat.told == []
        rig.clock.forward(ms=20)
        await rig.chat.until(lambda: len(rig.chat.told) == 2)
        assert set(rig.chat.told) == {("cancelled", Reason.WAITED_TOO_LONG)}
        assert alive.worker.load().waiting == 0
        go.set()
        await at_rest(alive)
        assert [(await current(alive, job)).state for job in (runs, waits, later)] == [
            State.DELIVERED, State.CANCELLED, State.CANCELLED,
        ]  # fmt: skip


async def test_ending_waits_goes_on_after_the_store_could_not_answer(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.AGAIN_S", 0.001)
    rig.limits, rig.pace = Limits(total=1), replace(rig.pace, queue_s=1)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        oldest, faults = alive.store.oldest_waiting, [StoreError("away")]

        async def shaky() -> Job | None:
            if faults:
                raise faults.pop()
            return await oldest()

        monkeypatch.setattr(alive.store, "oldest_waiting", shaky)
        await ordered(alive)
        await reached.wait()
        await ordered(alive)
        rig.clock.forward(hours=1)
        await rig.chat.until(lambda: bool(rig.chat.told))
        go.set()
        await at_rest(alive)
    assert [r.getMessage() for r in caplog.records if r.exc_info] == [
        "orders that waited for too long could not be cancelled"
    ]


async def test_an_intent_whose_answer_was_lost_is_still_an_intent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig.running() as alive:
        move, lost = alive.store.move, [StoreError("the answer was lost")]

        async def moved(job: Job, to: State, **changes: object) -> Job:
            done = await move(job, to, **changes)
            if to is State.SUBMITTING and lost:
                raise lost.pop()
            return done

        monkeypatch.setattr(alive.store, "move", moved)
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).state is State.DELIVERED
    assert len(rig.gateway.posted) == 1


async def test_an_intent_that_was_not_written_down_is_made_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
    async with rig.running() as alive:
        move, away = alive.store.move, [StoreError("away")] * 2

        async def moved(job: Job, to: State, **changes: object) -> Job:
            if to is State.SUBMITTING and away:
                raise away.pop()
            return await move(job, to, **changes)

        monkeypatch.setattr(alive.store, "move", moved)
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).attempts == 1
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 1


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

        async def moved(job: Job, to: State, **changes: object) -> Job:
            if job.state is State.SUBMITTING and away:
                raise away.pop()
            states.append(to)
            return await move(job, to, **changes)

        monkeypatch.setattr(alive.store, "move", moved)
        await ordered(alive)
        await at_rest(alive)
        assert states[:2] == [State.SUBMITTING, state]


async def test_a_job_outlives_a_database_that_takes_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
    async with rig.running() as alive:
        driver = alive.store._driver
        assert isinstance(driver, SqliteDriver)
        connection = driver._connection
        assert connection
        rig.gateway.statuses = [lambda: connection.execute_fetchall("PRAGMA query_only = 1")]
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while sum("nothing can be written" in message for message in caplog.messages) <= FAULTS:
                await asyncio.sleep(0)
        await connection.execute_fetchall("PRAGMA query_only = 0")
        await at_rest(alive)
        assert (await current(alive, job)).state is State.DELIVERED
    assert len(rig.chat.heard) == 1


async def test_a_job_outlives_a_spool_that_takes_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
    rig.gateway.fetches = [StoreAway("no space left")] * (FAULTS + 1)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).state is State.DELIVERED
    assert len(rig.chat.heard) == 1


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
    monkeypatch.setattr("core.engine.executor.LATE_S", 0.05)
    rig.with_deadline(0.05)
    rig.gateway.statuses = [ServerError("503")] * 10_000
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.TOO_SLOW)]


async def test_what_was_refused_for_its_size_leaves_no_doubt_when_the_disk_is_full(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.delivery.ROOM_S", 0)
    rig.chat.deliveries = [TooLarge(5000)] * 2
    rig.media.fits = [None, StoreAway("no space left")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.uncertain == [False] * 3
    assert len(rig.chat.heard) == 1


async def test_who_waits_to_tell_an_end_leaves_it_to_whoever_was_sent_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.05)
    rig.chat.deliveries = [DeliveryUncertain("cut off")]
    rig.chat.tellings = [DeliveryDelayed("the network", retry_after_s=0)]
    held = asyncio.Event()

    async def slow() -> None:
        await held.wait()

    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNDELIVERABLE)
        async with asyncio.timeout(10):
            while rig.chat.tellings:
                await asyncio.sleep(0)
        teller = alive.worker._tasks[job.job_id]
        rig.chat.deliveries = [slow]
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await asyncio.wait({teller}, timeout=10)
        assert rig.chat.told == []
        held.set()
        await at_rest(alive)
    assert (rig.chat.told, len(rig.chat.heard)) == ([], 1)


async def test_what_fails_before_an_upload_leaves_no_doubt_about_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
    async with rig.running() as alive:
        standing, away = alive.store.standing, [StoreError("away")] * 2

        async def asked(*args: Any) -> Standing:
            if away:
                raise away.pop()
            return await standing(*args)

        monkeypatch.setattr(alive.store, "standing", asked)
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.uncertain == [False]


async def test_a_submission_under_way_is_not_given_up_for_having_waited(rig: Rig) -> None:
    rig.pace = replace(rig.pace, queue_s=0.2)

    async def slow() -> None:
        async with asyncio.timeout(10):
            until = asyncio.get_running_loop().time() + 0.3
            while asyncio.get_running_loop().time() < until:
                await asyncio.sleep(0)

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
        running = await current(alive, job)
        assert (running.reason, running.detail, running.attempts) == (None, None, 2)
        assert running.submitted_ms == rig.clock.now_ms()


async def test_polling_hurries_when_the_audio_is_due(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=5, poll_max_s=10)
    async with rig.running() as alive:
        job = (await alive.store.admit(admission(order()))).job
        assert job is not None
        product = replace(rig.table["speech"], usual_s=20)
        steps = alive.worker._executor
        for running_s, poll_s in ((0, 10), (4, 10), (5, 5), (20, 5), (39, 5), (40, 10)):
            began = replace(job, submitted_ms=rig.clock.now_ms() - running_s * 1000)
            assert steps._poll_s(began, product) == poll_s


@pytest.mark.parametrize(
    ("product", "looks"), [("speech", [5, 10, 15, 20, 25, 30, 40]), ("music", [5, 15, 25, 35, 40])]
)
async def test_the_first_look_comes_early(
    rig: Rig, product: str, looks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.pace = replace(rig.pace, poll_min_s=5, poll_max_s=10)
    waits: list[float] = []

    async def wait(_: Wakeups, job: Job, seconds: float) -> None:
        waits.append(seconds)
        rig.clock.forward(ms=round(seconds * 1000))

    rig.gateway.statuses = [Answer("PROCESSING") for _ in looks[1:]]
    monkeypatch.setattr(Wakeups, "wait", wait)
    async with rig.running() as alive:
        placed = order() if product == "speech" else order(product="music", parameters={"prompt": "lo-fi"})
        await alive.service.order(placed)
        await at_rest(alive)
    assert [sum(waits[: n + 1]) for n in range(len(waits))] == looks


async def test_only_what_waits_is_shown_as_queued(rig: Rig) -> None:
    rig.limits = ONE
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await a_while(alive)
        assert rig.chat.shown == []
        await ordered(alive, who="bob")
        await a_while(alive)
        assert rig.chat.shown == ["queued"]
        go.set()
        await at_rest(alive)
    assert rig.chat.shown == ["queued", "running", "running"]


async def test_a_callback_that_can_not_be_followed_still_wakes_the_job(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.gateway.submits, rig.gateway.statuses = [NoAnswer()], [Broken("unforeseen")]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await a_while(alive)
        rig.clock.forward(hours=1)
        await alive.service.called_back(job.callback_token, "late-1")
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
    assert len(loud(caplog)) == 1


async def test_a_callback_without_an_id_confirms_nothing(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.callback_token, "")
        await a_while(alive)
        assert (await current(alive, job)).state is State.UNCONFIRMED
    assert rig.gateway.asked == []


async def test_an_id_that_the_gateway_has_nothing_to_say_of_confirms_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.gateway.statuses = [Answer(status="")]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.callback_token, "another-1")
        await a_while(alive)
        assert (await current(alive, job)).state is State.UNCONFIRMED
    assert rig.gateway.asked == ["another-1"]
    assert [r.levelno for r in caplog.records if "not believed" in r.getMessage()] == [logging.WARNING]


async def test_a_callback_of_a_running_job_only_wakes_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.RUNNING)
        await a_while(alive)
        await alive.service.called_back(job.callback_token, "request-1")
        await at_rest(alive)
    assert rig.gateway.asked == ["request-1"]
    assert len(rig.chat.heard) == 1


async def test_two_callbacks_confirm_once_and_disturb_nobody(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [NoAnswer("lost")]
    rig.pace = replace(rig.pace, callbacks=True, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await asyncio.gather(*(alive.service.called_back(job.callback_token, "late-1") for _ in range(2)))
        await reaches(alive, job, State.RUNNING)
        running = await current(alive, job)
        assert (running.request_id, running.reason, running.detail) == ("late-1", None, None)
        await a_while(alive)
        await alive.service.called_back(job.callback_token, "")
        await at_rest(alive)
    assert len(rig.chat.heard) == len(rig.gateway.posted) == 1
    assert loud(caplog) == []


async def test_a_confirmed_id_of_another_job_is_a_warning(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [None, NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await a_while(alive)
        await alive.service.called_back(job.callback_token, "request-1")
        await a_while(alive)
        assert (await current(alive, job)).state is State.UNCONFIRMED
    assert [r.levelno for r in caplog.records if "is not confirmed" in r.getMessage()] == [logging.WARNING]
    assert loud(caplog) == []


async def test_an_unconfirmed_job_waits_for_its_callback_without_work(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await a_while(alive)
        assert job.job_id in alive.worker._wakeups._waits


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
            assert (len(rig.gateway.posted), await _upstream(alive)) == (posted, upstream_micros)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED), ("expired", Reason.TOO_SLOW)]


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


async def test_a_refusal_after_a_try_that_may_have_arrived_leaves_it_open(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryDelayed("no answer", retry_after_s=0.001, doubtful=True), DeliveryRefused("gone")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]


async def test_a_fault_while_closing_does_not_wait_for_the_next_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.gateway.submits = [BadRequest("no")]
    rig.chat.tellings = [Broken("once"), Broken("twice")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
    assert rig.chat.told == [("rejected", Reason.BAD_REQUEST)]


async def test_a_bad_request_holds_up_nobody_else(rig: Rig) -> None:
    rig.gate_pause_s = 600
    rig.gateway.submits = [BadRequest("no")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_gateway_that_is_away_is_warned_of_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [Unreachable()] * 3
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert [r.levelno for r in caplog.records if "paused" in r.getMessage()] == [logging.WARNING]


async def test_the_sweeper_is_gone_when_an_idle_process_has_stopped(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.worker.stop(5)
        assert tasks("sweeper") == []


async def test_each_pause_before_fetching_again_is_twice_as_long(rig: Rig) -> None:
    rig.pace = replace(rig.pace, fetch_pause_s=0.01)
    rig.gateway.fetches = [MediaUnavailable("404", may_retry=True)] * 4
    began_s = asyncio.get_running_loop().time()
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert asyncio.get_running_loop().time() - began_s >= 0.01 + 0.02 + 0.04 + 0.08
