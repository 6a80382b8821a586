"""What admins decide: quotas that compose, credit, blocks, limits, pools, requests; each with its audit entry."""

import asyncio
from typing import Any

import pytest

from core.domain.audit import Outcome
from core.domain.people import Caller, Person
from core.domain.quota import LimitName, Limits, Period, Quota, QuotaSource
from core.domain.refusals import Decided, NotEnough, NotFound
from core.domain.reports import ReportedEntry
from storage.admin_store import MOST_MICROS, SqlAdminStore
from storage.communities_sql import HERE, KNOW
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order

ANN = Person(member="test:ann", name="Ann")
WEEK = Quota(limit_micros=5000, period=Period.WEEK)


async def refused_by(store: SqlStore, who: Caller | None = None, *, cost: int = 1400, **changes: Any) -> str | None:
    return (await store.admit(admission(order(who or caller()), cost=cost, **changes))).refused_by


async def test_quotas_compose(store: SqlStore, admin: SqlAdminStore) -> None:
    """Member, then the role that leaves most, then community, then operator."""
    roles = ("test:role:1", "test:role:2")

    async def source() -> tuple[str, str, int | None]:
        standing = await store.standing("test:band", "test:ann", day(1), roles)
        return standing.source, standing.subject, standing.quota.limit_micros

    assert await source() == ("operator", "", 1)
    await admin.set_quota(act(), QuotaSource.COMMUNITY, day(2))
    assert await source() == ("community", "", 2)
    await admin.set_quota(act(target="test:role:1"), QuotaSource.ROLE, day(30))
    await admin.set_quota(act(target="test:role:3"), QuotaSource.ROLE, day(900))
    assert await source() == ("role", "test:role:1", 30)
    await admin.set_quota(act(target="test:role:2"), QuotaSource.ROLE, WEEK)
    assert await source() == ("role", "test:role:2", 5000)
    await admin.set_quota(act(target="test:role:1"), QuotaSource.ROLE, day(None))
    assert await source() == ("role", "test:role:1", None)
    await admin.set_quota(act(target="test:ann"), QuotaSource.MEMBER, day(0))
    assert await source() == ("member", "test:ann", 0)
    await admin.set_quota(act(target="test:ann"), QuotaSource.MEMBER, None)
    assert (await source())[0] == "role"
    assert (await store.standing("test:other", "test:ann", day(1), roles)).source == "operator"


async def test_whom_an_admin_named_by_number_was_not_seen_for_that(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.credit(act(target="test:7"), Person(member="test:7", name="7"), 100, "")
    assert await admin.find_member("test:band", "test:7") is None
    await store.remember("test:band", Person(member="test:7", name="Zoe"), None)
    assert await admin.find_member("test:band", "test:7") == Person(member="test:7", name="Zoe")


async def test_what_is_taken_away_was_there(admin: SqlAdminStore) -> None:
    await admin.block(act(target=ANN.member), ANN, None)
    await admin.set_quota(act(target=ANN.member), QuotaSource.MEMBER, day(2))
    for was_there in (True, False):
        assert await admin.unblock(act(target=ANN.member), ANN) is was_there
        assert await admin.set_quota(act(target=ANN.member), QuotaSource.MEMBER, None) is was_there


async def test_the_role_counts_that_leaves_most_now(store: SqlStore, admin: SqlAdminStore, clock: SetClock) -> None:
    """A spent week leaves less than a fresh day."""
    member = caller(roles=("test:role:1", "test:role:2"))
    await admin.set_quota(act(target="test:role:1"), QuotaSource.ROLE, day(1400))
    await admin.set_quota(act(target="test:role:2"), QuotaSource.ROLE, Quota(limit_micros=2000, period=Period.WEEK))
    assert await refused_by(store, member) is None
    clock.forward(days=1)
    standing = await store.standing("test:band", "test:ann", day(1), member.roles)
    assert (standing.subject, standing.allowance_left_micros) == ("test:role:1", 1400)


async def reported(admin: SqlAdminStore, *about: Any) -> list[ReportedEntry]:
    return [entry async for some in admin.entries(*about) for entry in some]


async def test_credit_is_granted_and_revoked_but_never_below_zero(store: SqlStore, admin: SqlAdminStore) -> None:
    assert await admin.credit(act(), ANN, 500, "for the song") == 500
    assert await admin.credit(act(), ANN, -200, "") == 300
    with pytest.raises(NotEnough) as refused:
        await admin.credit(act(), ANN, -301, "")
    assert refused.value.balance_micros == 300
    with pytest.raises(NotEnough):
        await admin.credit(act(), ANN, 2**62, "")
    entries = await reported(admin, "test:band", "", 0, 2**60, 10)
    assert [(e.kind, e.balance_micros, e.actor, e.note) for e in entries] == [
        ("grant", 500, "test:boss", "for the song"),
        ("revoke", -200, "test:boss", ""),
    ]
    assert (await store.standing("test:band", "test:ann", day(0))).balance_micros == 300


async def test_two_grants_at_once_both_count(store: SqlStore, admin: SqlAdminStore) -> None:
    await asyncio.gather(*(admin.credit(act(), ANN, 100, "") for _ in range(20)))
    assert (await store.standing("test:band", "test:ann", day(0))).balance_micros == 2000


async def test_what_is_held_can_not_be_revoked(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.credit(act(), ANN, 2000, "")
    assert await refused_by(store, quota=day(0)) is None
    with pytest.raises(NotEnough) as refused:
        await admin.credit(act(), ANN, -601, "")
    assert refused.value.balance_micros == 600


async def test_a_block_ends_by_itself(store: SqlStore, admin: SqlAdminStore, clock: SetClock) -> None:
    await admin.block(act(), ANN, clock.ms + 1000)
    assert await refused_by(store) == "blocked"
    assert await refused_by(store, caller("bob")) is None
    clock.forward(ms=1000)
    assert await refused_by(store) is None
    await admin.block(act(), ANN, None)
    clock.forward(days=400)
    assert await refused_by(store) == "blocked"
    await admin.unblock(act(), ANN)
    assert await refused_by(store) is None


async def test_a_pool_is_for_the_whole_community_and_a_month(
    store: SqlStore, admin: SqlAdminStore, clock: SetClock
) -> None:
    await admin.set_pool(act(), "test:band", 2000)
    await admin.credit(act(), Person(member="test:bob", name="Bob"), 10_000, "")
    assert await refused_by(store) is None
    assert await refused_by(store, caller("bob"), quota=day(0)) == "pool"
    clock.forward(days=31)
    assert await refused_by(store, caller("bob"), quota=day(0)) is None
    await admin.set_pool(act(), "test:band", None)
    assert await refused_by(store, caller("cid")) is None


@pytest.mark.parametrize(
    ("limit", "value", "refuses"),
    [
        (LimitName.LONGEST_TEXT, 13, "longest_text"),
        (LimitName.LONGEST_TEXT, 14, None),
        (LimitName.PRODUCTS, ("music",), "product"),
        (LimitName.PRODUCTS, ("music", "speech"), None),
        (LimitName.PRODUCTS, ("speec",), "product"),
        (LimitName.CHANNELS, ("test:other",), "channel"),
        (LimitName.CHANNELS, ("test:here", "test:other"), None),
        (LimitName.CONFIRM_MICROS, 1399, "confirm"),
        (LimitName.CONFIRM_MICROS, 1400, None),
        (LimitName.IN_FLIGHT, 1, None),
        (LimitName.COOLDOWN_S, 60, None),
        (LimitName.LONGEST_TEXT, None, None),
    ],
)
async def test_limits(
    store: SqlStore, admin: SqlAdminStore, limit: LimitName, value: int | tuple[str, ...] | None, refuses: str | None
) -> None:
    await admin.set_limit(act(), limit, value)
    assert await refused_by(store, caller(channel="test:here")) == refuses


async def test_a_confirmed_order_is_not_asked_about_again(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.set_limit(act(), LimitName.CONFIRM_MICROS, 0)
    assert await refused_by(store) == "confirm"
    assert await refused_by(store, confirmed=True) is None


async def test_orders_in_flight_are_counted_over_the_community(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.set_limit(act(), LimitName.IN_FLIGHT, 1)
    assert await refused_by(store) is None
    assert await refused_by(store, caller("bob")) == "in_flight"
    assert await refused_by(store, caller("bob", community="choir")) is None


async def test_a_cooldown_is_each_members_own(store: SqlStore, admin: SqlAdminStore, clock: SetClock) -> None:
    await admin.set_limit(act(), LimitName.COOLDOWN_S, 60)
    assert await refused_by(store) is None
    clock.forward(ms=59_999)
    assert await refused_by(store) == "cooldown"
    assert await refused_by(store, caller("bob")) is None
    clock.forward(ms=1)
    assert await refused_by(store) is None
    clock.forward(days=-1)  # a clock that goes back must not lock anybody out
    assert await refused_by(store) is None


async def test_limits_are_set_one_at_a_time(admin: SqlAdminStore) -> None:
    await admin.set_limit(act(), LimitName.LONGEST_TEXT, 100)
    await admin.set_limit(act(), LimitName.PRODUCTS, ("speech",))
    await admin.set_limit(act(), LimitName.LONGEST_TEXT, None)
    assert await admin.limits("test:band") == Limits(products=("speech",))
    assert await admin.limits("test:other") == Limits()


async def test_a_quota_lowered_while_held_counts_for_the_next_order(store: SqlStore, admin: SqlAdminStore) -> None:
    held = (await store.admit(admission(cost=1400, quota=day(3000)))).job
    assert held is not None
    await admin.set_quota(act(target="test:ann"), QuotaSource.MEMBER, day(1000))
    assert await refused_by(store, cost=1) == "allowance"
    assert (await store.standing("test:band", "test:ann", day(0))).allowance_left_micros == 0


async def ask(driver: Driver, request: str = "r1") -> None:
    args = {"r": request, "community": "test:band", "m": "test:ann"}
    await driver.run([
        Statement(KNOW, args),
        Statement(f"INSERT INTO credit_requests VALUES (:r, {HERE}, :m, 'Ann', 700, 0, 'open', NULL, NULL)", args),
    ])  # fmt: skip


async def test_a_request_is_approved_once_by_whoever_is_first(
    store: SqlStore, admin: SqlAdminStore, driver: Driver
) -> None:
    await ask(driver)
    results = await asyncio.gather(
        *(admin.decide(act("decline" if n % 2 else "approve"), "r1", approve=n % 2 == 0) for n in range(6)),
        return_exceptions=True,
    )
    [first] = [n for n, result in enumerate(results) if not isinstance(result, Decided)]
    assert (await store.standing("test:band", "test:ann", day(0))).balance_micros == (0 if first % 2 else 700)


async def test_a_declined_request_gives_nothing(store: SqlStore, admin: SqlAdminStore, driver: Driver) -> None:
    await ask(driver)
    assert (await admin.decide(act(), "r1", approve=False)).balance_micros == 0
    with pytest.raises(Decided):
        await admin.decide(act(), "r1", approve=True)
    with pytest.raises(NotFound):
        await admin.decide(act(community="choir"), "r1", approve=True)


async def test_every_change_is_in_the_audit_with_what_it_replaced(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.set_quota(act("quota set", "test:ann"), QuotaSource.MEMBER, day(1000))
    await admin.set_quota(
        act("quota set", "test:ann"), QuotaSource.MEMBER, Quota(limit_micros=None, period=Period.WEEK)
    )
    await admin.set_quota(act("quota clear", "test:ann"), QuotaSource.MEMBER, None)
    await admin.credit(act("grant", "test:ann"), ANN, 500, "")
    await admin.credit(act("revoke", "test:ann"), ANN, -500, "")
    await admin.block(act("block", "test:ann"), ANN, None)
    await admin.unblock(act("unblock", "test:ann"), ANN)
    await admin.set_limit(act("limits", ""), LimitName.PRODUCTS, ("speech",))
    await admin.set_pool(act("pool", ""), "test:band", 9)
    await admin.refused(act("grant", "test:ann"), Outcome.NOT_PERMITTED)
    seen = [(e.act, e.before, e.after, e.outcome) for e in reversed(await admin.audit("test:band", 50))]
    assert seen == [
        ("quota set", "none", "1000 day", "applied"),
        ("quota set", "1000 day", "unlimited week", "applied"),
        ("quota clear", "unlimited week", "none", "applied"),
        ("grant", "0", "500", "applied"),
        ("revoke", "500", "0", "applied"),
        ("block", "none", "for good", "applied"),
        ("unblock", "for good", "none", "applied"),
        ("limits", "none", ",speech,", "applied"),
        ("pool", "default", "9", "applied"),
        ("grant", "", "", "refused: NotPermitted"),
    ]
    assert await admin.audit("test:other", 50) == []


async def test_a_community_that_spent_nothing_has_the_default_pool_or_its_own(
    store: SqlStore, admin: SqlAdminStore
) -> None:
    store.default_pool_micros = 7
    for community in ("band", "choir"):
        await admin.credit(act(community=community), ANN, 5, "")
    await admin.set_pool(act(), "test:choir", 9)
    listed = await admin.communities(0, 9)
    assert [(c.community, c.used_micros, c.pool_micros) for c in listed] == [("test:band", 0, 7), ("test:choir", 0, 9)]


async def test_credit_goes_up_to_the_most_that_anybody_may_have(admin: SqlAdminStore) -> None:
    await admin.credit(act(), ANN, MOST_MICROS, "")
    with pytest.raises(NotEnough):
        await admin.credit(act(), ANN, 1, "")


async def test_a_refused_change_leaves_neither_change_nor_entry(store: SqlStore, admin: SqlAdminStore) -> None:
    with pytest.raises(NotEnough):
        await admin.credit(act(), ANN, -1, "")
    assert await admin.audit("test:band", 50) == []
    assert await reported(admin, "test:band", "", 0, 2**60, 10) == []


async def test_entries_are_of_one_member_in_one_community(store: SqlStore, admin: SqlAdminStore) -> None:
    """And each stands under the name by which the member goes there."""
    for community, key, name in (("band", "ann", "Ann"), ("choir", "ann", "Miss Ann"), ("band", "bob", "Bob")):
        person = Person(member=f"test:{key}", name=name)
        await admin.credit(act("grant", person.member, community=community), person, len(name), name)
    assert [entry.note for entry in await store.entries("test:band", "test:ann", 5)] == ["Ann"]
    exported = await reported(admin, "test:band", "", 0, 2**60, 10)
    assert sorted((entry.name, entry.note) for entry in exported) == [("Ann", "Ann"), ("Bob", "Bob")]


async def test_lists_begin_with_the_newest_and_hold_only_what_was_asked_for(
    store: SqlStore, admin: SqlAdminStore, clock: SetClock
) -> None:
    bob = Person(member="test:bob", name="Bob")
    for note in ("first", "second in the same moment"):
        await admin.credit(act("grant", "test:ann"), ANN, 5, note)
    clock.forward(ms=1)
    await admin.credit(act("grant", "test:ann"), ANN, 5, "third")
    await admin.credit(act("grant", "test:bob"), bob, 5, "another member's")
    await admin.credit(
        act("grant", "test:ann", community="choir"), Person(member="test:ann", name="Anna"), 5, "elsewhere"
    )
    entries = await store.entries("test:band", "test:ann", 9)
    assert [(e.name, e.note) for e in entries] == [
        ("Ann", "third"), ("Ann", "second in the same moment"), ("Ann", "first")
    ]  # fmt: skip
    assert await store.entries("test:band", "test:ann", 1) == entries[:1]
    now_ms = clock.now_ms()
    assert [e.note for e in await reported(admin, "test:band", "test:ann", now_ms, now_ms + 1, 9)] == ["third"]
    assert [e.note[:6] for e in await reported(admin, "test:band", "test:ann", 0, now_ms, 9)] == ["first", "second"]
    assert [e.note[:6] for e in await reported(admin, "test:band", "test:ann", 0, now_ms, 1)] == ["first"]
    newest = await admin.audit("test:band", 9)
    assert [(e.target_name, e.before, e.after) for e in newest] == [
        ("Bob", "0", "5"), ("Ann", "10", "15"), ("Ann", "5", "10"), ("Ann", "0", "5")
    ]  # fmt: skip
