"""Files are swept when nobody needs them, and waits end, also after the store was away."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.errors import DeliveryRefused, StoreError
from core.domain.lifecycle import JobState, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.refusals import NotFound
from core.engine.maintenance import end_waits
from core.engine.queue import Limits
from core.engine.tidying import Keep
from tests.core.engine.jobs import a_while, at_rest, comes_to, current, held_up, ordered, tasks
from tests.core.rig import Answer, Incarnation, Rig
from tests.makers import admission, caller, order
from tests.waiting import WAIT_S, until


async def test_files_that_nobody_needs_are_removed_and_others_are_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    reached, go, step = held_up()
    rig.gateway.fetches, rig.chat.deliveries = [None, step], [DeliveryRefused("kicked")]

    async def sweep(alive: Incarnation) -> None:
        """Leave files as a crash does, twice: when the second are gone, everything has been looked at."""
        for orphan in (rig.spool / "first-0", rig.spool / ".second-0.part"):
            orphan.write_bytes(b"x")
            await until(lambda orphan=orphan: not orphan.exists())  # type: ignore[misc]

    async with rig.running() as alive:
        refused = await ordered(alive)
        await at_rest(alive)
        fetching = await ordered(alive, "two")
        await reached.wait()
        (rig.spool / f".{fetching.job_id}-1-0.part").write_bytes(b"x")
        await sweep(alive)
        assert rig.spooled(refused)
        assert rig.spooled(fetching)
        # A worker of another machine lets go of it.
        await alive.store.note(await current(alive, refused), 1, artifacts=())
        await sweep(alive)
        assert list(rig.spool.iterdir()) == rig.spooled(fetching) != []
        go.set()
        await at_rest(alive)


async def test_files_nobody_asked_for_are_let_go(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.maintenance.KEPT_AT_ONCE", 1)
    rig.chat.deliveries = [DeliveryRefused("kicked")] * 2
    async with rig.running() as alive:
        job, _ = await ordered(alive), await ordered(alive, "another")
        await at_rest(alive)
    rig.clock.forward(days=8)
    async with rig.running() as alive:
        await until(lambda: not list(rig.spool.iterdir()))
        assert (await current(alive, job)).artifacts == ()
        with pytest.raises(NotFound):
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))


async def test_kept_files_outlive_a_restart_and_a_few_days(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    rig.clock.forward(days=6)
    async with rig.running() as alive:
        await a_while(alive)
        assert (rig.spool / f"{job.job_id}-1-0").read_bytes() == b"audio"
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert [content for _, content, _ in rig.chat.heard] == [b"audio"]


async def test_files_that_a_crash_left_behind_are_swept_and_those_of_open_jobs_are_not(rig: Rig) -> None:
    rig.gateway.statuses = [Answer("FAILED", ())]
    async with rig.running() as alive:
        failed = await ordered(alive)
        await at_rest(alive)
        rig.chat.deliveries = [DeliveryRefused("kicked")]
        kept = await ordered(alive)
        await at_rest(alive)
        elsewhere = replace(caller(), platform="gone", community="gone:band", member="gone:ann")
        waiting = (await alive.store.admit(admission(order(elsewhere)))).job
        assert waiting is not None
    former = rig.spool / "of-a-former-release"
    former.mkdir()
    for job_id in (waiting.job_id, failed.job_id):
        (rig.spool / f".{job_id}-1-0.part").touch()
    async with rig.running() as alive:
        await until(lambda: not (former.exists() or rig.spooled(failed)))
        await a_while(alive)
    assert rig.spooled(kept)
    assert rig.spooled(waiting)


async def test_beyond_the_limit_the_oldest_audio_goes_but_none_that_is_on_its_way(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    rig.keep = Keep(bytes=len(b"audio"))
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        held = await ordered(alive)
        await reached.wait()
        older = await ordered(alive, "older")
        await comes_to(alive, older, lambda now: now.artifacts == () and not rig.spooled(older))
        await a_while(alive)
        assert (rig.spool / f"{held.job_id}-1-0").exists()
        go.set()
        await at_rest(alive)


async def test_sweeping_goes_on_after_the_store_could_not_answer(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.maintenance.SWEEP_S", 0.001)
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await alive.store.close()
        await until(lambda: any("swept" in r.getMessage() for r in caplog.records))
        await alive.store.open()
        rig.clock.forward(days=8)
        await comes_to(alive, job, lambda now: not now.artifacts)


async def test_the_sweeper_is_gone_when_an_idle_process_has_stopped(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.worker.stop(WAIT_S)
        assert tasks("sweeper") == []


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


async def test_who_waited_too_long_hears_what_for_and_nobody_looks_before(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig.running() as alive:
        gone = replace(caller(), platform="gone", community="gone:band", member="gone:ann")  # nobody carries it here
        job = (await alive.store.admit(admission(order(gone)))).job
        assert job is not None
        job = await alive.store.move(
            await alive.store.move(job, 1, State.SUBMITTING), 1, State.QUEUED, reason=Reason.BUSY
        )
        oldest, looks = alive.store.oldest_waiting, 0

        async def looked() -> Job | None:
            nonlocal looks
            looks += 1
            return await oldest() if looks < 9 else None

        monkeypatch.setattr(alive.store, "oldest_waiting", looked)
        for forward, seen in ((0, 1), (2, 3)):
            rig.clock.forward(hours=forward)
            ending = asyncio.create_task(end_waits(alive.store, rig.clock, 3600, alive.worker.cancelled))
            await until(lambda seen=seen: looks >= seen)  # type: ignore[misc]
            await a_while(alive)
            ending.cancel()
            assert looks == seen
        now = await current(alive, job)
        assert (now.stage, now.reason) == (JobState.CANCELLED, Reason.BUSY)
