"""What a chat keeps of its audio is sent again from there, and from the files where it is gone."""

import asyncio

import pytest

from core.domain.errors import DeliveryRefused, NotKept, TooLarge
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.engine.tidying import Keep
from tests.core.engine.jobs import at_rest, current, held_up, ordered
from tests.core.rig import Incarnation, Rig
from tests.makers import caller
from tests.waiting import WAIT_S


@pytest.fixture
def rig(rig: Rig) -> Rig:
    rig.chat.keeps = True
    return rig


async def sent_again(alive: Incarnation, job: Job) -> Job:
    await alive.service.redeliver(caller(), job.job_id, Destination("test"))
    await at_rest(alive)
    return await current(alive, job)


def heard(rig: Rig) -> list[bytes]:
    return [content for _, content, _ in rig.chat.heard]


async def test_what_the_chat_keeps_is_neither_made_to_fit_nor_uploaded_again(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        for number in (2, 3):
            assert (await sent_again(alive, job)).stage is DeliveryState.SENT
            assert heard(rig) == [b"audio", *[b"kept audio"] * (number - 1)]
    assert len(rig.media.wants) == 1


@pytest.mark.parametrize("error", [NotKept("deleted"), TooLarge(5000)])
async def test_what_the_chat_does_not_keep_any_more_is_uploaded(rig: Rig, error: Exception) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        rig.chat.repeats = [error]
        await sent_again(alive, job)
    assert heard(rig) == [b"audio", b"audio"]
    assert rig.chat.uncertain == [False] * 3


async def test_what_was_refused_once_is_still_kept(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        rig.chat.repeats = [DeliveryRefused("kicked")]
        assert (await sent_again(alive, job)).stage is DeliveryState.UNDELIVERABLE
        await sent_again(alive, job)
    assert heard(rig) == [b"audio", b"kept audio"]


async def test_what_may_have_arrived_from_there_is_not_uploaded_as_well(rig: Rig) -> None:
    reached, _, step = held_up()
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        rig.chat.repeats = [step, NotKept("deleted")]
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await reached.wait()
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        assert rig.chat.told == [("undeliverable", Reason.DELIVERY_UNCERTAIN)]
        await sent_again(alive, job)
    assert heard(rig) == [b"audio", b"audio"]


async def test_what_the_chat_keeps_outlives_the_files_but_not_the_keep_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    rig.keep = Keep(bytes=0)
    async with rig.running() as alive, asyncio.timeout(WAIT_S):
        job = await ordered(alive)
        await at_rest(alive)
        while rig.spooled(job):
            await alive.store.job(job.job_id)
        assert [kept.job_id for kept in await alive.service.history(caller())] == [job.job_id]
        await sent_again(alive, job)
        assert heard(rig) == [b"audio", b"kept audio"]
        rig.clock.forward(days=8)
        while await alive.service.history(caller()):
            await alive.store.job(job.job_id)
        assert (await current(alive, job)).kept is None
    assert rig.gateway.posted == ["Hello everyone"]


async def test_files_that_no_chat_keeps_are_swept_with_their_place_in_the_list(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    rig.chat.keeps, rig.keep = False, Keep(bytes=0)
    async with rig.running() as alive, asyncio.timeout(WAIT_S):
        job = await ordered(alive)
        await at_rest(alive)
        while rig.spooled(job):
            await alive.store.job(job.job_id)
        assert await alive.service.history(caller()) == []
