"""Audio that lies on another machine is fetched again, or its loss is owned up to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.domain.errors import DeliveryDelayed, MediaUnavailable, ServerError
from core.domain.lifecycle import DeliveryState, Reason
from core.engine.executor import FAULTS
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.core.engine.jobs import (
    at_rest,
    comes_to,
    ordered,
)
from tests.core.rig import Answer, Rig


@asynccontextmanager
async def opened(rig: Rig) -> AsyncIterator[SqlStore]:
    store = SqlStore(SqliteDriver(rig.folder / "troubadour.db"), rig.clock)
    await store.open()
    yield store
    await store.close()


async def left_generated(rig: Rig, state: DeliveryState = DeliveryState.PENDING) -> str:
    """Leave a job to the next start, and none of its files."""
    rig.chat.deliveries = [DeliveryDelayed("later", retry_after_s=600)]
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: rig.chat.uncertain and now.stage is DeliveryState.PENDING)
    for path in rig.spooled(job):
        path.unlink()
    async with opened(rig) as store:
        if state is DeliveryState.SENDING:
            kept = await store.job(job.job_id)
            assert kept is not None
            await store.move_delivery(kept, DeliveryState.SENDING)
    return job.job_id


async def test_audio_that_lies_on_another_machine_is_fetched_again(rig: Rig) -> None:
    job_id = await left_generated(rig)
    asked = len(rig.gateway.asked)
    async with rig.running() as alive:
        await at_rest(alive)
        job = await alive.store.job(job_id)
        assert job is not None
        assert job.stage is DeliveryState.SENT
    assert rig.gateway.asked[asked:] == ["request-1"]
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]


async def test_audio_is_fetched_again_however_long_the_gateway_is_out(rig: Rig) -> None:
    job_id = await left_generated(rig)
    rig.gateway.statuses = [ServerError("503")] * (FAULTS + 1)
    async with rig.running() as alive:
        await at_rest(alive)
        job = await alive.store.job(job_id)
        assert job is not None
        assert job.stage is DeliveryState.SENT
    assert rig.chat.uncertain == [False, False]


async def test_of_several_artifacts_the_ones_that_are_left_are_delivered(rig: Rig) -> None:
    job_id = await left_generated(rig)
    rig.gateway.statuses = [Answer("COMPLETED", ("https://media/gone", "https://media/here"))]
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False), None]
    async with rig.running() as alive:
        await at_rest(alive)
        job = await alive.store.job(job_id)
        assert job is not None
        assert job.stage is DeliveryState.SENT
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [(DeliveryState.PENDING, Reason.LOST), (DeliveryState.SENDING, Reason.DELIVERY_UNCERTAIN)],
)
async def test_audio_that_can_not_be_fetched_again_is_owned_up_to(
    rig: Rig, state: DeliveryState, reason: Reason, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = await left_generated(rig, state)
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False)]
    async with rig.running() as alive:
        await at_rest(alive)
        job = await alive.store.job(job_id)
        assert job is not None
        assert (job.stage, job.why) == (DeliveryState.UNDELIVERABLE, reason)
    assert rig.chat.told == [("undeliverable", reason)]
    assert rig.chat.uncertain == [False]  # the first time, before it was lost
    assert [record for record in caplog.records if record.exc_info] == []
