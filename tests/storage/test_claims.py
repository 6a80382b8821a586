"""The code for /claim is one for all processes over a database: its tries, its end and its one taker."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from core.domain.claims import LIFE_MS, MOST_WRONG, digest
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act

RIGHT, WRONG = digest("right"), digest("wrong")


@pytest.fixture
async def others(
    connect: Callable[[], Driver], engine: str, admin: SqlAdminStore, clock: SetClock, store: SqlStore
) -> AsyncIterator[list[SqlAdminStore]]:
    """As many processes as there may be, the first of which wrote the code."""
    drivers = [connect() for _ in range(3 if engine == "postgres" else 0)]
    for driver in drivers:
        await driver.open()
    await admin.keep_code(RIGHT, clock.ms, clock.ms + LIFE_MS, MOST_WRONG)
    yield [admin, *(SqlAdminStore(driver, clock, store) for driver in drivers)]
    for driver in drivers:
        await driver.close()


async def fits(admin: SqlAdminStore, code: str = RIGHT) -> bool:
    return await admin.try_code(code, void=False)


async def test_five_wrong_tries_anywhere_void_it_everywhere(others: list[SqlAdminStore]) -> None:
    assert [await fits(admin) for admin in others] == [True] * len(others)
    tries = [others[number % len(others)] for number in range(MOST_WRONG - 1)]
    assert not any(await asyncio.gather(*(fits(admin, WRONG) for admin in tries)))
    assert await fits(others[-1])
    assert not await fits(others[-1], WRONG)
    assert [await fits(admin) for admin in others] == [False] * len(others)


async def test_it_lasts_for_fifteen_minutes(others: list[SqlAdminStore], clock: SetClock) -> None:
    clock.forward(ms=LIFE_MS - 1)
    assert await fits(others[-1])
    clock.forward(ms=1)
    assert not await fits(others[-1])
    clock.forward(ms=-LIFE_MS - 1)  # whose clock is behind when it was written knows no better
    assert not await fits(others[-1])


async def test_a_code_that_others_have_seen_is_void_and_a_wrong_one_leaves_it(others: list[SqlAdminStore]) -> None:
    assert not await others[-1].try_code(WRONG, void=True)
    assert await fits(others[0])
    assert await others[-1].try_code(RIGHT, void=True)
    assert not await fits(others[0])


async def test_a_restart_voids_the_code_before(others: list[SqlAdminStore], clock: SetClock) -> None:
    for _ in range(MOST_WRONG):
        await fits(others[-1], WRONG)
    await others[0].keep_code(digest("next"), clock.ms + 1, clock.ms + 2, 1)
    clock.forward(ms=1)
    assert [await fits(others[-1], each) for each in (digest("next"), RIGHT, digest("next"))] == [True, False, False]


async def test_of_all_who_claim_at_once_one_owns(others: list[SqlAdminStore]) -> None:
    claims = await asyncio.gather(*(admin.claim(act("claim")) for admin in (*others, others[0])))
    assert sorted(claims) == [False] * len(others) + [True]
    assert len(await others[-1].owners()) == 1
    assert not await fits(others[0])
