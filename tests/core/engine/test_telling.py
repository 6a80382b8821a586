"""Progress, receipts and endings: what a member is told of a job, and for how long that is tried."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from core.domain.changes import Shown
from core.domain.errors import (
    BadRequest,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUncertain,
    ServerError,
)
from core.domain.lifecycle import DeliveryState, JobState, Reason, State
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from core.domain.receipts import Receipt
from core.engine.lease import SoleLease
from storage.driver import Statement
from tests.core.engine.jobs import ONE_AT_A_TIME, a_while, at_rest, current, held_up, ordered, reaches
from tests.core.engine.queued import queued
from tests.core.rig import Answer, Broken, RecordingChat, Rig
from tests.makers import admission, caller, order
from tests.makers import job as made
from tests.moves import in_delivery
from tests.waiting import WAIT_S, until


async def test_what_comes_is_shown_at_once_with_its_place(rig: Rig) -> None:
    rig.limits = ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await rig.chat.until(lambda: rig.chat.places == [None])
        for place, who in enumerate(("bob", "cem", "bob")):
            await ordered(alive, who=who)
            await rig.chat.until(lambda place=place: rig.chat.places == [None, *range(place + 1)])  # type: ignore[misc]
        assert rig.chat.shown == ["queued"] * 4
        go.set()
        await at_rest(alive)
    assert rig.chat.shown == ["queued"] * 4  # that they have begun is not shown of what is soon done


@dataclass
class SlowProgress(RecordingChat):
    """Shows progress as its script says."""

    progresses: list[object] | None = None

    async def progress(self, job: Job) -> None:
        self.shown.append(job.stage)
        item = self.progresses.pop(0) if self.progresses else None
        if isinstance(item, Exception):
            raise item
        if callable(item):
            await item()


@pytest.mark.parametrize("ends", ["heard", "told"])
async def test_progress_under_way_is_over_before_the_end_is_shown(rig: Rig, ends: str) -> None:
    """And what it learnt about the place is used."""
    reached, go, step = held_up()
    chat = rig.chat = SlowProgress(progresses=[step])
    rig.gateway.statuses = [Answer("QUEUED")] * 3 + [Answer() if ends == "heard" else Answer("FAILED", ())]
    there = Destination("test", {"message": 7})
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await reaches(alive, job, DeliveryState.PENDING if ends == "heard" else JobState.FAILED)
        await a_while(alive)
        assert (chat.heard, chat.told) == ([], [])
        assert chat.shown == ["queued"]
        await alive.service.place(job.job_id, there)
        go.set()
        await at_rest(alive)
    assert chat.shown == ["queued"]  # what came meanwhile is not shown after the end
    if ends == "heard":
        assert chat.heard[0][2].job.destination == there
    else:
        assert chat.told == [("failed", Reason.GATEWAY_FAILED)]


async def test_what_came_while_something_was_shown_is_shown_next(rig: Rig) -> None:
    reached, go, step = held_up()
    chat = rig.chat = SlowProgress(progresses=[step])
    async with rig.running() as alive:
        progress, job = alive.worker._progress, queued("a1")
        progress.begin(job)
        await reached.wait()
        for state in (State.SUBMITTING, State.RUNNING):
            progress.begin(made(job, state=state))
        go.set()
        assert await progress.shown(in_delivery(job, DeliveryState.PENDING))
    assert chat.shown == ["queued", "pending"]


@pytest.mark.parametrize(
    ("error", "done"),
    [
        (DeliveryRefused("kicked"), True),
        (Broken("unforeseen"), True),
        (DeliveryDelayed("a flood", retry_after_s=9), False),
    ],
)
async def test_what_may_be_shown_another_time_is_known(rig: Rig, error: Exception, *, done: bool) -> None:
    rig.chat = SlowProgress(progresses=[error])
    async with rig.running() as alive:
        assert await alive.worker._progress.shown(queued("a1")) is done


async def test_what_waits_for_a_callback_alone_is_not_shown_as_queued(rig: Rig) -> None:
    rig.pace = replace(rig.pace, callbacks=True)
    rig.gateway.submits = [ServerError()]
    async with rig.running() as alive:
        await ordered(alive)
        await rig.chat.until(lambda: rig.chat.shown == ["queued", "unconfirmed"])


async def test_who_was_told_that_no_worker_is_running_is_told_better_at_once(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.submits, rig.pace = [step], replace(rig.pace, look_s=600)
    async with rig.running() as alive:
        await alive.store.admit(admission(order(caller("ann"))))
        text = "UPDATE jobs SET shown = :shown"
        await alive.store._driver.run([Statement(text, {"shown": Shown.NO_WORKER.value})])
        alive.worker._lease = SoleLease(alive.store)
        await alive.worker._take_up()
        await reached.wait()
        await rig.chat.until(lambda: rig.chat.shown == ["queued"])
        go.set()


@pytest.mark.parametrize("error", [DeliveryRefused("kicked"), Broken("unforeseen")])
async def test_progress_that_can_not_be_shown_stops_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    rig.chat = SlowProgress(progresses=[error])
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert len([r for r in caplog.records if "progress not shown" in r.getMessage()]) == isinstance(error, Broken)


async def test_progress_that_hangs_is_let_go(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.progress.PROGRESS_S", 0.01)
    _, _, step = held_up()
    rig.chat = SlowProgress(progresses=[step])
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


@dataclass
class Accountant(RecordingChat):
    """Remembers the receipts of what was told and the files that were handed over."""

    def __post_init__(self) -> None:
        self.charged: list[int] = []
        self.sizes: list[int] = []

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        self.sizes += [a.size_bytes for a in artifacts]
        await super().deliver(job, artifacts, receipt, uncertain=uncertain)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        self.charged.append(receipt.charged_micros)
        await super().tell(job, receipt)


async def test_the_receipt_says_what_was_charged(rig: Rig) -> None:
    chat = rig.chat = Accountant(deliveries=[None, DeliveryRefused("kicked")])
    rig.gateway.statuses = [Answer("FAILED", ())]
    async with rig.running() as alive:
        for _ in range(3):
            await ordered(alive)
            await at_rest(alive)
    assert chat.charged == [0, 1400]
    assert chat.sizes == [5, 5]


@pytest.mark.parametrize(
    ("tellings", "told"),
    [
        ([DeliveryDelayed("flood", retry_after_s=0.001)] * 9, True),
        ([DeliveryRefused("kicked")], False),
    ],
)
async def test_telling_is_tried_until_the_chat_will_not_have_it(
    rig: Rig,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tellings: list[Exception],
    told: bool,
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    rig.gateway.statuses = [Answer("FAILED", ())]
    rig.chat.tellings = tellings
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
        assert (await current(alive, job)).artifacts == ()
        assert not rig.spooled(job)
    assert tellings == []
    assert bool(rig.chat.told) == told
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_after_a_week_nobody_is_told_any_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    rig.gateway.statuses = [Answer("FAILED", ())]

    async def away() -> None:
        rig.clock.forward(days=3)
        raise DeliveryDelayed("the network", retry_after_s=0)

    rig.chat.tellings = [away] * 9
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
    assert (len(rig.chat.tellings), rig.chat.told) == (6, [])


async def test_what_was_charged_can_be_sent_again_once_the_chat_is_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    rig.chat.deliveries = [DeliveryUncertain("cut off")]
    rig.chat.tellings = [DeliveryDelayed("the network", retry_after_s=0)] * 20
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_telling_waits_as_long_as_the_chat_asks(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("FAILED", ())]
    rig.chat.tellings = [DeliveryDelayed("flood", retry_after_s=600)]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, JobState.FAILED)
        await until(lambda: not rig.chat.tellings)
        await a_while(alive)
        assert rig.chat.told == []
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("failed", Reason.GATEWAY_FAILED)]


async def test_the_member_is_told_even_when_the_process_ended_first(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.gateway.statuses = [Answer("FAILED", ())]
    rig.chat.tellings = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0)
        assert rig.chat.told == []
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("failed", Reason.GATEWAY_FAILED)]


async def test_who_waits_to_tell_an_end_leaves_it_to_whoever_was_sent_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, go_on, pause = held_up()
    monkeypatch.setattr("core.engine.wakeups.Wakeups.pause", lambda *_: pause())
    rig.chat.deliveries = [DeliveryUncertain("cut off")]
    rig.chat.tellings = [DeliveryDelayed("the network", retry_after_s=0)]
    held = asyncio.Event()

    async def slow() -> None:
        await held.wait()

    async with rig.running() as alive:
        job = await ordered(alive)
        await paused.wait()
        teller = alive.worker._runner._tasks[job.job_id][1]
        rig.chat.deliveries = [slow]
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        go_on.set()
        await asyncio.wait({teller}, timeout=WAIT_S)
        assert rig.chat.told == []
        held.set()
        await at_rest(alive)
    assert (rig.chat.told, len(rig.chat.heard)) == ([], 1)


async def test_a_fault_while_closing_does_not_wait_for_the_next_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.gateway.submits = [BadRequest("no")]
    rig.chat.tellings = [Broken("once"), Broken("twice")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
    assert rig.chat.told == [("failed", Reason.BAD_REQUEST)]


async def test_what_is_shown_is_kept_fresh(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place in line moves, and time passes: also where nothing else happens to the job."""
    monkeypatch.setattr("core.engine.progress.FRESH_S", 0.001)
    rig.limits = ONE_AT_A_TIME
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await ordered(alive, who="bob")
        last = await ordered(alive, who="cem")
        await rig.chat.until(lambda: rig.chat.places[-3:].count(1) == 1 and len(rig.chat.places) > 9)
        await alive.service.cancel(caller("cem"), last.job_id)
        await rig.chat.until(lambda: (JobState.CANCELLED.value, Reason.WITHDRAWN) in rig.chat.told)
        await rig.chat.until(lambda: rig.chat.places[-4:].count(0) == 2)
        go.set()
        await at_rest(alive)
        await rig.chat.until(lambda: len(rig.chat.heard) == 2)
        shown = len(rig.chat.shown)
        await a_while(alive)
        assert len(rig.chat.shown) == shown  # nothing is shown of what is over


async def test_that_it_has_begun_is_shown_of_what_takes_longer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.progress.FRESH_S", 0.001)
    monkeypatch.setattr("core.engine.progress.APART_S", 0.01)
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await rig.chat.until(lambda: "running" in rig.chat.shown)
        go.set()
        await at_rest(alive)
    assert rig.chat.shown[0] == "queued"


@pytest.mark.parametrize(("waited_ms", "awaited"), [(60_000, False), (60_001, True)])
async def test_who_waited_for_more_than_a_minute_is_called_back(rig: Rig, waited_ms: int, awaited: bool) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        rig.clock.forward(ms=waited_ms)
        go.set()
        await rig.chat.until(lambda: bool(rig.chat.heard))
    assert rig.chat.heard[0][2].awaited is awaited
