"""Whose money and which period: every figure is of one member, one community and one window."""

import pytest

from core.domain.lifecycle import State
from core.domain.people import Person
from core.domain.quota import Period, Quota, window
from storage.admin_store import SqlAdminStore
from storage.communities_sql import HERE
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, day, order
from tests.storage.credit import grant
from tests.storage.money import (
    ANN,
    BAND,
    BOB,
    CHOIR,
    NOTHING,
    RICH,
    TO_GENERATED,
    figures,
    moved,
    placed,
    pool,
    set_quota,
    table,
)


async def test_what_one_draws_and_gets_back_is_nobody_elses(store: SqlStore, driver: Driver) -> None:
    """Allowance, balance and pool of three accounts that share a member or a community."""
    accounts = {(BAND, ANN): 300, (BAND, BOB): 500, (CHOIR, ANN): 700}
    for (community, member), micros in accounts.items():
        await grant(driver, member, micros * 10, community)
    await pool(driver, BAND, 10_000)
    await pool(driver, CHOIR, 10_000)
    jobs = {}
    for (community, member), micros in accounts.items():
        who, where = member.removeprefix("test:"), community.removeprefix("test:")
        jobs[community, member] = await placed(store, who, where, cost=micros * 3, quota=day(micros))
    for (community, member), micros in accounts.items():
        assert await figures(store, community, member) == (micros, micros * 8, micros * 3)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 10_000 - 3 * (300 + 500)
    assert (await store.standing(CHOIR, ANN, RICH)).pool_left_micros == 10_000 - 3 * 700
    await store.move(jobs[BAND, ANN], 1, State.CANCELLED)
    assert await figures(store, BAND, ANN) == (0, 3000, 0)
    assert await figures(store, BAND, BOB) == (500, 4000, 1500)
    assert await figures(store, CHOIR, ANN) == (700, 5600, 2100)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 10_000 - 3 * 500
    assert (await store.standing(CHOIR, ANN, RICH)).pool_left_micros == 10_000 - 3 * 700
    charged = await moved(store, jobs[BAND, BOB], *TO_GENERATED)
    assert await table(
        driver, f"SELECT charged_micros FROM ledger WHERE job_id = '{charged.job_id}' AND kind = 'charge'"
    ) == [(1500,)]
    assert await figures(store, CHOIR, ANN) == (700, 5600, 2100)


async def test_a_pool_without_rows_is_no_pool(store: SqlStore, driver: Driver) -> None:
    await pool(driver, CHOIR, 5)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros is None
    await placed(store)


@pytest.mark.parametrize(("cost", "ok"), [(600, True), (601, False)])
async def test_the_edge_of_a_pool(store: SqlStore, driver: Driver, cost: int, ok: bool) -> None:
    await pool(driver, BAND, 1600)
    await placed(store, cost=1000)
    answer = await store.admit(admission(order(caller("bob")), cost=cost, quota=RICH))
    assert (answer.job is not None) is ok


async def test_a_pool_begins_anew_each_month(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    await pool(driver, BAND, 1600)
    old = await placed(store, cost=1000)
    clock.forward(days=20)  # April
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 1600
    new = await placed(store, cost=900)
    await store.move(old, 1, State.CANCELLED)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 700
    await store.move(new, 1, State.CANCELLED)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 1600


async def test_a_void_goes_back_to_its_own_day_and_to_no_other(store: SqlStore, clock: SetClock) -> None:
    month = Quota(limit_micros=10**6, period=Period.MONTH)
    old = await placed(store, cost=1000, quota=month)
    clock.forward(days=1)
    await placed(store, cost=300, quota=month)
    await store.move(old, 1, State.CANCELLED)
    assert (await store.standing(BAND, ANN, month)).used_micros == 300
    assert (await store.standing(BAND, ANN, RICH)).used_micros == 300


@pytest.mark.parametrize("period", Period)
async def test_a_window_counts_its_first_day_and_none_outside(store: SqlStore, clock: SetClock, period: Period) -> None:
    quota = Quota(limit_micros=10**6, period=period)
    now_ms = clock.ms
    start_ms, end_ms = window(period, now_ms)
    for at_ms, cost in ((start_ms - 1, 1), (start_ms, 20), (end_ms - 1, 300), (end_ms, 4000)):
        clock.ms = at_ms
        await placed(store, cost=cost, quota=quota)
    clock.ms = now_ms
    standing = await store.standing(BAND, ANN, quota)
    assert (standing.used_micros, standing.resets_ms) == (320, end_ms)


async def test_a_quota_below_what_was_used_leaves_the_balance(store: SqlStore, driver: Driver) -> None:
    await grant(driver, ANN, 800, BAND)
    await placed(store, cost=1000, quota=day(1000))
    job = await placed(store, cost=700, quota=day(400))
    assert await figures(store, BAND, ANN, day(400)) == (1000, 100, 1700)
    await store.move(job, 1, State.CANCELLED)
    assert await figures(store, BAND, ANN, day(400)) == (1000, 800, 1000)


@pytest.mark.parametrize(("balance", "ok"), [(400, True), (399, False)])
async def test_the_edge_of_a_balance(store: SqlStore, driver: Driver, balance: int, ok: bool) -> None:
    await grant(driver, ANN, balance, BAND)
    answer = await store.admit(admission(cost=1000, quota=day(600)))
    assert (answer.job is not None) is ok


async def test_waiting_is_counted_wherever_the_member_is(store: SqlStore) -> None:
    await placed(store, community="choir")
    answer = await store.admit(admission(max_waiting=1))
    assert (answer.job, answer.refused_by) == (None, "waiting")


async def test_quotas_are_of_one_community_and_one_member(store: SqlStore, admin: SqlAdminStore) -> None:
    await set_quota(admin, CHOIR, ANN, day(1), "test:boss")
    await set_quota(admin, CHOIR, None, day(2), "test:boss")
    await set_quota(admin, BAND, BOB, day(3), "test:boss")
    assert (await store.standing(BAND, ANN, RICH)).source == "operator"
    await set_quota(admin, BAND, None, day(4), "test:boss")
    week = Quota(limit_micros=5, period=Period.WEEK)
    await set_quota(admin, BAND, ANN, day(5), "test:boss")
    await set_quota(admin, BAND, ANN, week, "test:boss")
    assert (await store.standing(BAND, ANN, RICH)).quota == week
    await set_quota(admin, BAND, ANN, None, "test:boss")
    for community, member, limit in ((BAND, ANN, 4), (BAND, BOB, 3), (CHOIR, ANN, 1), (CHOIR, BOB, 2)):
        assert (await store.standing(community, member, RICH)).quota.limit_micros == limit


async def test_who_set_a_quota_last_is_kept(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    await set_quota(admin, BAND, ANN, day(1), "test:boss")
    clock.forward(hours=1)
    await set_quota(admin, BAND, ANN, day(2), "test:deputy")
    assert await table(driver, "SELECT set_by, set_ms FROM quotas") == [("test:deputy", clock.ms)]


async def test_of_two_members_with_one_name_the_last_seen_is_meant(store: SqlStore, clock: SetClock) -> None:
    for number in (1, 2, 1):
        clock.forward(hours=1)
        person = Person(member=f"test:{number}", name=str(number))
        await store.remember(BAND, person, "ann")
        assert await store.find_handle(BAND, "ann") == person


async def test_whoever_orders_can_be_found(store: SqlStore) -> None:
    await store.admit(admission(order(caller("ann", handle="Ann_Lee"))))
    assert await store.find_handle(BAND, "@ANN_LEE") == Person(member=ANN, name="Ann")


async def test_two_communities_become_one(store: SqlStore, admin: SqlAdminStore, driver: Driver) -> None:
    """Where both have rows amounts add up, and what the new community's admins set stands."""
    for community in ("band", "choir"):
        await grant(driver, ANN, 1000, f"test:{community}")
        await pool(driver, f"test:{community}", 10_000 if community == "choir" else 7)
        await set_quota(admin, f"test:{community}", None, day(len(community)), "test:boss")
    lowered = f"UPDATE pools SET limit_micros = 5000 WHERE community_id = {HERE}"
    await driver.run([Statement(lowered, {"community": BAND})])
    await set_quota(admin, BAND, ANN, day(300), "test:boss")
    await set_quota(admin, CHOIR, ANN, day(400), "test:boss")
    held = await placed(store, community="band", cost=700)
    await placed(store, community="choir", cost=800)
    await set_quota(admin, BAND, ANN, None, "test:boss")
    await store.move_community(BAND, CHOIR)
    standing = await store.standing(CHOIR, ANN, RICH)
    assert (standing.quota.limit_micros, standing.source) == (400, "member")
    assert (standing.used_micros, standing.balance_micros, standing.held_micros) == (700, 1200, 1500)
    assert standing.pool_left_micros == 10_000 - 1500
    assert (await store.standing(CHOIR, BOB, RICH)).quota.limit_micros == len("choir")
    for name in ("members", "balances", "quotas", "pools", "usage", "pool_usage", "jobs", "holds"):
        assert await table(driver, f"SELECT count(DISTINCT community_id) FROM {name}") == [(1,)], name
    now = await store.job(held.job_id)
    assert now is not None
    await store.move(now, 1, State.CANCELLED)
    assert await figures(store, CHOIR, ANN) == (400, 1600, 800)


async def test_a_pool_and_a_quota_move_to_a_community_that_has_none(
    store: SqlStore, admin: SqlAdminStore, driver: Driver
) -> None:
    await pool(driver, BAND, 5000)
    await set_quota(admin, BAND, None, day(10**6), "test:boss")
    await placed(store, cost=1000)
    await store.move_community(BAND, CHOIR)
    standing = await store.standing(CHOIR, BOB, NOTHING)
    assert (standing.pool_left_micros, standing.quota.limit_micros) == (4000, 10**6)
