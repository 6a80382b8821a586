"""Whose turn it is to warn of a budget, on both engines, between processes and across restarts."""

import asyncio
from dataclasses import replace

from core.domain.warnings import Budget, BudgetWarning
from storage.driver import Driver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, day

NOW_MS, LATER_MS = 100, 200


async def test_one_of_many_warns_once_a_period_for_each_percentage(
    driver: Driver, clock: SetClock, store: SqlStore
) -> None:
    order = admission()
    await store.admit(order)
    ours, standing = order.order.caller, await store.standing("test:band", "test:ann", day(1))
    near = BudgetWarning(budget=Budget.ALLOWANCE, percent=80, ends_ms=NOW_MS, standing=standing)
    end, pool = replace(near, percent=100), replace(near, budget=Budget.POOL)

    async def claim(*, of: BudgetWarning, by: SqlStore = store) -> bool:
        return await by.claim_warning(ours.community, ours.member, of)

    other = SqlStore(driver, clock)
    claims = await asyncio.gather(*(claim(of=near, by=each) for each in (store, other, store, other)))
    assert sorted(claims) == [False, False, False, True]
    assert [await claim(of=each) for each in (pool, pool, end, near, end)] == [True, False, True, False, False]
    later = replace(near, ends_ms=LATER_MS)
    assert [await claim(of=each) for each in (later, later, pool)] == [True, False, False]
    await store.drop_warning(ours.community, ours.member, later)
    assert [await claim(of=each) for each in (later, pool)] == [True, False]
