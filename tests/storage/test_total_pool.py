"""What a month can cost the operator: whoever bears it, and wherever it was ordered."""

from collections.abc import AsyncIterator

import pytest

from core.domain.lifecycle import DeliveryState, Stage, State
from core.domain.models import Job
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.migrate import migrations, statements
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, day, order
from tests.moves import stepped

COST = 1400
SUBMITTED = (State.SUBMITTING, State.RUNNING)
MONTH_MS = 31 * 86_400_000


@pytest.fixture
async def store(driver: Driver, clock: SetClock) -> AsyncIterator[SqlStore]:
    opened = SqlStore(driver, clock, total_pool_micros=3 * COST + 1)
    await opened.open()
    yield opened
    broken = [sentence async for sentence in breaches(driver)]
    await opened.close()
    assert broken == []


async def placed(store: SqlStore, number: int) -> Job | str | None:
    """Order in a community of its own; return the job, or what refused it."""
    answer = await store.admit(admission(order(caller(community=f"place{number}")), cost=COST, quota=day(None)))
    return answer.job or answer.refused_by


async def carried(store: SqlStore, job: Job | str | None, *path: Stage, upstream: int = 0) -> None:
    assert isinstance(job, Job)
    for to in path:
        job = await stepped(store, job, to, **({"upstream_micros": upstream} if to is path[-1] and upstream else {}))


async def test_orders_that_all_fail_stop_at_it(store: SqlStore) -> None:
    admitted = 0
    while admitted < 10 and isinstance(job := await placed(store, admitted), Job):
        await carried(store, job, *SUBMITTED, State.FAILED, upstream=COST)
        admitted += 1
    assert (admitted, job) == (3, "total_pool")


async def test_a_post_without_an_answer_counts_and_a_refused_one_does_not(store: SqlStore) -> None:
    for number in range(3):
        await carried(store, await placed(store, number), State.SUBMITTING, State.REJECTED)
        await carried(store, await placed(store, number), State.CANCELLED)
    for number in range(3):
        lost = (State.SUBMITTING, State.UNCONFIRMED, State.EXPIRED)
        await carried(store, await placed(store, number), *lost, upstream=COST)
    assert await placed(store, 4) == "total_pool"


async def test_what_is_held_and_what_was_charged_count_alike(store: SqlStore) -> None:
    await carried(store, await placed(store, 1), *SUBMITTED, DeliveryState.PENDING)
    await placed(store, 2)
    await placed(store, 3)
    refused = await store.admit(admission(order(caller("bob", community="place4")), cost=COST, quota=day(None)))
    assert refused.standing
    assert (refused.refused_by, refused.standing.total_left_micros) == ("total_pool", 1)


async def test_a_loss_counts_in_the_month_of_its_order(store: SqlStore, clock: SetClock) -> None:
    jobs = [await placed(store, number) for number in range(3)]
    start_ms, clock.ms = clock.ms, clock.ms + MONTH_MS
    for job in jobs:
        await carried(store, job, *SUBMITTED, State.FAILED, upstream=COST)
    assert (await store.standing("test:new", "test:ann", day(0))).total_left_micros == 3 * COST + 1
    clock.ms = start_ms
    assert (await store.standing("test:new", "test:ann", day(0))).total_left_micros == 1


async def test_an_upgrade_counts_what_was_there(store: SqlStore, driver: Driver) -> None:
    await carried(store, await placed(store, 1), *SUBMITTED, State.FAILED, upstream=COST)
    await carried(store, await placed(store, 2), *SUBMITTED, DeliveryState.PENDING)
    await placed(store, 3)
    (upgrade,) = (sql for _, name, sql in migrations("sqlite") if "total" in name)
    await driver.run([Statement("DROP TABLE total_usage"), *map(Statement, statements(upgrade))])
    assert await placed(store, 4) == "total_pool"
