"""Whose turn it is to tell the operators, on both engines, between processes and across restarts."""

import asyncio

from core.domain.troubles import Trouble
from storage.driver import Driver
from storage.notices import HOUR_MS, SqlNotices
from storage.store import SqlStore
from tests.clock import SetClock

EMPTY, GONE = (Trouble.WALLET_EMPTY, ""), (Trouble.MODEL_GONE, "music")


async def test_one_of_many_tells_and_not_again_within_the_hour(
    driver: Driver, clock: SetClock, store: SqlStore
) -> None:
    one, other = SqlNotices(driver, clock), SqlNotices(driver, clock)
    claims = await asyncio.gather(*(notices.claim(EMPTY) for notices in (one, other, one, other)))
    assert sorted(claims) == [False, False, False, True]
    assert await one.told() == frozenset()  # until the message went out
    await one.settle(EMPTY, told=True)
    assert await other.told() == {EMPTY}
    assert await other.claim(GONE)  # of each kind by itself
    assert [await one.close(EMPTY), await other.close(EMPTY)] == [True, False]
    clock.forward(ms=HOUR_MS - 1)
    assert not await other.claim(EMPTY)
    clock.forward(ms=1)
    assert await other.claim(EMPTY)


async def test_what_nobody_could_be_told_is_told_when_it_can_be(
    driver: Driver, clock: SetClock, store: SqlStore
) -> None:
    notices = SqlNotices(driver, clock)
    assert await notices.claim(EMPTY)
    await notices.settle(EMPTY, told=False)
    assert not await notices.close(EMPTY)
    assert await notices.claim(EMPTY)


async def test_what_lasts_is_told_again_after_a_day(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    notices = SqlNotices(driver, clock)
    assert await notices.claim(EMPTY)
    await notices.settle(EMPTY, told=True)
    clock.forward(ms=24 * HOUR_MS - 1)
    assert not await notices.claim(EMPTY)
    clock.forward(ms=1)
    assert await notices.claim(EMPTY)
    clock.forward(ms=-48 * HOUR_MS)  # a clock that was wrong keeps nobody from being told
    assert await notices.claim(EMPTY)
