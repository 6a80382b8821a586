"""Machines share finished audio: any of them sends it, and an outage of the store costs nobody theirs."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.errors import DeliveryRefused, MediaUnavailable
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.troubles import Trouble
from core.engine.tidying import Keep, Tidier
from core.ports import Bucket
from tests.core.engine.jobs import at_rest, current, held_up, ordered, reaches
from tests.core.engine.parts import Speaking, dialogue
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order
from tests.waiting import until
from tests.worlds.s3 import Fault, Road, Store, bucket_at, names_in

AUDIO = b"audio"
GONE = MediaUnavailable("gone", may_retry=False)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.sharing.PAUSES_S", ())
    monkeypatch.setattr("core.files.bucket.TRIES", timedelta(seconds=0))


@pytest.fixture
async def road(s3: Store) -> AsyncIterator[Road]:
    async with Road(s3.address()) as road:
        yield road


@pytest.fixture
def rig(rig: Rig, road: Road) -> Rig:
    rig.bucket = at(road)
    return rig


def at(road: Road) -> Bucket:
    return bucket_at(road.address, "spool")


def on_another_machine(rig: Rig, road: Road) -> None:
    """Let the next start be of a machine that has none of the files; the gateway has forgotten all."""
    shutil.rmtree(rig.spool)
    rig.machine, rig.bucket = f"{rig.machine}-other", at(road)
    rig.gateway.fetches = [GONE] * 100


async def again(alive: Incarnation, job: Job) -> None:
    await alive.service.redeliver(caller(), job.job_id, Destination("test"))
    await at_rest(alive)


def tidier(rig: Rig, alive: Incarnation) -> Tidier:
    """Return what sweeps as the rig says now."""
    return Tidier(alive.store, alive.worker._tidier._artifacts, rig.clock, rig.keep, rig.meters)


async def sent(rig: Rig, road: Road) -> Job:
    """Have a job delivered and its audio shared; the process ends."""
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    assert names_in(road.place) == {f"spool/{job.job_id}/{job.job_id}-1-0"}
    return job


async def test_what_one_machine_has_fetched_another_sends(rig: Rig, road: Road) -> None:
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await until(lambda: names_in(road.place))
        for task in (t for t in asyncio.all_tasks() if t.get_name().startswith("job ")):
            task.cancel()  # as a kill does, in the middle of the upload
    asked = len(rig.gateway.asked)
    on_another_machine(rig, road)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO]
    assert len(rig.gateway.asked) == asked
    assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == AUDIO


async def test_history_sends_again_from_any_machine(rig: Rig, road: Road) -> None:
    job = await sent(rig, road)
    on_another_machine(rig, road)
    async with rig.running() as alive:
        await again(alive, job)
        await again(alive, job)
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO] * 3


async def test_the_same_ordered_again_is_answered_from_any_machine(rig: Rig, road: Road) -> None:
    rig.policy = replace(rig.policy, repeats=True)
    await sent(rig, road)
    on_another_machine(rig, road)
    async with rig.running() as alive:
        assert (await alive.service.order(order(caller("bob")))).job.is_repeat
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO] * 2
    assert rig.gateway.posted == ["Hello everyone"]


async def test_all_parts_of_an_order_come_along(rig: Rig, road: Road) -> None:
    rig.gateway = Speaking()
    async with rig.running() as alive:
        job = (await alive.service.order(dialogue("One.", "Two."))).job
        await at_rest(alive)
    heard = rig.chat.heard[0][1]
    assert len(names_in(road.place)) == len(job.parts) == 2
    on_another_machine(rig, road)
    rig.gateway.statuses = []
    async with rig.running() as alive:
        asked = len(rig.gateway.asked)
        await again(alive, job)
        assert len(rig.gateway.asked) == asked
    assert [content for _, content, _ in rig.chat.heard] == [heard, heard]


async def test_more_than_can_wait_is_left_to_the_sweep(
    rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("core.engine.sharing.MOST_WAITING", 1)
    monkeypatch.setattr("core.engine.sharing.CLOSE_S", 0.05)
    await road.be(Fault.SILENT)
    async with rig.running() as alive:
        for n in range(8):
            await ordered(alive, f"Hello {n}")
        await at_rest(alive)
    assert len(rig.chat.heard) == 8
    assert "too many files wait to be copied" in caplog.text
    assert "on this machine alone, and are copied at the next start" in caplog.text
    monkeypatch.undo()
    await road.be(Fault.NONE)
    rig.bucket = at(road)
    async with rig.running():
        await until(lambda: len(names_in(road.place)) == 8)


async def test_the_chat_does_not_wait_for_copies(rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.sharing.PAUSES_S", (0.01,) * 100)
    await road.be(Fault.SILENT)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
        await road.met.wait()
        await road.be(Fault.NONE)
        await until(lambda: names_in(road.place))


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.BUSY])
async def test_an_outage_costs_nobody_their_audio_and_its_copy_is_made_later(
    rig: Rig, road: Road, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    await road.be(fault)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
        await again(alive, job)
        await until(lambda: "on this machine alone" in caplog.text)
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO] * 2
    assert rig.spooled(job)
    await road.be(Fault.NONE)
    rig.bucket = at(road)
    async with rig.running():
        await until(lambda: names_in(road.place))


async def test_operators_hear_of_an_outage_and_of_its_end(rig: Rig, road: Road) -> None:
    await road.be(Fault.BUSY)
    async with rig.running() as alive:
        for _ in range(3):
            await ordered(alive)
        await at_rest(alive)
        await until(lambda: rig.troubles.cases)
        (case,) = rig.troubles.cases
        assert (case.trouble, "503 Service Unavailable" in str(case.detail)) == (Trouble.ARTIFACTS_AWAY, True)
        await road.be(Fault.NONE)
        await ordered(alive)
        await until(lambda: not rig.troubles.cases)


async def test_audio_out_of_reach_is_not_called_lost_and_is_sent_later(
    rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.fetching.DELIVER_S", 0.01)
    monkeypatch.setattr("core.engine.fetching.AWAY_PAUSE_S", 0.01)
    job = await sent(rig, road)
    await road.be(Fault.REFUSED)
    on_another_machine(rig, road)
    async with rig.running() as alive:
        await again(alive, job)
        assert (await current(alive, job)).why is Reason.AUDIO_AWAY
        assert rig.chat.told == [("undeliverable", Reason.AUDIO_AWAY)]
        await road.be(Fault.NONE)
        await again(alive, job)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO] * 2


async def test_a_short_outage_is_waited_for(rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.fetching.AWAY_PAUSE_S", 0.01)
    job = await sent(rig, road)
    await road.be(Fault.BUSY)
    on_another_machine(rig, road)
    async with rig.running() as alive:
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await road.met.wait()
        await road.be(Fault.NONE)
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT


async def test_what_no_machine_has_is_fetched_again(rig: Rig, road: Road) -> None:
    await road.be(Fault.REFUSED)
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    on_another_machine(rig, road)
    rig.gateway.fetches = []
    async with rig.running() as alive:
        await again(alive, job)
        assert (await current(alive, job)).stage is DeliveryState.SENT


# --- what is kept ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keep", [Keep(shared_bytes=2 * len(AUDIO)), Keep(community_bytes=2 * len(AUDIO))], ids=["all", "one community"]
)
async def test_beyond_the_limits_the_oldest_goes_everywhere_but_none_that_is_on_its_way(
    rig: Rig, road: Road, keep: Keep
) -> None:
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        held = await ordered(alive)
        await reached.wait()
        jobs = []
        for text in ("second", "third"):
            jobs.append(await ordered(alive, text))
            await reaches(alive, jobs[-1], DeliveryState.SENT)
        await until(lambda: len(names_in(road.place)) == 3)
        rig.keep = keep
        await tidier(rig, alive).tidy()
        left = {name.split("/")[1] for name in names_in(road.place)}
        assert left == {held.job_id, jobs[1].job_id}
        assert not (await current(alive, jobs[0])).artifacts
        assert not rig.spooled(jobs[0])
        go.set()
        await at_rest(alive)
        assert (await current(alive, held)).stage is DeliveryState.SENT


async def test_another_community_has_a_limit_of_its_own(rig: Rig, road: Road) -> None:
    async with rig.running() as alive:
        first = await ordered(alive)
        elsewhere = (await alive.service.order(order(caller(community="choir")))).job
        await at_rest(alive)
        await until(lambda: len(names_in(road.place)) == 2)
        rig.keep = Keep(community_bytes=len(AUDIO))
        await tidier(rig, alive).tidy()
        assert (await current(alive, first)).artifacts
        assert (await current(alive, elsewhere)).artifacts


async def test_a_machine_makes_room_by_what_has_a_copy_and_gets_it_back(
    rig: Rig, road: Road, caplog: pytest.LogCaptureFixture
) -> None:
    rig.keep = Keep(bytes=0)
    async with rig.running() as alive:
        copied = await ordered(alive)
        await at_rest(alive)
        await until(lambda: names_in(road.place))
        await road.be(Fault.REFUSED)
        alone = await ordered(alive, "second")
        await at_rest(alive)
        await until(lambda: f"{alone.job_id}: its audio is on this machine alone" in caplog.text)
        await road.be(Fault.NONE)
        await tidier(rig, alive).tidy()
        assert not rig.spooled(copied)
        assert rig.spooled(alone)
        await again(alive, copied)
        assert rig.spooled(copied)
    assert [content for _, content, _ in rig.chat.heard] == [AUDIO] * 3


async def test_a_machine_without_a_worker_makes_room_too(rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.tidying.SWEEP_S", 0.01)
    rig.keep = Keep(bytes=0)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await until(lambda: names_in(road.place))
        sweeping = asyncio.create_task(tidier(rig, alive).keep_here_tidy())
        await until(lambda: not rig.spooled(job))
        sweeping.cancel()
        assert (await current(alive, job)).artifacts
    assert len(names_in(road.place)) == 1


async def test_an_outage_lets_nothing_go(rig: Rig, road: Road) -> None:
    rig.keep = Keep(bytes=0, shared_bytes=0)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await until(lambda: names_in(road.place))
        await road.be(Fault.BUSY)
        await tidier(rig, alive).tidy()
        assert rig.spooled(job)
        assert (await current(alive, job)).artifacts


async def test_what_is_kept_too_long_goes_everywhere_and_what_nobody_knows_once_it_is_as_old(
    rig: Rig, road: Road, tmp_path: Path
) -> None:
    job = await sent(rig, road)
    (tmp_path / "other").write_bytes(AUDIO)
    bucket = at(road)
    await bucket.put("another-service/another-service-1-0", tmp_path / "other")
    rig.bucket = at(road)
    async with rig.running() as alive:
        await tidier(rig, alive).tidy()
        assert len(names_in(road.place)) == 2
        rig.clock.forward(days=8)
        while jobs := await alive.store.kept_before(rig.clock.now_ms(), 10):
            await alive.store.drop_artifacts(jobs[0])
        await tidier(rig, alive).tidy()
        assert names_in(road.place) == {"spool/another-service/another-service-1-0"}
        assert not rig.spooled(job)
        rig.clock.forward(days=400_000)
        await tidier(rig, alive).tidy()
        assert names_in(road.place) == set()


async def test_what_is_done_with_the_store_is_measured(rig: Rig, road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.02)
    await sent(rig, road)

    def value(name: str, **labels: str) -> float:
        return rig.meters.registry.get_sample_value(f"troubadour_{name}", labels) or 0

    puts = value("artifact_calls_total", request="put", outcome="ok")
    assert puts >= 1  # the sweep may have found the file, too
    assert value("artifact_bytes_total", request="put") == puts * len(AUDIO)
    await road.be(Fault.BUSY)
    on_another_machine(rig, road)
    async with rig.running():
        await until(lambda: value("artifact_calls_total", request="list", outcome="ArtifactsAway"))
    await road.be(Fault.NONE)
    rig.bucket = at(road)
    async with rig.running():
        await until(lambda: value("kept_audio_bytes", place="shared") == len(AUDIO))
