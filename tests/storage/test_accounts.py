"""Who pays is an account: identities may share one, and databases from before there were any go on."""

from dataclasses import replace

import pytest

from core.domain.lifecycle import State
from core.domain.people import Person
from core.domain.quota import LimitName, QuotaSource
from core.domain.refusals import NotEnough
from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.storage.credit import grant
from tests.storage.jobs import gone_on
from tests.storage.money import ANN, BAND, BOB, CHOIR, NOTHING, moved, placed, set_quota
from tests.storage.old import Old, described

LINK = "UPDATE identities SET account_id = (SELECT account_id FROM identities WHERE key = :to) WHERE key = :key"
DAY = day(1000)
BEFORE = Old("before_accounts")


async def link(driver: Driver, key: str, to: str) -> None:
    await driver.run([Statement(LINK, {"key": key, "to": to}, 1)])


async def refused(store: SqlStore, who: str, cost: int, *, most: int = 99) -> str | None:
    wanted = replace(admission(order(caller(who)), cost=cost, quota=DAY), max_waiting=most)
    return (await store.admit(wanted)).refused_by


@pytest.fixture
async def pair(store: SqlStore, driver: Driver) -> SqlStore:
    """Ann has drawn 600 of 1000 a day and has 500 credit; Bob, who has ordered before, is now of her account."""
    await moved(store, await placed(store, "bob", cost=400), State.CANCELLED)
    await placed(store, "ann", cost=600, quota=DAY)
    await grant(driver, ANN, 500)
    await link(driver, BOB, ANN)
    return store


async def test_two_identities_spend_from_one_allowance_and_one_balance(pair: SqlStore, driver: Driver) -> None:
    for member in (ANN, BOB):
        now = await pair.standing(BAND, member, DAY)
        assert (now.used_micros, now.balance_micros, now.held_micros) == (600, 500, 600)
    assert await refused(pair, "bob", 901) == "allowance"
    job = await placed(pair, "bob", cost=900, quota=DAY)
    assert job.member == BOB
    assert await refused(pair, "ann", 1) == "allowance"
    await moved(pair, job, State.SUBMITTING, State.RUNNING, State.FAILED)
    await placed(pair, "ann", cost=900, quota=DAY)
    assert await refused(pair, "bob", 1) == "allowance"
    await grant(driver, BOB, 30)
    assert (await pair.standing(BAND, ANN, DAY)).balance_micros == 30
    assert {entry.member for entry in await pair.entries(BAND, ANN, 9)} == {ANN, BOB}


async def test_jobs_from_before_a_link_end_where_they_were_held(store: SqlStore, driver: Driver) -> None:
    await grant(driver, BOB, 500)
    job = await placed(store, "bob", cost=500, quota=NOTHING)
    await placed(store, "ann", cost=1)
    await link(driver, BOB, ANN)
    await moved(store, job, State.CANCELLED)
    assert (await store.standing(BAND, BOB, DAY)).balance_micros == 0
    await link(driver, BOB, BOB)  # no account is left behind for good
    (rows,) = await driver.run([Statement("SELECT sum(balance_micros) AS n FROM balances")])
    assert rows[0]["n"] == 500


async def test_what_waits_and_the_pause_between_orders_are_the_account_s(
    pair: SqlStore, admin: SqlAdminStore, clock: SetClock
) -> None:
    assert await refused(pair, "bob", 1, most=1) == "waiting"
    await admin.set_limit(act("limits"), LimitName.COOLDOWN_S, 60)
    assert await refused(pair, "bob", 1) == "cooldown"
    clock.forward(ms=60_000)
    assert await refused(pair, "bob", 1) is None


async def test_a_block_of_one_identity_is_not_shed_by_a_link(
    pair: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    ann, bob = Person(member=ANN, name="Ann"), Person(member=BOB, name="Bob")
    await admin.block(act("block", BOB), bob, None)
    assert await refused(pair, "ann", 1) == "blocked"
    assert await admin.unblock(act("unblock", ANN), ann)
    assert await refused(pair, "bob", 1) is None
    await admin.block(act("block", BOB), bob, None)
    await admin.block(act("block", ANN), ann, clock.ms + 5)  # in the place of the one before
    assert (await pair.standing(BAND, BOB, DAY)).blocked_until_ms == clock.ms + 5


async def test_a_quota_of_one_identity_holds_for_both(pair: SqlStore, admin: SqlAdminStore) -> None:
    await set_quota(admin, BAND, BOB, day(2000), "test:boss")
    assert (await pair.standing(BAND, ANN, DAY)).quota == day(2000)
    await set_quota(admin, BAND, ANN, day(700), "test:boss")  # in the place of the one before
    assert (await pair.standing(BAND, BOB, DAY)).quota == day(700)
    assert len(await admin.quotas(BAND, 9)) == 1
    assert await admin.set_quota(act("quota clear", BOB), QuotaSource.MEMBER, None)
    assert (await pair.standing(BAND, ANN, DAY)).source == "operator"


async def test_one_wish_at_a_time_goes_to_the_account(pair: SqlStore, admin: SqlAdminStore) -> None:
    assert await pair.ask("r1", caller("bob"), 70)
    assert not await pair.ask("r2", caller("ann"), 70)
    assert (await admin.decide(act("approve", "r1"), "r1", approve=True)).balance_micros == 570
    with pytest.raises(NotEnough):
        await admin.credit(act("revoke", BOB), Person(member=BOB, name="Bob"), -571, "")


async def test_a_link_survives_a_group_s_new_key(pair: SqlStore) -> None:
    await placed(pair, "bob", "choir", cost=5)
    await pair.move_community(BAND, CHOIR)
    now = await pair.standing(CHOIR, BOB, DAY)
    assert (now.used_micros, now.balance_micros, now.held_micros) == (605, 500, 605)


async def test_what_was_written_before_accounts_is_what_this_release_says(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await BEFORE.write(driver, monkeypatch)
    clock = SetClock()
    clock.forward(ms=BEFORE.figures["now_ms"] - clock.ms)
    store = SqlStore(driver, clock)
    await store.open()
    assert [sentence async for sentence in breaches(driver)] == []
    assert await BEFORE.standings(store) == BEFORE.figures["standings"]
    assert described(await store.unfinished()) == BEFORE.figures["unfinished"]
    for community, member, entries in BEFORE.figures["histories"]:
        found = await store.entries(community, member, 99)
        assert [[e.entry_id, e.kind, e.balance_micros, e.charged_micros] for e in found] == entries
    for job in await store.unfinished():
        await gone_on(store, job)
    await placed(store, "new", "new")
    await grant(driver, "test:kim", 50, CHOIR)
    await link(driver, "test:kim", BOB)
    assert (await store.standing(CHOIR, "test:kim", DAY)).quota == day(77)
    assert [sentence async for sentence in breaches(driver)] == []


async def test_credit_that_is_all_in_a_hold_at_the_upgrade_comes_back(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await BEFORE.write(driver, monkeypatch)
    await driver.open()
    await driver.run([Statement("UPDATE members SET balance_micros = 0 WHERE member = 'test:bob'", {}, 1)])
    await driver.close()
    store = SqlStore(driver, SetClock())
    await store.open()
    (paid,) = [job for job in await store.unfinished() if job.job_id == "job00045"]
    await moved(store, paid, *([State.CANCELLED] if paid.stage is State.QUEUED else [State.FAILED]))
    assert (await store.standing(CHOIR, BOB, NOTHING)).balance_micros == 1500
