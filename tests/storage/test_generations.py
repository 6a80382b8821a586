"""Orders of several generations: one hold, and what comes of it when the last part has ended."""

import asyncio
from collections.abc import Callable

import pytest

from core.domain.errors import StaleJob
from core.domain.lifecycle import DeliveryState, JobState, Reason, State
from core.domain.models import Job
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import day
from tests.storage.credit import grant
from tests.storage.jobs import entries
from tests.storage.parts import COSTS, WHOLE, failed, fetched, running, three_parts

ALLOWANCE = 3000
FIRST, SECOND, THIRD = COSTS
HELD = {"hold": (ALLOWANCE, ALLOWANCE - WHOLE, 0, 0)}
"""Allowance first, then balance."""


async def mixed(store: SqlStore, driver: Driver) -> Job:
    """Return an order of three parts, paid for by all of an allowance and by some of a balance, that run."""
    await grant(driver, "test:ann", 10_000)
    return await running(store, await three_parts(store, quota=day(ALLOWANCE)))


async def figures(store: SqlStore, job: Job) -> tuple[int, int, int]:
    now = await store.standing(job.community, job.member, day(ALLOWANCE))
    return now.used_micros, now.balance_micros, now.held_micros


async def test_parts_are_unpaid_until_the_last_and_then_charged_once(store: SqlStore, driver: Driver) -> None:
    job = await mixed(store, driver)
    assert await figures(store, job) == (ALLOWANCE, 10_000 - (WHOLE - ALLOWANCE), WHOLE)
    for number in (2, 1):
        job = await fetched(store, job, number)
        assert (job.state, job.stage, job.delivery) == (JobState.OPEN, State.RUNNING, None)
        assert await entries(driver, job) == HELD
        assert [sentence async for sentence in breaches(driver)] == []
    job = await fetched(store, job, 3)
    assert (job.state, job.stage) == (JobState.READY, DeliveryState.PENDING)
    assert [artifact.path.rpartition("/")[2] for artifact in job.artifacts] == ["1-0", "2-0", "3-0"]
    assert await entries(driver, job) == HELD | {"charge": (0, 0, WHOLE, 0)}
    assert await figures(store, job) == (ALLOWANCE, 10_000 - (WHOLE - ALLOWANCE), 0)
    assert await store.job(job.job_id) == job


async def asked(store: SqlStore, driver: Driver) -> Job:
    """Return an order of which the first and the last part have audio."""
    job = await failed(store, await mixed(store, driver), 2)
    job = await fetched(store, job, 1, 3)
    assert (job.state, job.delivery, job.fetched_micros) == (JobState.ASKING, None, FIRST + THIRD)
    assert await entries(driver, job) == HELD
    assert [sentence async for sentence in breaches(driver)] == []
    return job


async def test_what_a_member_takes_is_charged_and_the_rest_released_balance_first(
    store: SqlStore, driver: Driver
) -> None:
    job = await store.choose(await asked(store, driver), take=True)
    assert (job.state, job.stage) == (JobState.READY, DeliveryState.PENDING)
    assert await entries(driver, job) == HELD | {
        "charge": (0, 0, FIRST + THIRD, 0), "void": (0, SECOND, 0, 0), "upstream": (0, 0, 0, SECOND),
    }  # fmt: skip
    assert await figures(store, job) == (ALLOWANCE, 10_000 - (WHOLE - ALLOWANCE) + SECOND, 0)
    with pytest.raises(StaleJob):
        await store.choose(job, take=False)


async def test_what_is_released_is_allowance_too_where_the_balance_does_not_reach(
    store: SqlStore, driver: Driver
) -> None:
    job = await fetched(store, await mixed(store, driver), 1)
    job = await store.choose(await failed(store, await failed(store, job, 2), 3), take=True)
    drawn = WHOLE - ALLOWANCE
    assert (await entries(driver, job))["void"] == (-(SECOND + THIRD - drawn), drawn, 0, 0)
    assert await figures(store, job) == (FIRST, 10_000, 0)


async def test_who_takes_nothing_pays_nothing_and_the_operator_all(store: SqlStore, driver: Driver) -> None:
    job = await store.choose(await asked(store, driver), take=False)
    assert (job.state, job.artifacts, job.delivery) == (JobState.CANCELLED, (), None)
    assert [part.upstream_micros for part in job.parts] == [*COSTS]
    found = await entries(driver, job)
    assert {kind: found[kind] for kind in ("hold", "void")} == HELD | {"void": (-ALLOWANCE, WHOLE - ALLOWANCE, 0, 0)}
    assert "charge" not in found
    assert await upstream(store, job) == sorted(COSTS)
    assert await figures(store, job) == (0, 10_000, 0)


async def upstream(store: SqlStore, job: Job) -> list[int]:
    """Return what the ledger says that the operator pays for a job."""
    text = "SELECT upstream_micros FROM ledger WHERE kind = 'upstream' AND job_id = :job_id ORDER BY upstream_micros"
    (rows,) = await store._driver.run([Statement(text, {"job_id": job.job_id})])
    return [row["upstream_micros"] for row in rows]


async def test_a_choice_is_made_once(store: SqlStore, driver: Driver) -> None:
    job = await asked(store, driver)
    tries = [store.choose(job, take=take) for take in (True, False, True)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results if not isinstance(result, Job)] == [StaleJob] * 2
    with pytest.raises(StaleJob):
        await store.choose(await three_parts(store), take=True)


async def test_what_failed_is_tried_once_more_and_the_operator_pays_for_it_at_once(
    store: SqlStore, driver: Driver
) -> None:
    job = await fetched(store, await mixed(store, driver), 1, 3)
    job = await failed(store, job, 2, "again")
    again = job.generation(4)
    assert (again.part, again.state, again.callback_token) == (2, State.QUEUED, "again")
    assert (again.cost_micros, again.parameters) == (SECOND, job.generation(2).parameters)
    assert (job.state, len(job.parts), await store.job(job.job_id)) == (JobState.OPEN, 3, job)
    assert await entries(driver, job) == HELD | {"upstream": (0, 0, 0, SECOND)}
    assert [sentence async for sentence in breaches(driver)] == []
    job = await fetched(store, await running(store, job, 4), 4)
    assert (job.state, [part.number for part in job.parts]) == (JobState.READY, [1, 4, 3])
    assert (await entries(driver, job))["charge"] == (0, 0, WHOLE, 0)
    assert await upstream(store, job) == [SECOND]


@pytest.mark.parametrize("left_micros", [SECOND - 1, SECOND])
async def test_nothing_is_tried_again_beyond_what_is_left_in_total(
    driver: Driver, clock: SetClock, store: SqlStore, left_micros: int
) -> None:
    limited = SqlStore(driver, clock, total_pool_micros=WHOLE + left_micros)
    job = await running(limited, await three_parts(limited))
    if left_micros < SECOND:
        with pytest.raises(StaleJob):
            await failed(limited, job, 2, "again")
        assert await limited.job(job.job_id) == job
        assert await entries(driver, job) == {"hold": (WHOLE, 0, 0, 0)}
        job = await failed(limited, job, 2)
    else:
        job = await failed(limited, job, 2, "again")
        assert (await limited.standing(job.community, job.member, day(10**6))).total_left_micros == 0
    assert len(job.generations) == (3 if left_micros < SECOND else 4)


@pytest.fixture
def other(connect: Callable[[], Driver], driver: Driver) -> Driver:
    """What another worker would be connected by; on SQLite there is but one."""
    return driver if driver.dialect == "sqlite" else connect()


@pytest.mark.parametrize("ends", [(State.FETCHED, State.FETCHED), (State.FETCHED, State.FAILED)])
async def test_of_parts_that_end_at_once_one_is_the_last(
    store: SqlStore, driver: Driver, other: Driver, clock: SetClock, ends: tuple[State, State]
) -> None:
    second = SqlStore(other, clock)
    if other is not driver:
        await second.open()
    for _ in range(10):
        job = await fetched(store, await running(store, await three_parts(store)), 1)
        moved = await asyncio.gather(store.move(job, 2, ends[0]), second.move(job, 3, ends[1]))
        whole = ends[1] is State.FETCHED
        outcome = JobState.READY if whole else JobState.ASKING
        assert sorted(made.state for made in moved) == sorted([JobState.OPEN, outcome])
        now = await store.job(job.job_id)
        assert now in moved
        assert now is not None
        assert now.state is outcome
        charged = {"charge": (0, 0, WHOLE, 0)} if whole else {}
        assert await entries(driver, job) == {"hold": (WHOLE, 0, 0, 0)} | charged
    if other is not driver:
        await second.close()


async def test_a_part_that_has_ended_does_not_end_again(store: SqlStore) -> None:
    job = await running(store, await three_parts(store))
    await fetched(store, job, 2)
    with pytest.raises(StaleJob):
        await store.move(job, 2, State.FAILED)
    assert [made.state for made in (await store.again(job)).generations] == [
        State.RUNNING, State.FETCHED, State.RUNNING,
    ]  # fmt: skip


async def test_a_cancel_in_the_middle_takes_back_what_waits(store: SqlStore, driver: Driver) -> None:
    job = await fetched(store, await running(store, await three_parts(store), 1, 2), 1)
    job = await store.cancel(job, Reason.WITHDRAWN)
    assert [made.state for made in job.generations] == [State.FETCHED, State.RUNNING, State.CANCELLED]
    assert (job.state, job.generation(3).reason) == (JobState.OPEN, Reason.WITHDRAWN)
    assert await entries(driver, job) == {"hold": (WHOLE, 0, 0, 0)}
    with pytest.raises(StaleJob):
        await store.cancel(job, Reason.WITHDRAWN)
    job = await fetched(store, job, 2)
    assert (job.state, job.fetched_micros) == (JobState.ASKING, FIRST + SECOND)


async def test_a_cancel_after_all_else_has_ended_concludes(store: SqlStore, driver: Driver) -> None:
    job = await failed(store, await running(store, await three_parts(store), 1), 1)
    job = await store.cancel(job, Reason.WITHDRAWN)
    assert [made.state for made in job.generations] == [State.FAILED, State.CANCELLED, State.CANCELLED]
    assert job.state is JobState.FAILED
    assert await entries(driver, job) == {
        "hold": (WHOLE, 0, 0, 0), "void": (-WHOLE, 0, 0, 0), "upstream": (0, 0, 0, FIRST),
    }  # fmt: skip
    untouched = await store.cancel(await three_parts(store), Reason.WITHDRAWN)
    assert (untouched.state, untouched.reason) == (JobState.CANCELLED, Reason.WITHDRAWN)


async def test_who_takes_nothing_leaves_all_that_was_fetched_to_the_operator_whatever_files_are_left(
    store: SqlStore,
) -> None:
    job = await running(store, await three_parts(store))
    for number, to in enumerate((State.FETCHED, State.FETCHED, State.FAILED), 1):
        job = await store.move(job, number, to)
    assert await upstream(store, await store.choose(job, take=False)) == [FIRST, SECOND]
