"""Two processes decide at once: nothing that is limited may be drawn further than its limit."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack

import pytest

from core.domain.admission import Admission, Admitted
from core.domain.errors import StaleJob
from core.domain.lifecycle import State
from core.domain.people import Person
from core.domain.quota import LimitName, Period, Quota
from core.domain.refusals import NotEnough
from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Row, Statement
from storage.migrate import migrations
from storage.postgres import PostgresDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, order
from tests.waiting import WAIT_S
from tests.worlds.postgres import Server

COST = 100
FREE = Quota(limit_micros=None, period=Period.MONTH)
ROUND = 24
"""Orders at once, half of them through each driver."""


class Pair:
    """Two stores of one database, as two processes would have them."""

    def __init__(self, stores: Sequence[SqlStore], admins: Sequence[SqlAdminStore], driver: PostgresDriver) -> None:
        self.stores = stores
        self.admins = admins
        self.driver = driver

    async def admit(self, orders: Sequence[Admission]) -> list[Admitted]:
        """Place all orders at once, in turns through each store."""
        async with asyncio.timeout(WAIT_S):
            return await asyncio.gather(*(self.stores[n % 2].admit(one) for n, one in enumerate(orders)))

    async def read(self, text: str) -> Row:
        (rows,) = await self.driver.run([Statement(text)])
        return rows[0]


@pytest.fixture
async def pair(postgres: Server) -> AsyncIterator[Pair]:
    url = await postgres.ready()
    clock = SetClock()
    async with AsyncExitStack() as stack:
        drivers = [PostgresDriver(url), PostgresDriver(url)]
        stores = [SqlStore(driver, clock) for driver in drivers]
        for store in stores:
            await store.open()
            stack.push_async_callback(store.close)
        admins = [SqlAdminStore(driver, clock, store) for driver, store in zip(drivers, stores, strict=True)]
        made = Pair(stores, admins, drivers[0])
        yield made
        assert [sentence async for sentence in breaches(made.driver)] == []


ANN = ({"member": "ann"},)
CROWD = [{"member": f"member{n}"} for n in range(ROUND // 2)]
TRAVELLER = [{"member": "ann", "community": f"place{n}"} for n in range(ROUND // 2)]


def orders(people: Sequence[Mapping[str, str]], quota: Quota = FREE, most: int = 1000) -> list[Admission]:
    """Return a round of orders, dealt out so that each person comes through both stores."""
    whose = [caller(**people[n // 2 % len(people)]) for n in range(ROUND)]
    return [admission(order(who), cost=COST, quota=quota, max_waiting=most) for who in whose]


def outcomes(answers: Sequence[Admitted]) -> tuple[int, set[str | None]]:
    """Return how many were admitted, and what refused the others."""
    return sum(a.job is not None for a in answers), {a.refused_by for a in answers if a.job is None}


async def test_a_quota_is_not_overdrawn(pair: Pair) -> None:
    answers = await pair.admit(orders(ANN, Quota(limit_micros=5 * COST, period=Period.DAY)))
    assert outcomes(answers) == (5, {"allowance"})


async def test_a_pool_is_not_overdrawn_by_many_members(pair: Pair) -> None:
    await pair.admins[0].set_pool(act(), "test:band", 7 * COST)
    assert outcomes(await pair.admit(orders(CROWD))) == (7, {"pool"})
    assert (await pair.read("SELECT used_micros FROM pool_usage"))["used_micros"] == 7 * COST


async def test_the_total_is_not_overdrawn_by_many_communities(postgres: Server) -> None:
    url = await postgres.ready()
    stores = [SqlStore(PostgresDriver(url), SetClock(), total_pool_micros=7 * COST) for _ in range(2)]
    people = [caller(f"member{n}", community=f"place{n}") for n in range(ROUND)]
    async with AsyncExitStack() as stack:
        for store in stores:
            await store.open()
            stack.push_async_callback(store.close)
        placed = [admission(order(who), cost=COST, quota=FREE) for who in people]
        answers = await asyncio.gather(*(stores[n % 2].admit(one) for n, one in enumerate(placed)))
    assert outcomes(answers) == (7, {"total_pool"})


async def test_a_balance_is_spent_once(pair: Pair) -> None:
    await pair.admins[0].credit(act(), Person(member="test:ann", name="Ann"), 3 * COST + 1, "gift")
    answers = await pair.admit(orders(ANN, Quota(limit_micros=0, period=Period.DAY)))
    assert outcomes(answers) == (3, {"allowance"})
    assert (await pair.read("SELECT balance_micros FROM balances"))["balance_micros"] == 1


async def test_what_a_community_has_in_flight_stays_within_its_limit(pair: Pair) -> None:
    await pair.admins[0].set_limit(act(), LimitName.IN_FLIGHT, 4)
    assert outcomes(await pair.admit(orders(CROWD))) == (4, {"in_flight"})


async def test_what_a_member_has_waiting_counts_over_all_communities(pair: Pair) -> None:
    assert outcomes(await pair.admit(orders(TRAVELLER, most=6))) == (6, {"waiting"})


async def test_one_event_makes_one_job(pair: Pair) -> None:
    placed = order()
    answers = await pair.admit([admission(placed, cost=COST, quota=FREE) for _ in range(ROUND)])
    assert {a.job.job_id for a in answers if a.job} == {
        next(a.job.job_id for a in answers if a.job and not a.duplicate)
    }
    assert sum(not a.duplicate for a in answers) == 1


async def test_a_job_is_moved_by_one_of_two(pair: Pair) -> None:
    job = (await pair.stores[0].admit(admission(cost=COST, quota=FREE))).job
    assert job is not None
    tries = (pair.stores[n % 2].move(job, 1, State.CANCELLED) for n in range(ROUND))
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in ended) == 1
    assert all(isinstance(one, StaleJob) for one in ended if isinstance(one, BaseException))


async def test_orders_beside_voids_and_credit_leave_books_that_balance(pair: Pair) -> None:
    """The fixture audits the books; nobody's balance may go below zero on the way."""
    limited = Quota(limit_micros=2 * COST, period=Period.DAY)
    first = [a.job for a in await pair.admit(orders(CROWD, limited)) if a.job]
    voids = [pair.stores[n % 2].move(job, 1, State.CANCELLED) for n, job in enumerate(first)]
    person = Person(member="test:member0", name="M")
    grants = [pair.admins[n % 2].credit(act(), person, COST, "gift") for n in range(6)]
    again = pair.admit(orders(CROWD, limited))
    moving = pair.stores[1].move_community("test:band", "test:choir")
    await asyncio.gather(*voids, *grants, again, moving)


async def test_credit_is_taken_back_only_while_it_is_there(pair: Pair) -> None:
    person = Person(member="test:ann", name="Ann")
    await pair.admins[0].credit(act(), person, 3 * COST, "gift")
    taken = (pair.admins[n % 2].credit(act(), person, -COST, "back") for n in range(8))
    ended = await asyncio.gather(*taken, return_exceptions=True)
    assert sum(isinstance(one, NotEnough) for one in ended) == 5


async def test_processes_that_start_at_once_migrate_once(postgres: Server) -> None:
    url = await postgres.empty()
    stores = [SqlStore(PostgresDriver(url), SetClock()) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    for store in stores:
        await store.close()
    driver = PostgresDriver(url)
    await driver.open()
    (rows,) = await driver.run([Statement("SELECT version FROM migrations ORDER BY version")])
    await driver.close()
    assert [row["version"] for row in rows] == [version for version, _, _ in migrations("postgres")]
