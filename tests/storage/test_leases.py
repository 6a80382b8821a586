"""Several workers over one PostgreSQL database: each job has one carrier, and a dead one's jobs find another."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from core.domain.errors import StaleJob
from core.domain.lifecycle import DeliveryState, JobState, Late, State
from core.domain.models import Job
from core.engine.queue import Limits, Room
from storage import leases
from storage.leases import BEATS, PostgresLease
from storage.postgres import PostgresDriver
from storage.signals import PostgresSignal
from storage.unattended import count_workers
from tests.makers import admission
from tests.storage.crew import Crew, nobody, room
from tests.storage.money import TO_KEPT, moved
from tests.waiting import WAIT_S, until
from tests.worlds.postgres import Detour


async def test_a_job_has_one_carrier(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    ids = {await crew.order(f"member{number}") for number in range(40)}
    takers = [lease for _ in range(4) for lease in (ann, bob)]
    taken = await asyncio.gather(*(lease.take(room(7), nobody) for lease in takers))
    taken.append(await ann.take(room(40), nobody))
    jobs = [job for jobs in taken for job in jobs]
    assert sorted(job.job_id for job in jobs) == sorted(ids)
    assert all(
        job.worker_id == lease.worker_id for lease, jobs in zip([*takers, ann], taken, strict=True) for job in jobs
    )
    assert await bob.take(room(40), nobody) == []


async def test_members_take_turns_and_the_rest_is_counted(crew: Crew) -> None:
    ann = await crew.worker("ann")
    many = [await crew.order("greedy") for _ in range(3)]
    one = await crew.order("modest")
    assert [job.job_id for job in await ann.take(room(2), nobody)] == [many[0], one]
    assert ann.left == 2
    assert [job.job_id for job in await ann.take(room(2), nobody)] == many[1:]
    assert ann.left == 0


async def test_what_could_not_begin_here_is_left_to_others(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    greedy = [await crew.order("greedy") for _ in range(3)]
    modest = await crew.order("modest")
    other = await crew.order("other", community="choir")
    limits = Limits(total=9, community=3, member=2)
    full = Room(most=9, limits=limits, of_member={"test:modest": 1}, of_community={"test:band": 1})
    assert [job.job_id for job in await ann.take(full, nobody)] == [*greedy[:2], other]
    assert ann.left == 2
    over = Room(most=9, limits=limits, of_member={"test:greedy": 1}, of_community={"test:band": 2})
    assert [job.job_id for job in await bob.take(over, nobody)] == [modest]
    over = Room(most=9, limits=limits, of_member={"test:greedy": 2}, of_community={"test:choir": 2})
    assert await bob.take(over, nobody) == []


async def test_what_waits_is_shown_by_one_worker_that_has_it_meanwhile(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    ids = [await crew.order("greedy") for _ in range(3)]
    full = Room(most=9, limits=Limits(total=9, community=9, member=1), of_member={"test:greedy": 1})
    assert await ann.take_unshown(9) == []  # nothing is known yet of what waits
    assert [await lease.take(full, nobody) for lease in (ann, bob)] == [[], []]
    shown = await ann.take_unshown(2)
    assert [job.job_id for job in shown] == ids[:2]
    assert {job.worker_id for job in shown} == {ann.worker_id}
    assert [job.job_id for job in await bob.take_unshown(9)] == ids[2:]
    assert await bob.take(room(9), nobody) == []
    crew.heard["bob"].clear()
    for job in shown:
        await ann.leave(job, told=False)  # a chat that took nothing is not asked at every look
    await crew.hears("bob", "")
    assert [job.job_id for job in await bob.take(room(9), nobody)] == ids[:2]
    assert await ann.take(full, nobody) == await ann.take_unshown(9) == []


async def test_the_oldest_of_what_waits_is_shown_first(crew: Crew) -> None:
    ann = await crew.worker("ann")
    ids = [await crew.order("greedy") for _ in range(5)]
    await crew.do("UPDATE jobs SET created_ms = -CAST(substr(job_id, 4) AS INT)")
    full = Room(most=9, limits=Limits(total=9, community=9, member=1), of_member={"test:greedy": 1})
    assert await ann.take(full, nobody) == []
    assert [job.job_id for job in await ann.take_unshown(9)] == ids[::-1]


async def test_what_has_only_just_begun_to_wait_is_not_shown_yet(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await crew.worker("ann")
    monkeypatch.setattr("storage.leases.WAITED_MS", 10**15)
    await crew.order("greedy")
    full = Room(most=9, limits=Limits(total=9, community=9, member=1), of_member={"test:greedy": 1})
    assert await ann.take(full, nobody) == await ann.take_unshown(9) == []
    assert ann.left == 1


async def test_a_job_that_another_has_is_not_left(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    await crew.order()
    [job] = await ann.take(room(9), nobody)
    await crew.kill(ann)
    await bob.hand_over(())
    async with asyncio.timeout(WAIT_S):
        while not (taken := await bob.take(room(9), nobody)):
            await asyncio.sleep(0)
    await ann.leave(job, told=True)
    assert await crew.store.again(taken[0]) == taken[0]


async def test_what_is_ours_and_nobody_carries_is_found(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await crew.worker("ann")
    one, two = [await crew.order(f"member{number}") for number in range(2)]
    await ann.take(room(2), nobody)  # and its answer is lost, say
    assert await ann.take(room(2), nobody) == []
    monkeypatch.setattr("storage.leases.STRAY_S", 0)
    assert await ann.take(room(2), lambda job_id: job_id == two) == []  # it may be about to end
    assert [job.job_id for job in await ann.take(room(2), lambda job_id: job_id == two)] == [one]
    assert [record.getMessage() for record in caplog.records if one in record.getMessage()]
    assert await ann.take(room(2), {one, two}.__contains__) == []
    assert await ann.take(room(2), nobody) == []


async def test_a_job_that_asks_its_member_is_not_found_again_and_again(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await crew.worker("ann")
    admitted = await crew.store.admit(admission(parts=2))
    assert admitted.job is not None
    (job,) = await ann.take(room(2), nobody)
    for number, end in ((1, State.FETCHED), (2, State.FAILED)):
        for state in (State.SUBMITTING, State.RUNNING, end):
            job = await crew.store.move(job, number, state)
    assert job.state is JobState.ASKING
    monkeypatch.setattr("storage.leases.STRAY_S", 0)
    assert [await ann.take(room(2), nobody) for _ in range(3)] == [[], [], []]
    await ann.hand_over(())
    assert [taken.stage for taken in await ann.take(room(2), nobody)] == [JobState.ASKING]


async def test_what_is_under_way_goes_on_whatever_waits(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.order()
    (job,) = await ann.take(room(1), nobody)
    job = await crew.store.move(job, 1, State.SUBMITTING)
    await crew.kill(ann)
    await crew.order()
    bob = await crew.worker("bob")
    await crew.hears("bob", "")
    assert [job.job_id for job in await bob.take(room(0), nobody)] == [job.job_id]


async def test_a_worker_takes_what_it_can_deliver(crew: Crew) -> None:
    await crew.order()
    elsewhere = await crew.worker("ann", platforms=("fax", "tes", "testing"))
    assert await elsewhere.take(room(5), nobody) == []
    assert len(await (await crew.worker("bob")).take(room(5), nobody)) == 1


async def changes(crew: Crew, job: Job) -> None:
    """All that a worker does to a job's row must fail."""
    for attempt in (
        crew.store.move(job, 1, State.SUBMITTING),
        crew.store.move(job, 1, State.CANCELLED),
        crew.store.note(job, 1, detail="mine"),
        crew.store.update(job, late=Late.AWAITED),
        crew.store.again(job),
    ):
        with pytest.raises(StaleJob):
            await attempt


async def test_who_was_away_too_long_changes_nothing(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    await crew.order()
    (job,) = await ann.take(room(1), nobody)
    assert (await crew.store.again(job)).worker_id == "ann1"
    await crew.kill(ann)
    await crew.hears("bob", "")
    await changes(crew, job)  # nobody has it now
    (taken,) = await bob.take(room(1), nobody)
    await changes(crew, job)
    assert (await crew.store.again(taken)).worker_id == "bob1"
    await crew.store.move(taken, 1, State.CANCELLED)


async def test_a_lease_that_ran_out_is_not_renewed(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.order()
    (before,) = await ann.take(room(1), nobody)
    await crew.do("UPDATE workers SET alive_until_ms = 0")
    await ann._renew(crew.heard["ann"].append)
    await crew.until(lambda: crew.heard["ann"].count("") == 2)  # it begins anew; what it carried is free
    assert (ann.worker_id, ann.valid) == ("ann2", True)
    (after,) = await ann.take(room(1), nobody)
    assert (after.job_id, after.worker_id) == (before.job_id, "ann2")
    await changes(crew, before)


async def test_a_lease_is_renewed(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await crew.worker("ann")
    await asyncio.sleep(0)  # its keeper looks at the clock
    first, asleep_s, now_s = ann._until_s, ann._lease_s / BEATS, leases._clock_s
    monkeypatch.setattr("storage.leases._clock_s", lambda: now_s() + asleep_s)
    await until(lambda: ann._until_s >= first + asleep_s)
    assert (ann.valid, ann.worker_id) == (True, "ann1")


async def test_a_worker_that_is_just_renewing_its_lease_is_not_dead(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.leases.SWEEP_S", 600)
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    await crew.order()
    (job,) = await ann.take(room(1), nobody)
    await crew.do("UPDATE workers SET alive_until_ms = 0 WHERE worker_id = 'ann1'")
    renewal = await asyncpg.connect(crew.url)
    transaction = renewal.transaction()
    await transaction.start()
    await renewal.execute(f"UPDATE workers SET alive_until_ms = {10**15} WHERE worker_id = 'ann1'")
    await bob._free_dead()
    await transaction.commit()
    await renewal.close()
    await bob._free_dead()
    assert await crew.store.again(job) == job


async def test_a_lease_without_renewal_is_not_valid(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.leases.WAITED_MS", 0)
    ann = await crew.worker("ann")
    await crew.order()
    await ann.take(room(0), nobody)
    assert ann.left == 1
    late_s = ann._until_s + 1
    monkeypatch.setattr("storage.leases._clock_s", lambda: late_s)
    assert not ann.valid
    assert await ann.take(room(1), nobody) == await ann.take_unshown(1) == []


async def test_who_is_no_worker_any_more_takes_nothing(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.order()
    await crew.do("DELETE FROM workers")
    assert await ann.take(room(1), nobody) == []


async def test_one_frozen_in_a_transaction_holds_nobody_else_up(crew: Crew) -> None:
    ann = await crew.worker("ann")
    ids = [await crew.order(f"member{number}") for number in range(3)]
    await ann.take(room(3), nobody)
    frozen = await asyncpg.connect(crew.url)
    transaction = frozen.transaction()
    await transaction.start()
    await frozen.execute(f"UPDATE jobs SET shown = shown WHERE job_id = '{ids[0]}'")
    await crew.kill(ann)
    bob = await crew.worker("bob")
    await crew.hears("bob", "")
    assert sorted(job.job_id for job in await bob.take(room(3), nobody)) == sorted(ids[1:])
    crew.heard["bob"].clear()
    await transaction.rollback()
    await frozen.close()
    await crew.hears("bob", "")
    assert [job.job_id for job in await bob.take(room(3), nobody)] == ids[:1]


async def test_who_stops_hands_over_at_once(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    job_id = await crew.order()
    await ann.take(room(1), nobody)
    await ann.stop()
    crew.leases.remove(ann)
    left = await crew.store.job(job_id)
    assert left is not None
    assert left.worker_id == ""
    assert len([t for t in asyncio.all_tasks() if t.get_name() == "signal"]) == 1
    assert not ann.valid
    assert await count_workers(crew.driver) == len([t for t in asyncio.all_tasks() if t.get_name() == "lease"]) == 1
    await crew.hears("bob", "")
    assert [job.job_id for job in await bob.take(room(1), nobody)] == [job_id]


async def test_an_ended_job_belongs_to_nobody(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.order()
    (job,) = await ann.take(room(1), nobody)
    ended = await crew.store.move(job, 1, State.CANCELLED)
    assert ended.worker_id == "ann1"
    assert (await crew.store.close_job(ended)).worker_id == ""


async def test_a_job_that_is_to_be_sent_again_waits_for_a_carrier_at_once(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.order()
    (job,) = await ann.take(room(1), nobody)
    job = await moved(crew.store, job, *TO_KEPT)
    again = await crew.store.move_delivery(job, DeliveryState.PENDING)  # pressed before it was closed
    assert again.worker_id == ""
    with pytest.raises(StaleJob):
        await crew.store.close_job(job)
    assert [job.job_id for job in await ann.take(room(1), nobody)] == [again.job_id]


async def test_a_connection_that_says_nothing_any_more_is_made_again(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.signals.QUIET_S", 0.02)
    async with Detour(crew.url, tmp_path) as way:
        ann, bob = await crew.worker("ann"), await crew.worker("bob", url=way.url)
        ann.notify("job7")
        await crew.hears("bob", "job7")
        monkeypatch.setattr("storage.signals.CONNECT_S", 0.2)
        monkeypatch.setattr("storage.signals.RETRY_S", 0.01)
        way.forget()
        await crew.hears("bob", "")  # something may have been said meanwhile
        ann.notify("job8")
        await crew.hears("bob", "job8")
        await bob.stop()
        crew.leases.remove(bob)


async def test_a_connection_that_hangs_costs_no_lease(crew: Crew, tmp_path: Path) -> None:
    async with Detour(crew.url, tmp_path) as way:
        driver = PostgresDriver(way.url)
        await driver.open()
        lease = PostgresLease(driver, PostgresSignal(crew.url), ("test",), 10.0)
        await lease.start(crew.heard.setdefault("cut off", []).append)
        owner, until_s = lease.worker_id, lease._until_s
        way.forget()
        await until(lambda: lease._until_s != until_s, 0.01)
        assert lease.valid
        assert lease.worker_id == owner
        way.hang_up()
        await lease.stop()
        await driver.close()


async def test_a_word_reaches_every_worker_and_survives_a_broken_connection(crew: Crew) -> None:
    ann = await crew.worker("ann")
    await crew.worker("bob")
    ann.notify("job7")
    await crew.hears("ann", "job7")
    await crew.hears("bob", "job7")
    await crew.do(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'troubadour signal' AND pid <> pg_backend_pid()"
    )
    await crew.hears("ann", "")  # something may have been said meanwhile
    await crew.hears("bob", "")
    ann.notify("job8")
    await crew.hears("bob", "job8")
