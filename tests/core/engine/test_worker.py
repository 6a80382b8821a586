"""The life of a job: every branch of the table, with the real service, worker and store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.admin import Subject
from core.domain.audio import RawFormat
from core.domain.errors import (
    BadRequest,
    CannotFit,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUncertain,
    Forbidden,
    GatewayError,
    MediaUnavailable,
    ModelNotFound,
    NoAnswer,
    NotFound,
    NotPermitted,
    OutOfCredit,
    OverLimit,
    RequestUnknown,
    ServerError,
    SilentAudio,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Undecodable,
    Unreachable,
    Unreadable,
)
from core.domain.lifecycle import Reason, State
from core.domain.models import Destination, Job, Person
from core.engine.delivery import DELIVER_S
from core.engine.queue import Limits
from storage.driver import Statement
from tests.core.rig import Answer, Broken, Incarnation, Rig
from tests.makers import caller, order


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def ordered(alive: Incarnation, text: str = "Hello everyone", who: str = "ann") -> Job:
    return (await alive.service.order(order(caller(who), text))).job


async def current(alive: Incarnation, job: Job) -> Job:
    found = await alive.store.job(job.job_id)
    assert found is not None
    return found


async def at_rest(alive: Incarnation) -> None:
    """Wait until no job is carried any more."""
    async with asyncio.timeout(20):
        while tasks := [t for t in asyncio.all_tasks() if t.get_name().startswith("job ")]:
            await asyncio.wait(tasks)


def held_up() -> tuple[asyncio.Event, asyncio.Event, Callable[[], Awaitable[None]]]:
    """Return (reached, go, step): the step says that it was reached and waits to be let go."""
    reached, go = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        reached.set()
        await go.wait()

    return reached, go, step


async def test_an_order_becomes_audio_and_a_receipt(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await rig.chat.until(lambda: bool(rig.chat.heard))
        await at_rest(alive)
        (job_id, content, receipt) = rig.chat.heard[0]
        assert (job_id, content) == (job.job_id, b"audio")
        assert receipt.charged_micros == 1400
        assert receipt.standing.allowance_left_micros == 98_600
        done = await current(alive, job)
        assert done.state is State.DELIVERED
        assert done.destination == Destination("test")
        assert not (rig.spool / job.job_id).exists()
        assert await alive.store.unfinished() == []


async def test_the_same_event_twice_is_one_job(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order()
        answers = await asyncio.gather(*(alive.service.order(placed) for _ in range(5)))
        assert len({a.job.job_id for a in answers}) == 1
        assert sorted(a.duplicate for a in answers) == [False, True, True, True, True]
        await at_rest(alive)
    assert rig.gateway.posted == ["Hello everyone"]
    assert len(rig.chat.heard) == 1


# --- submission -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadRequest("no"), Reason.BAD_REQUEST),
        (ModelNotFound(), Reason.MODEL_NOT_FOUND),
        (Unauthorized(), Reason.UNAUTHORIZED),
        (OutOfCredit(), Reason.OUT_OF_CREDIT),
        (Forbidden(), Reason.FORBIDDEN),
    ],
)
async def test_a_rejected_order_is_not_charged(rig: Rig, error: GatewayError, reason: Reason) -> None:
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("rejected", reason)]
        assert (await alive.service.standing(caller())).used_micros == 0
        assert (await current(alive, job)).state is State.REJECTED
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("error", [ServerError(), Unreadable(), NoAnswer()])
async def test_an_unknown_outcome_is_never_submitted_again_and_costs_nothing(rig: Rig, error: GatewayError) -> None:
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
        assert (await alive.service.standing(caller())).used_micros == 0
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize("error", [Unreachable(), TooManyRequests(retry_after_s=0.01)])
async def test_what_proves_that_nothing_was_accepted_is_tried_again(rig: Rig, error: GatewayError) -> None:
    rig.gateway.submits = [error, error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        done = await current(alive, job)
        assert (done.state, done.attempts, done.reason) == (State.DELIVERED, 3, None)
    assert len(rig.gateway.posted) == 3


async def test_an_empty_wallet_is_told_loudly_once_and_pauses(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gate_pause_s = 30
    rig.limits = Limits(total=1, community=1, member=1)
    rig.gateway.submits = [OutOfCredit()]
    async with rig.running() as alive:
        first, second = await ordered(alive), await ordered(alive, who="bob")
        await rig.chat.until(lambda: bool(rig.chat.told))
        with pytest.raises(Unavailable, match="out_of_credit"):
            await ordered(alive, who="cid")
        assert (await current(alive, first)).state is State.REJECTED
        assert (await current(alive, second)).state is State.QUEUED
        assert len(rig.gateway.posted) == 1
    loud = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert len(loud) == 1
    assert first.job_id in loud[0].getMessage()


async def test_orders_flow_again_once_the_wallet_is_full(rig: Rig) -> None:
    rig.gateway.submits = [OutOfCredit()]
    rig.limits = Limits(total=1, community=1, member=1)
    async with rig.running() as alive:
        await ordered(alive)
        second = await ordered(alive, who="bob")
        await at_rest(alive)
        assert (await current(alive, second)).state is State.DELIVERED


async def test_an_order_does_not_wait_for_ever(rig: Rig) -> None:
    rig.pace = replace(rig.pace, queue_s=0.05)
    rig.gate_pause_s = 60
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("cancelled", Reason.UNREACHABLE)]
        assert (await alive.service.standing(caller())).held_micros == 0


async def test_an_order_found_too_old_at_start_is_cancelled(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.limits = Limits(total=1, community=1, member=1)
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive, "too old")
        await reached.wait()
        await alive.worker.stop(0)
    rig.clock.forward(hours=1)
    async with rig.running() as alive:
        await at_rest(alive)
    assert ("cancelled", Reason.WAITED_TOO_LONG) in rig.chat.told
    assert "too old" not in rig.gateway.posted


async def test_a_request_id_that_another_job_has_is_not_believed(rig: Rig) -> None:
    rig.gateway.submits = [_returns("same"), _returns("same")]
    rig.limits = Limits(total=1, community=1, member=1)
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]


def _returns(value: str) -> Callable[[], Awaitable[str]]:
    async def step() -> str:
        return value

    return step


# --- generation -------------------------------------------------------------------------------------------------


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
        assert (await current(alive, job)).detail == answer.error
        assert await _upstream(alive) == upstream_micros


async def test_an_order_that_the_gateway_does_not_know_ends_free_with_its_own_words(rig: Rig) -> None:
    rig.gateway.statuses = [RequestUnknown("404") for _ in range(10_000)]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        standing = await alive.service.standing(caller())
        assert (standing.used_micros, standing.held_micros) == (0, 0)
        assert await _upstream(alive) == 1400
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
        assert await _upstream(alive) == 1400
    assert rig.chat.told == [("failed", Reason.NO_MEDIA)]


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("audio/basic", RawFormat("mulaw", 8000)),
        ("application/octet-stream", RawFormat("mulaw", 8000)),
        ("", RawFormat("mulaw", 8000)),
        ("Text/Plain; charset=utf-8", None),
        ("application/json", None),
        ("image/png", None),
    ],
)
async def test_what_is_not_called_audio_is_not_read_as_samples(
    rig: Rig, content_type: str, raw: RawFormat | None
) -> None:
    rig.gateway.fetches = [_returns(content_type)]
    async with rig.running() as alive:
        placed = order(product="music", parameters={"prompt": "lo-fi", "output_format": "ulaw_8000"})
        await alive.service.order(placed)
        await at_rest(alive)
    assert rig.media.raws == [raw]


async def _upstream(alive: Incarnation) -> int:
    query = "SELECT coalesce(sum(upstream_micros), 0) AS n FROM ledger"
    (rows,) = await alive.store._driver.run([Statement(query)])
    return int(rows[0]["n"])


async def test_media_that_come_late_are_fetched_again(rig: Rig) -> None:
    rig.gateway.fetches = [MediaUnavailable("404", may_retry=True)] * 2
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


@pytest.mark.parametrize(
    ("fetches", "probes", "reason"),
    [
        ([MediaUnavailable("private address", may_retry=False)], [], Reason.MEDIA_UNAVAILABLE),
        ([MediaUnavailable("404", may_retry=True)] * 5, [], Reason.MEDIA_UNAVAILABLE),
        ([], [Undecodable("a web page")], Reason.UNDECODABLE),
        ([], [SilentAudio("9 s of silence")], Reason.SILENT),
    ],
)
async def test_audio_that_does_not_exist_is_not_charged(
    rig: Rig, fetches: list[Exception], probes: list[Exception], reason: Reason
) -> None:
    rig.gateway.fetches, rig.media.probes = fetches, probes
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert rig.chat.told == [("failed", reason)]
        assert (await alive.service.standing(caller())).used_micros == 0
        assert not (rig.spool / job.job_id).exists()


async def test_each_of_several_media_is_fetched(rig: Rig) -> None:
    rig.gateway.statuses = [Answer(media_urls=("http://g/1", "http://g/2", "http://g/3"))]
    rig.gateway.fetches = [None, MediaUnavailable("410", may_retry=False), None]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert rig.chat.heard[0][1] == b"audioaudio"


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


async def test_a_callback_makes_the_job_ask_at_once(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while (await current(alive, job)).state is not State.RUNNING:
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not await alive.service.called_back("wrong", "request-1")
            assert await alive.service.called_back(job.callback_token, "request-1")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


@pytest.mark.parametrize(
    ("statuses", "request_id", "ends"),
    [
        ([], "late-1", "heard"),
        ([ServerError(), Unreachable(), TooManyRequests(), Unauthorized()], "late-1", "heard"),
        ([BadRequest("unknown id")], "forged", "expired"),
        ([], "", "expired"),
        ([], "of-another-job", "expired"),
    ],
)
async def test_a_late_callback_resolves_an_unconfirmed_job(
    rig: Rig, statuses: list[Exception], request_id: str, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.callbacks.PAUSES_S", (0.001,) * 9)
    rig.gateway.submits = [_returns("of-another-job"), NoAnswer()]
    rig.limits = Limits(total=1, community=1, member=1)
    rig.pace = replace(rig.pace, callbacks=True)
    rig.with_deadline(0.5)
    async with rig.running() as alive:
        await ordered(alive, who="bob")
        await at_rest(alive)
        rig.gateway.statuses = list(statuses)
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while (await current(alive, job)).state is not State.UNCONFIRMED:
                await asyncio.sleep(0)
        assert await alive.service.called_back(job.callback_token, request_id)
        if ends == "expired":
            async with asyncio.timeout(10):
                while [t for t in asyncio.all_tasks() if t.get_name().startswith("callback of")]:
                    await asyncio.sleep(0)
            rig.clock.forward(hours=1)
            assert await alive.service.called_back(job.callback_token, "")
        await at_rest(alive)
        done = await current(alive, job)
        assert done.state is (State.DELIVERED if ends == "heard" else State.EXPIRED)
        assert done.reason == (None if ends == "heard" else Reason.UNCONFIRMED)
    assert len(rig.gateway.posted) == 2


# --- delivery ---------------------------------------------------------------------------------------------------


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
        assert (await current(alive, job)).state is State.DELIVERED
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]
    assert rig.chat.uncertain == [False, False]


async def test_a_flood_wait_is_waited_for(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryDelayed("flood", retry_after_s=0.01)] * 3
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.chat.uncertain == [False] * 4


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
    ("deliveries", "fits"), [([TooLarge(5000), TooLarge(50)], []), ([], [CannotFit(10**9, 10**6)])]
)
async def test_what_can_not_be_shrunk_is_kept(rig: Rig, deliveries: list[Exception], fits: list[Exception]) -> None:
    rig.chat.deliveries, rig.media.fits = deliveries, fits
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (rig.spool / job.job_id / "0").read_bytes() == b"audio"
    assert rig.chat.told == [("undeliverable", Reason.TOO_LARGE)]


async def test_files_nobody_asked_for_are_let_go(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.maintenance.KEPT_AT_ONCE", 1)
    rig.chat.deliveries = [DeliveryRefused("kicked")] * 2
    async with rig.running() as alive:
        job, _ = await ordered(alive), await ordered(alive, "another")
        await at_rest(alive)
    rig.clock.forward(days=8)
    async with rig.running() as alive:
        async with asyncio.timeout(10):
            while list(rig.spool.iterdir()):
                await current(alive, job)
        assert (await current(alive, job)).artifacts == ()
        with pytest.raises(NotFound):
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))


# --- recovery, drain, faults --------------------------------------------------------------------------------------


async def test_draining_refuses_orders_and_leaves_running_jobs(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        async with asyncio.timeout(10):
            while (await current(alive, job)).state is not State.RUNNING:
                await asyncio.sleep(0)
        await alive.worker.stop(5)
        with pytest.raises(Unavailable, match="draining"):
            await ordered(alive)
        assert (await current(alive, job)).state is State.RUNNING
    rig.pace = replace(rig.pace, poll_min_s=0.001, poll_max_s=0.001)
    async with rig.running() as alive:
        await at_rest(alive)
    assert len(rig.gateway.posted) == len(rig.chat.heard) == 1


@pytest.mark.parametrize("part", ["submits", "deliveries"])
async def test_draining_finishes_what_has_left_this_machine(rig: Rig, part: str) -> None:
    reached, go, step = held_up()
    (rig.gateway if part == "submits" else rig.chat).__dict__[part] = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(5))
        await asyncio.sleep(0)
        go.set()
        await stopping
        state = (await current(alive, job)).state
        assert state is (State.RUNNING if part == "submits" else State.DELIVERED)


async def test_draining_is_bounded(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0.05)
        assert (await current(alive, job)).state is State.SUBMITTING
    async with rig.running() as alive:
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
    assert len(rig.gateway.posted) == 1


@pytest.mark.parametrize(
    ("part", "ends"),
    [("submits", State.EXPIRED), ("statuses", State.DELIVERED), ("fetches", State.DELIVERED), ("deliveries", State.DELIVERED)],
)  # fmt: skip
async def test_every_stage_goes_on_at_the_next_start(rig: Rig, part: str, ends: State) -> None:
    reached, _, step = held_up()
    (rig.chat if part == "deliveries" else rig.gateway).__dict__[part] = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).state is ends
    assert len(rig.gateway.posted) == 1
    if part == "deliveries":
        assert rig.chat.uncertain == [False, True]


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


async def test_files_that_nobody_needs_are_removed_and_others_are_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    reached, go, step = held_up()
    rig.gateway.fetches, rig.chat.deliveries = [None, step], [DeliveryRefused("kicked")]

    async def sweep(alive: Incarnation) -> None:
        """Leave files as a crash does, twice: when the second are gone, everything has been looked at."""
        for orphan in (rig.spool / "first", rig.spool / "second"):
            orphan.mkdir()
            (orphan / "0").write_bytes(b"x")
            async with asyncio.timeout(10):
                while orphan.exists():
                    await alive.store.job("nobody")

    async with rig.running() as alive:
        refused = await ordered(alive)
        await at_rest(alive)
        fetching = await ordered(alive, "two")
        await reached.wait()
        (rig.spool / fetching.job_id).mkdir(exist_ok=True)
        await sweep(alive)
        assert {folder.name for folder in rig.spool.iterdir()} == {refused.job_id, fetching.job_id}
        # A worker of another machine lets go of it.
        await alive.store.update(await current(alive, refused), artifacts=())
        await sweep(alive)
        assert {folder.name for folder in rig.spool.iterdir()} == {fetching.job_id}
        go.set()
        await at_rest(alive)


async def test_a_fault_is_logged_with_the_job_and_survived(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.gateway.statuses = [Broken("unforeseen")] * 2
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    faults = [r for r in caplog.records if r.exc_info]
    assert len(faults) == 2
    assert all(job.job_id in r.getMessage() for r in faults)


async def test_a_fault_that_stays_ends_the_job_honestly(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.worker.FAULT_PAUSE_S", 0.001)
    rig.gateway.statuses = [Broken("unforeseen")] * 100
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
        [entry] = [e for e in await alive.service.admin.entries(caller(is_admin=True)) if e.upstream_micros]
        assert entry.upstream_micros == 1400
    assert rig.chat.told == [("failed", Reason.INTERNAL)]


# --- the door ---------------------------------------------------------------------------------------------------


async def test_over_the_allowance_is_refused_with_what_is_left(rig: Rig) -> None:
    async with rig.running() as alive:
        admin = caller("boss", is_admin=True)
        await alive.service.admin.set_quota(admin, Subject.of(Person(member="test:ann", name="Ann")), "$0.0013", "day")
        with pytest.raises(OverLimit) as refused:
            await ordered(alive)
        assert (refused.value.limit, refused.value.cost_micros) == ("allowance", 1400)
        assert refused.value.standing.allowance_left_micros == 1300
        await alive.service.admin.clear_quota(admin, Subject.of(Person(member="test:ann", name="Ann")))
        await ordered(alive)
        await at_rest(alive)


async def test_only_admins_set_quotas_and_nobody_in_a_direct_chat(rig: Rig) -> None:
    ann = Person(member="test:ann", name="Ann")
    async with rig.running() as alive:
        for who in (caller(), caller(is_admin=True, direct=True)):
            for act in (
                alive.service.admin.set_quota(who, Subject.of(ann), "unlimited", "day"),
                alive.service.admin.set_quota(who, Subject.of(None), "unlimited", "day"),
                alive.service.admin.show_quota(who, ann),
                alive.service.admin.clear_quota(who, Subject.of(None)),
            ):
                with pytest.raises(NotPermitted, match="admin"):
                    await act
        assert (await alive.service.standing(caller())).quota.limit_micros == 100_000


async def test_an_anonymous_admin_administers_and_does_not_spend(rig: Rig) -> None:
    async with rig.running() as alive:
        ghost = caller("ghost", is_admin=True, can_spend=False)
        await alive.service.admin.set_quota(ghost, Subject.of(None), "5000 chars", "week")
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.order(order(ghost))
        assert (await alive.service.standing(caller())).quota.limit_micros == 500_000


async def test_a_direct_chat_has_its_own_policy(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(OverLimit):
            await alive.service.order(order(caller(direct=True)))


async def test_waiting_orders_are_limited(rig: Rig) -> None:
    rig.policy = replace(rig.policy, max_waiting=2)
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    rig.limits = Limits(total=1, community=1, member=1)
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive)
        with pytest.raises(OverLimit, match="waiting"):
            await ordered(alive)
        await reached.wait()
        go.set()
        await at_rest(alive)


async def test_when_the_store_can_not_answer_nothing_is_admitted(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.store.close()
        with pytest.raises(Unavailable, match="store"):
            await ordered(alive)
        await alive.store.open()
    assert rig.gateway.posted == []
