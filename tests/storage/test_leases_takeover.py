"""What becomes of a worker's jobs when it dies, hands them over, or hears late that its lease goes on."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.domain.errors import StaleJob
from core.domain.lifecycle import JobState, Stage, State
from storage import leases
from storage.driver import Row
from storage.leases import PostgresLease
from storage.postgres import PostgresDriver
from storage.signals import PostgresSignal
from tests.moves import PENDING, SENDING, stepped
from tests.storage.crew import Crew, nobody, room

S = State
WAYS: Mapping[Stage, tuple[Stage, ...]] = {
    S.QUEUED: (),
    S.SUBMITTING: (S.SUBMITTING,),
    S.UNCONFIRMED: (S.SUBMITTING, S.UNCONFIRMED),
    S.RUNNING: (S.SUBMITTING, S.RUNNING),
    PENDING: (S.SUBMITTING, S.RUNNING, PENDING),
    SENDING: (S.SUBMITTING, S.RUNNING, PENDING, SENDING),
}
"""How a job gets into each state in which a worker may die."""


async def test_a_dead_workers_jobs_go_on_in_the_states_that_it_wrote_down(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    expected = {}
    for state, way in WAYS.items():
        expected[await crew.order(state.value)] = state
        (job,) = await ann.take(room(1), nobody)
        for step in way:
            job = await stepped(crew.store, job, step)
    await crew.kill(ann)
    await crew.hears("bob", "")
    taken = await bob.take(room(9), nobody)
    assert {job.job_id: job.stage for job in taken} == expected
    assert {job.worker_id for job in taken} == {bob.worker_id}


async def test_a_dead_workers_parts_go_on_and_what_it_still_does_with_them_is_stale(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    await crew.order(parts=4)
    (job,) = await ann.take(room(1), nobody)
    ways = {1: (S.SUBMITTING, S.RUNNING, S.FETCHED), 2: (S.SUBMITTING, S.RUNNING), 3: (S.SUBMITTING,), 4: ()}
    for number, way in ways.items():
        for state in way:
            job = await crew.store.move(job, number, state)
    await crew.kill(ann)
    await crew.hears("bob", "")
    (taken,) = await bob.take(room(9), nobody)
    assert [made.state for made in taken.generations] == [S.FETCHED, S.RUNNING, S.SUBMITTING, S.QUEUED]
    for number, state in ((2, S.FETCHED), (3, S.RUNNING), (4, S.SUBMITTING)):
        with pytest.raises(StaleJob):
            await crew.store.move(job, number, state)
    with pytest.raises(StaleJob):
        await crew.store.note(job, 3, request_id="late")
    for number, way in ((2, (S.FETCHED,)), (3, (S.UNCONFIRMED, S.EXPIRED)), (4, (S.SUBMITTING, S.REJECTED))):
        assert taken.state is JobState.OPEN
        for state in way:
            taken = await crew.store.move(taken, number, state)
    assert taken.state is JobState.ASKING


async def test_what_is_still_carried_is_not_handed_over(crew: Crew) -> None:
    ann, bob = await crew.worker("ann"), await crew.worker("bob")
    carried, idle = [await crew.order(f"member{number}") for number in range(2)]
    jobs = {job.job_id: job for job in await ann.take(room(2), nobody)}
    await ann.hand_over({carried})
    await crew.hears("bob", "")
    assert [job.job_id for job in await bob.take(room(9), nobody)] == [idle]
    await crew.store.move(jobs[carried], 1, State.SUBMITTING)
    with pytest.raises(StaleJob):
        await crew.store.move(jobs[idle], 1, State.SUBMITTING)


async def test_a_lease_counts_from_when_it_was_asked_for(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0

    class Slow(PostgresDriver):
        async def run(self, *args: Any, **kwargs: Any) -> list[list[Row]]:
            nonlocal now_s
            now_s += 100
            return await super().run(*args, **kwargs)

    monkeypatch.setattr(leases, "_clock_s", lambda: now_s)
    driver = Slow(crew.url)
    await driver.open()
    lease = PostgresLease(driver, PostgresSignal(crew.url), ("test",), 600.0)
    for ask in (lease.start, lease._renew):
        asked_s = now_s
        await ask(lambda _: None)
        assert (now_s, lease._until_s) == (asked_s + 100, asked_s + 600)
    await lease.stop()
    await driver.close()
