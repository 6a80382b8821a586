"""What the service and the last part of a job's life let through, and what they don't."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.admin import Subject
from core.domain.audio import Probe, RawFormat, Want
from core.domain.errors import (
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUncertain,
    InvalidInput,
    NotFound,
    NotPermitted,
    TooLarge,
    TooOld,
    Unavailable,
    Undecodable,
)
from core.domain.lifecycle import Reason, State
from core.domain.models import Artifact, Destination, Job, Person, Receipt
from core.domain.policy import OLDEST_ACT_MS
from core.engine.queue import FairQueue, Limits
from storage.driver import Statement
from tests.core.engine.test_queue import job as queued
from tests.core.engine.test_queue import taken
from tests.core.engine.test_recovery import a_while, loud, reaches, tasks
from tests.core.engine.test_worker import at_rest, current, held_up, ordered
from tests.core.rig import Answer, Broken, RecordingChat, Rig, StubMedia
from tests.makers import caller, order


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_parked_members_come_back_in_their_order() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    for name in ("a1", "b1", "c1"):
        queue.put(queued(name))
    assert taken(queue) == ["a1"]
    queue.done(queued("a1"))
    assert taken(queue) == ["b1"]


# --- orders -------------------------------------------------------------------------------------------------------


async def test_an_event_that_comes_again_is_carried_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        placed = order()
        await alive.service.order(placed)
        await reached.wait()
        assert (await alive.service.order(placed)).duplicate
        await a_while(alive)
        assert len(tasks("job ")) == 1
        go.set()
        await at_rest(alive)
        assert (await alive.service.order(placed)).duplicate
        await at_rest(alive)
    assert loud(caplog) == []
    assert len(rig.chat.heard) == 1


async def test_who_shares_an_identity_orders_nothing(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.order(order(caller(can_spend=False)))
    assert rig.gateway.posted == []


async def test_what_an_order_said_is_told_in_its_own_community_alone(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order(text="A secret")
        job_id = (await alive.service.order(placed)).job.job_id
        told = [
            (await alive.service.spoken(who, job_id=job_id), await alive.service.spoken(who, event_id=placed.event_id))
            for who in (caller("bob"), caller("bob", community="choir"))
        ]
        assert told == [("A secret", "A secret"), ("", "")]
        assert await alive.service.spoken(caller(), job_id="none") == ""
        await at_rest(alive)


async def test_what_was_written_long_ago_is_refused_unless_it_is_a_job_already(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order()
        await alive.service.order(placed)
        now_ms, oldest_ms = rig.clock.now_ms(), round(1000 * rig.policy.oldest_order_s)
        check = alive.service.check_age
        await check(placed.event_id, now_ms - oldest_ms - 1, ordered=True)
        await check("test:new", now_ms - oldest_ms, ordered=True)
        await check("test:new", now_ms - OLDEST_ACT_MS, ordered=False)
        for age_ms, ordered_ in ((oldest_ms + 1, True), (OLDEST_ACT_MS + 1, False)):
            with pytest.raises(TooOld) as refused:
                await check("test:new", now_ms - age_ms, ordered=ordered_)
            assert (refused.value.age_ms, refused.value.ordered) == (age_ms, ordered_)
        with pytest.raises(TooOld):  # an act is no job
            await check(placed.event_id, now_ms - OLDEST_ACT_MS - 1, ordered=False)
        await at_rest(alive)


async def test_nothing_is_admitted_or_told_while_the_store_can_not_answer(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.store.close()
        with pytest.raises(Unavailable, match="store"):
            await alive.service.order(order())
        with pytest.raises(Unavailable, match="store"):
            await alive.service.spoken(caller(), event_id="test:1")
        assert not await alive.service.heard(caller())
        await alive.store.open()
    assert rig.gateway.posted == []


async def test_what_is_kept_of_an_order_is_what_is_sent(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order(parameters={"text": "héllo 🎵", "voice": " aria"})
        job = await current(alive, (await alive.service.order(placed)).job)
        assert (job.parameters["voice"], job.characters, job.cost_micros) == ("Aria", 7, 700)
        await at_rest(alive)


async def test_an_amount_in_characters_follows_the_operators_price(rig: Rig) -> None:
    rig.policy = replace(rig.policy, price_micros=200_000)
    async with rig.running() as alive:
        quota = await alive.service.admin.set_quota(caller(is_admin=True), Subject.of(None), "1000 chars", " Week ")
        assert (quota.limit_micros, quota.period) == (200_000, "week")
        with pytest.raises(InvalidInput) as refused:
            await alive.service.admin.set_quota(caller(is_admin=True), Subject.of(None), "1", "year")
        assert refused.value.parameter == "period"


async def test_one_members_quota_is_cleared_and_the_community_keeps_its_own(rig: Rig) -> None:
    ann = Person(member="test:ann", name="Ann")
    async with rig.running() as alive:
        boss = caller("boss", is_admin=True)
        await alive.service.admin.set_quota(boss, Subject.of(None), "0.02", "day")
        await alive.service.admin.set_quota(boss, Subject.of(ann), "0.03", "day")
        await alive.service.admin.clear_quota(boss, Subject.of(ann))
        assert (await alive.service.admin.show_quota(boss, ann)).quota.limit_micros == 20_000
        query = "SELECT set_by FROM quotas"
        (rows,) = await alive.store._driver.run([Statement(query)])
        assert [row["set_by"] for row in rows] == ["test:boss"]


async def test_standing_is_of_an_account_and_of_the_right_policy(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.standing(caller(can_spend=False))
        assert (await alive.service.standing(caller(direct=True))).quota.limit_micros == 0


async def test_members_are_found_where_they_were_seen(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.service.remember(caller())
        assert (await alive.service.admin.find(caller("bob", is_admin=True), "Ann", "grant")).member == "test:ann"
        with pytest.raises(NotFound, match="nobody"):
            await alive.service.admin.find(caller("bob", is_admin=True), "nobody", "grant")
        rig.clock.forward(ms=1)
        with pytest.raises(NotPermitted):
            await alive.service.admin.find(caller("ann"), "nobody", "grant")
        acts = await alive.service.admin.audit(caller("bob", is_admin=True))
        assert [(act.target, act.outcome) for act in acts] == [
            ("@nobody", "refused: NotPermitted"),
            ("@nobody", "refused: NotFound"),
        ]


async def test_a_place_noted_late_is_where_the_audio_goes(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.service.place(job.job_id, Destination("test", {"message": 5}))
        go.set()
        await at_rest(alive)
    assert rig.chat.heard[0][2].job.destination == Destination("test", {"message": 5})


# --- sending again ------------------------------------------------------------------------------------------------


async def test_nothing_is_sent_again_while_it_is_being_sent(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        with pytest.raises(NotFound):
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        go.set()
        await at_rest(alive)
        with pytest.raises(NotFound):
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))
    assert len(rig.chat.heard) == 1
    assert rig.chat.uncertain == [False]


async def test_what_is_not_kept_any_more_is_not_sent_again(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await alive.store.update(await current(alive, job), artifacts=())
        for job_id in (job.job_id, "none"):
            with pytest.raises(NotFound, match="job"):
                await alive.service.redeliver(caller(), job_id, Destination("test"))


async def test_sending_again_is_for_the_owner_in_the_same_place_and_goes_where_it_was_asked_for(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    there = Destination("test", {"to": "there"})
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).detail == "kicked"
        for who in (caller("bob"), caller(community="choir")):
            with pytest.raises(NotPermitted, match="owner"):
                await alive.service.redeliver(who, job.job_id, there)
        assert job.job_id not in [j.job_id for j in await alive.store.unfinished()]
        await alive.worker.stop(5)
        with pytest.raises(Unavailable, match="draining"):
            await alive.service.redeliver(caller(), job.job_id, there)
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        await alive.service.redeliver(caller(), job.job_id, there)
        await reached.wait()
        assert [j.destination for j in await alive.store.unfinished()] == [there]
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        done = await current(alive, job)
        assert (done.state, done.reason, done.detail) == (State.DELIVERED, None, None)
    assert len(rig.chat.heard) == 1


# --- progress -----------------------------------------------------------------------------------------------------


@dataclass
class SlowProgress(RecordingChat):
    """Shows progress as its script says."""

    progresses: list[object] | None = None

    async def progress(self, job: Job) -> None:
        self.shown.append(job.state)
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
        await reaches(alive, job, State.GENERATED if ends == "heard" else State.FAILED)
        await a_while(alive)
        assert (chat.heard, chat.told) == ([], [])
        assert chat.shown == ["running"]
        await alive.service.place(job.job_id, there)
        go.set()
        await at_rest(alive)
    if ends == "heard":
        assert chat.heard[0][2].job.destination == there
    else:
        assert chat.told == [("failed", Reason.GATEWAY_FAILED)]


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
    monkeypatch.setattr("core.engine.delivery.PROGRESS_S", 0.01)
    _, _, step = held_up()
    rig.chat = SlowProgress(progresses=[step])
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


# --- delivery -----------------------------------------------------------------------------------------------------


async def test_a_wait_that_would_take_too_long_is_not_begun(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryDelayed("flood", retry_after_s=1801)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("undeliverable", Reason.CHAT_UNREACHABLE)]


async def test_a_delayed_delivery_is_committed_as_not_sent(rig: Rig) -> None:
    """Then a crash during the wait leaves no doubt."""
    rig.chat.deliveries = [DeliveryDelayed("flood", retry_after_s=600)]
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while not rig.chat.uncertain or (await current(alive, job)).state is not State.GENERATED:
                await asyncio.sleep(0)
        await a_while(alive)
        assert rig.chat.uncertain == [False]
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False, False]


async def test_what_may_have_arrived_stays_uncertain_while_it_is_delayed_or_shrunk(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0)
    rig.chat.deliveries = [
        DeliveryDelayed("flood", retry_after_s=0.001),
        TooLarge(5000),
        DeliveryDelayed("", retry_after_s=600),
    ]
    async with rig.running() as alive:
        async with asyncio.timeout(10):
            while len(rig.chat.uncertain) < 4:
                await alive.store.unfinished()
        await a_while(alive)
        assert (await current(alive, job)).state is State.DELIVERING
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False, True, True, True, True]


async def test_shrinking_alone_raises_no_doubt(rig: Rig) -> None:
    rig.chat.deliveries = [TooLarge(5000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.uncertain == [False, False]


async def test_audio_that_can_not_be_made_to_fit_is_kept(rig: Rig) -> None:
    rig.media.fits = [Undecodable("the child died")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (rig.spool / job.job_id / "0").exists()
    assert rig.chat.told == [("undeliverable", Reason.UNDECODABLE)]


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


# --- telling ------------------------------------------------------------------------------------------------------


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
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
    rig.gateway.statuses = [Answer("FAILED", ())]
    rig.chat.tellings = tellings
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
        assert (await current(alive, job)).artifacts == ()
        assert not (rig.spool / job.job_id).exists()
    assert tellings == []
    assert bool(rig.chat.told) == told
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_after_a_week_nobody_is_told_any_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
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
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0)
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
        await reaches(alive, job, State.FAILED)
        await a_while(alive)
        assert rig.chat.told == []
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("failed", Reason.GATEWAY_FAILED)]


async def test_what_failed_after_fetching_leaves_no_files(rig: Rig) -> None:
    rig.media.probes = [Undecodable("a web page")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).artifacts == ()
        assert not (rig.spool / job.job_id).exists()


@dataclass
class Transcoder(StubMedia):
    """Writes every file anew, smaller."""

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        await super().fit(path, probe, into, want, raw)
        into.write_bytes(f"at most {want.max_bytes}".encode())
        return into, probe


async def test_what_was_fitted_stands_beside_what_was_generated(rig: Rig) -> None:
    rig.media = Transcoder()
    rig.chat.deliveries = [TooLarge(5000), DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (rig.spool / job.job_id / "0").read_bytes() == b"audio"
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"at most 1000000"]
