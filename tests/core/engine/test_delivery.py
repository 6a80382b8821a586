"""What each answer of a chat to an upload means, and that no audio is sent twice or lost."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.domain.audio import Probe, RawFormat, Want
from core.domain.errors import (
    CannotFit,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUncertain,
    StoreAway,
    StoreError,
    TooLarge,
    Undecodable,
)
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.quota import Standing
from core.domain.refusals import NotFound, NotPermitted
from core.engine.delivery import DELIVER_S
from tests.core.engine.jobs import a_while, at_rest, comes_to, current, held_up, ordered, reaches
from tests.core.rig import Broken, Rig, StubMedia
from tests.makers import caller, order
from tests.waiting import until


@pytest.mark.parametrize(
    ("error", "reason"),
    [(DeliveryRefused("kicked"), Reason.CHAT_REFUSED), (DeliveryUncertain("timeout"), Reason.DELIVERY_UNCERTAIN)],
)
async def test_what_was_generated_is_kept_and_sent_again_free(rig: Rig, error: Exception, reason: Reason) -> None:
    rig.chat.deliveries = [error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("undeliverable", reason)]
        assert await alive.store.unfinished() == []
        with pytest.raises(NotPermitted):
            await alive.service.redeliver(caller("bob"), job.job_id, Destination("test"))
        results = await asyncio.gather(
            *(alive.service.redeliver(caller(), job.job_id, Destination("test", {"to": n})) for n in range(3)),
            return_exceptions=True,
        )
        assert sum(isinstance(r, NotFound) for r in results) == 2
        await at_rest(alive)
        assert (await alive.service.standing(caller())).used_micros == 1400
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]
    assert rig.chat.uncertain == [False, False]


async def test_a_flood_wait_is_waited_for(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryDelayed("flood", retry_after_s=0.01)] * 3
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.chat.uncertain == [False] * 4


@pytest.mark.parametrize("what", ["move", "move_delivery"])
async def test_an_upload_whose_intent_was_committed_without_an_answer_is_in_no_doubt(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    rig.chat.deliveries = [DeliveryDelayed("flood", retry_after_s=0.01)]  # the second try commits its intent by itself
    async with rig.running() as alive:
        change, lost = getattr(alive.store, what), [StoreAway("the answer was lost")]

        async def changed(job: Job, *to: Any, **values: Any) -> Job:
            done: Job = await change(job, *to, **values)
            if {State.FETCHED, DeliveryState.SENDING}.intersection(to) and lost:
                raise lost.pop()
            return done

        monkeypatch.setattr(alive.store, what, changed)
        await ordered(alive)
        await at_rest(alive)
    assert (len(rig.chat.heard), rig.chat.uncertain, lost) == (1, [False, False], [])


async def test_a_chat_that_stays_away_is_given_up(rig: Rig) -> None:
    rig.chat.deliveries = [
        DeliveryDelayed("no connection", retry_after_s=0.001),
        DeliveryDelayed("no connection", retry_after_s=DELIVER_S + 1),
    ]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("undeliverable", Reason.CHAT_UNREACHABLE)]


async def test_too_large_is_shrunk_and_tried_once_more(rig: Rig) -> None:
    rig.chat.deliveries = [TooLarge(5000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert [w.max_bytes for w in rig.media.wants] == [1_000_000, 5000]
    assert len(rig.chat.heard) == 1


@pytest.mark.parametrize(
    ("deliveries", "fits"), [([TooLarge(5000), TooLarge(50)], []), ([], [CannotFit(10**9, 10**6)] * 2)]
)
async def test_what_can_not_be_shrunk_is_kept(rig: Rig, deliveries: list[Exception], fits: list[Exception]) -> None:
    rig.chat.deliveries, rig.media.fits = deliveries, fits
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == b"audio"
    assert rig.chat.told == [("undeliverable", Reason.TOO_LARGE)]


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
        await comes_to(alive, job, lambda now: rig.chat.uncertain and now.stage is DeliveryState.PENDING)
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
        await until(lambda: len(rig.chat.uncertain) == 4)
        await a_while(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENDING
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False, True, True, True, True]


async def test_shrinking_alone_raises_no_doubt(rig: Rig) -> None:
    rig.chat.deliveries = [TooLarge(5000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.uncertain == [False, False]


async def test_where_nothing_can_be_made_of_audio_it_is_sent_as_it_was_fetched(rig: Rig) -> None:
    rig.media.fits = [Undecodable("the child died")] * 2
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]


async def test_audio_that_can_not_be_made_to_fit_is_kept(rig: Rig) -> None:
    rig.chat.max_bytes = len(b"audio") - 1
    rig.media.fits = [Undecodable("the child died")] * 2
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (rig.spool / f"{job.job_id}-1-0").exists()
    assert rig.chat.told == [("undeliverable", Reason.UNDECODABLE)]


async def test_audio_is_made_to_fit_when_it_is_first_looked_into_and_only_then(rig: Rig) -> None:
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.media.wants) == 1


async def test_what_could_not_be_made_to_fit_at_first_is_charged_and_made_to_fit_for_its_delivery(rig: Rig) -> None:
    rig.media.fits = [Undecodable("the encoder died")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).used_micros == 1400
    assert len(rig.chat.heard) == 1


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
        assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == b"audio"
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"at most 1000000"]


async def test_a_delivery_that_keeps_failing_is_kept_and_can_be_sent_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
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


async def test_what_fails_before_an_upload_leaves_no_doubt_about_it(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
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


async def test_a_refusal_after_a_try_that_may_have_arrived_leaves_it_open(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryDelayed("no answer", retry_after_s=0.001, doubtful=True), DeliveryRefused("gone")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]


async def test_a_refusal_that_names_another_place_is_followed_once(rig: Rig) -> None:
    other = Destination("test", {"to": "ana"})
    rig.chat.deliveries = [DeliveryRefused("no voice", instead=other)]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
        assert (await alive.service.standing(caller())).used_micros == 1400
    [(_, __, receipt)] = rig.chat.heard
    assert receipt.job.destination == other
    assert rig.chat.uncertain == [False, False]

    rig.chat.deliveries = [DeliveryRefused("no voice", instead=other), DeliveryRefused("nor here", instead=other)]
    async with rig.running() as alive:
        await ordered(alive, "Hello again")
        await at_rest(alive)
    assert rig.chat.told == [("undeliverable", Reason.CHAT_REFUSED)]


async def test_another_place_outlasts_a_crash(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.chat.deliveries = [DeliveryRefused("kicked", instead=Destination("test", {"to": "ana"})), step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        assert (await current(alive, job)).destination.data == {"to": "ana"}
        await alive.worker.stop(0)
    rig.chat.deliveries = [DeliveryUncertain("it may have arrived")]
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.uncertain == [False, False, True]


async def test_what_may_have_arrived_is_not_sent_elsewhere(rig: Rig) -> None:
    rig.chat.deliveries = [
        DeliveryDelayed("no answer", retry_after_s=0.001, doubtful=True),
        DeliveryRefused("gone", instead=Destination("test", {"to": "ana"})),
    ]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.heard == []
    assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]


async def test_how_it_ended_is_told_elsewhere_where_the_chat_takes_no_words(rig: Rig) -> None:
    here, there = Destination("test", {"to": "all"}), Destination("test", {"to": "ana"})
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    rig.chat.tellings = [DeliveryRefused("kicked", instead=there), DeliveryRefused("blocked", instead=here)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert await alive.store.unfinished() == []
    assert rig.chat.told == [("undeliverable", Reason.CHAT_REFUSED)]


async def test_what_waits_in_line_is_not_begun(rig: Rig) -> None:
    """So that a stop meanwhile, however long, leaves no doubt."""
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    there = Destination("test", {"line": "channel"})
    async with rig.running() as alive:
        first = (await alive.service.order(order(text="one", destination=there))).job
        await reached.wait()
        second = (await alive.service.order(order(text="two", destination=there))).job
        await reaches(alive, second, DeliveryState.PENDING)
        await a_while(alive)
        assert [(await current(alive, job)).stage for job in (first, second)] == ["sending", "pending"]
        elsewhere = await ordered(alive, "three")
        await reaches(alive, elsewhere, DeliveryState.SENT)
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, second)).stage is DeliveryState.SENT
    assert sorted(rig.chat.uncertain) == [False, False, False, True]
