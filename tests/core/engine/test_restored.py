"""What was under way in a copy that took the database's place: it is not tried, charged or sent without being asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.lifecycle import DeliveryState, JobState, Late, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.engine.restoring import settle, unfinished
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.core.engine.jobs import at_rest, current, held_up, ordered, reaches
from tests.core.engine.parts import FAILED, Speaking, asks, charged, heard, placed, speaking_rig
from tests.core.rig import Answer, Incarnation, Rig
from tests.makers import caller

UNFINISHED = Answer("PROCESSING", ())
HERE = Destination("test", {"token": "here"})


@pytest.fixture
def gateway() -> Speaking:
    return Speaking()


@pytest.fixture
def rig(tmp_path: Path, gateway: Speaking) -> Rig:
    return speaking_rig(tmp_path, gateway)


async def restored(rig: Rig) -> None:
    """Do to what the last life has left what is done to a copy."""
    store = SqlStore(SqliteDriver(rig.folder / "troubadour.db"), rig.clock)
    await store.open()
    await settle(store, await unfinished(store))
    await store.close()


async def stage_of(alive: Incarnation, job: Job) -> tuple[object, object]:
    await at_rest(alive)
    now = await current(alive, job)
    return now.stage, now.why


@pytest.mark.parametrize("shows", [True, False])
async def test_audio_that_comes_is_charged_once_and_sent_on_request(
    rig: Rig, gateway: Speaking, monkeypatch: pytest.MonkeyPatch, shows: bool
) -> None:
    """Where nothing is shown of its progress an upload would begin with the charge."""
    monkeypatch.setattr(rig.chat, "shows", lambda _: shows)
    gateway.on_status = {"Hello.": [UNFINISHED] * 1000}
    async with rig.running() as alive:
        job = await ordered(alive, "Hello.")
        await reaches(alive, job, State.RUNNING)
    await restored(rig)
    gateway.on_status.clear()
    async with rig.running() as alive:
        assert await stage_of(alive, job) == (DeliveryState.UNDELIVERABLE, Reason.RESTORED)
        delivery = (await current(alive, job)).delivery
        assert delivery
        assert delivery.attempts == 0  # no upload was begun, nor any other kept waiting by it
        assert (rig.chat.heard, rig.chat.told) == ([], [("undeliverable", Reason.RESTORED)])
        assert await charged(alive) == (job.cost_micros, 0)
        await alive.service.redeliver(caller(), job.job_id, HERE)
        assert (await stage_of(alive, job))[0] is DeliveryState.SENT
        await alive.service.redeliver(caller(), job.job_id, HERE)
        assert (await stage_of(alive, job))[0] is DeliveryState.SENT
        assert await charged(alive) == (job.cost_micros, 0)
    assert len(rig.chat.heard) == 2
    assert gateway.posted == ["Hello."]


async def test_a_part_that_fails_is_not_tried_again(rig: Rig, gateway: Speaking) -> None:
    """It may have been, and that would be its third try."""
    gateway.on_status = {"Two.": [UNFINISHED] * 1000}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.")
        await reaches(alive, job, State.RUNNING)
    await restored(rig)
    gateway.on_status = {"Two.": [FAILED]}
    async with rig.running() as alive:
        assert await stage_of(alive, job) == (JobState.ASKING, Reason.GATEWAY_FAILED)
    assert sorted(gateway.posted) == ["One.", "Two."]


async def test_who_takes_what_there_is_has_it_at_once(rig: Rig, gateway: Speaking) -> None:
    async with rig.running() as alive:
        job = await asks(rig, gateway, alive)
    await restored(rig)
    async with rig.running() as alive:
        await alive.service.choose(caller(), job.job_id, take=True)
        await at_rest(alive)
    assert heard(rig) == [("One.Three.", 1000)]


async def test_who_says_nothing_is_sent_nothing(rig: Rig, gateway: Speaking, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day had passed after the copy, too, and then it was sent."""
    async with rig.running() as alive:
        job = await asks(rig, gateway, alive)
    await restored(rig)
    rig.clock.forward(hours=25)
    async with rig.running() as alive:
        await rig.chat.until(lambda: ("undeliverable", Reason.RESTORED) in rig.chat.told)
        await at_rest(alive)
        assert [entry.charged_micros for entry in await alive.service.entries(caller())] == [1000]
        await alive.service.redeliver(caller(), job.job_id, HERE)
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"One.Three."]


async def test_a_part_that_waited_is_given_up_and_the_rest_asked_about(rig: Rig, gateway: Speaking) -> None:
    rig.limits = replace(rig.limits, member=1)
    reached, go, step = held_up()
    gateway.on_status = {"One.": [step]}
    async with rig.running() as alive:
        job = await placed(alive, "One.", "Two.")
        await reached.wait()
        gateway.on_status = {"One.": [UNFINISHED] * 1000}
        go.set()
    await restored(rig)
    gateway.on_status.clear()
    async with rig.running() as alive:
        assert await stage_of(alive, job) == (JobState.ASKING, Reason.RESTORED)
    assert (gateway.posted, rig.chat.heard) == (["One."], [])


async def test_audio_that_comes_late_is_free_and_sent_on_request(rig: Rig, gateway: Speaking) -> None:
    rig.pace = replace(rig.pace, callbacks=True)
    rig.with_deadline(0.01)
    gateway.on_status = {"Hello.": [UNFINISHED] * 1000}
    async with rig.running() as alive:
        job = await ordered(alive, "Hello.")
        await at_rest(alive)
        assert (await current(alive, job)).late is Late.AWAITED
    await restored(rig)
    gateway.on_status.clear()
    async with rig.running() as alive:
        made = (await current(alive, job)).generations[0]
        await alive.service.called_back(made.callback_token, made.request_id or "")
        await rig.chat.until(lambda: ("undeliverable", Reason.RESTORED) in rig.chat.told)
        assert await charged(alive) == (0, 0)
    assert rig.chat.heard == []
