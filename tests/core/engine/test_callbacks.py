"""A callback is a hint from a secret address: it wakes its own job, confirms one that was unconfirmed, and does nothing else."""

import asyncio
import hmac
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import (
    BadRequest,
    NoAnswer,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from core.domain.lifecycle import DeliveryState, JobState, Reason, State
from core.service.service import Service
from tests.core.engine.jobs import (
    ONE_AT_A_TIME,
    a_while,
    at_rest,
    comes_to,
    current,
    followed,
    loud,
    ordered,
    parked,
    reaches,
    returns,
)
from tests.core.rig import Answer, Broken, Rig
from tests.makers import order
from tests.moves import only


async def test_a_callback_needs_the_whole_secret_of_its_own_job(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        one, other = [(await alive.service.order(order())).job for _ in range(2)]
        secret = one.generations[0].callback_token.removeprefix(one.job_id)
        for wrong in ("", ".", one.job_id, f"{one.job_id}.", one.generations[0].callback_token[:-1], f"{one.generations[0].callback_token}x",
                      f"{other.job_id}{secret}", f"nobody{secret}", secret, f"{one.job_id}.\udcff"):  # fmt: skip
            assert not await alive.service.called_back(wrong, ""), wrong
        assert await alive.service.called_back(one.generations[0].callback_token, "")


async def test_the_secret_is_long_and_each_job_has_another(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        secrets = {
            (await alive.service.order(order())).job.generations[0].callback_token.partition(".")[2] for _ in range(3)
        }
    assert len(secrets) == 3
    assert {len(secret) for secret in secrets} == {32}


def test_it_is_compared_in_constant_time() -> None:
    assert "compare_digest" in Service.called_back.__code__.co_names
    assert Service.called_back.__globals__["compare_digest"] is hmac.compare_digest


async def test_a_callback_makes_the_job_ask_at_once(rig: Rig) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.RUNNING)
        await parked(alive, job)
        assert not await alive.service.called_back("wrong", "request-1")
        assert await alive.service.called_back(job.generations[0].callback_token, "request-1")
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
    rig.gateway.submits = [returns("of-another-job"), NoAnswer()]
    rig.limits = ONE_AT_A_TIME
    rig.pace = replace(rig.pace, callbacks=True)
    rig.with_deadline(60)
    async with rig.running() as alive:
        await ordered(alive, who="bob")
        await at_rest(alive)
        rig.gateway.statuses = list(statuses)
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        assert await alive.service.called_back(job.generations[0].callback_token, request_id)
        if ends == "expired":
            await followed()
            rig.clock.forward(hours=1)
            assert await alive.service.called_back(job.generations[0].callback_token, "")
        await at_rest(alive)
        done = await current(alive, job)
        assert done.stage is (DeliveryState.SENT if ends == "heard" else JobState.EXPIRED)
        assert done.reason == (None if ends == "heard" else Reason.UNCONFIRMED)
    assert len(rig.gateway.posted) == 2


async def test_a_callback_that_can_not_be_followed_still_wakes_the_job(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.gateway.submits, rig.gateway.statuses = [NoAnswer()], [Broken("unforeseen")]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await parked(alive, job)
        rig.clock.forward(hours=1)
        await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await at_rest(alive)
    assert rig.chat.told == [("expired", Reason.UNCONFIRMED)]
    assert len(loud(caplog)) == 1


async def test_a_callback_without_an_id_confirms_nothing(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.generations[0].callback_token, "")
        await a_while(alive)
        assert (await current(alive, job)).stage is State.UNCONFIRMED
    assert rig.gateway.asked == []


async def test_an_id_that_the_gateway_has_nothing_to_say_of_confirms_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.gateway.statuses = [Answer("")]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.generations[0].callback_token, "another-1")
        await followed()
        assert (await current(alive, job)).stage is State.UNCONFIRMED
    assert rig.gateway.asked == ["another-1"]
    assert [r.levelno for r in caplog.records if "not believed" in r.getMessage()] == [logging.WARNING]


async def test_a_callback_of_a_running_job_only_wakes_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.pace = replace(rig.pace, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.RUNNING)
        await parked(alive, job)
        await alive.service.called_back(job.generations[0].callback_token, "request-1")
        await at_rest(alive)
    assert rig.gateway.asked == ["request-1"]
    assert len(rig.chat.heard) == 1


async def test_two_callbacks_confirm_once_and_disturb_nobody(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [NoAnswer("lost")]
    rig.pace = replace(rig.pace, callbacks=True, poll_min_s=600, poll_max_s=600)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await asyncio.gather(
            *(alive.service.called_back(job.generations[0].callback_token, "late-1") for _ in range(2))
        )
        running = only(await comes_to(alive, job, lambda now: only(now).state is not State.UNCONFIRMED))
        assert (running.request_id, running.reason, running.detail) == ("late-1", None, None)
        await alive.service.called_back(job.generations[0].callback_token, "")
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
        await parked(alive, job)
        await alive.service.called_back(job.generations[0].callback_token, "request-1")
        await followed()
        assert (await current(alive, job)).stage is State.UNCONFIRMED
    assert [r.levelno for r in caplog.records if "is not confirmed" in r.getMessage()] == [logging.WARNING]
    assert loud(caplog) == []


async def test_an_unconfirmed_job_waits_for_its_callback_without_work(rig: Rig) -> None:
    rig.gateway.submits = [NoAnswer()]
    rig.pace = replace(rig.pace, callbacks=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await parked(alive, job)
