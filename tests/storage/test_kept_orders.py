"""Orders that wait for credit, and the calls that admins get, on both engines."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.kept_orders import MOST_KEPT, Call
from core.domain.orders import Order, Turn
from core.domain.refusals import NotFound, NotPermitted
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, caller, order

ANN, HOUR_MS = caller(), 3_600_000


def refused(n: int = 1) -> Order:
    turns = (Turn("Aria", "Hi"), Turn("Bill", "Hello"))
    return replace(order(), event_id=f"test:refused{n}", turns=turns, added=-3)


async def rows(driver: Driver) -> int:
    [[found]] = await driver.run([Statement("SELECT count(*) AS n FROM kept_orders")])
    return int(found["n"])


async def test_an_order_is_kept_as_it_was_for_its_member_and_a_day_from_when_they_asked(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    assert await store.keep_order("k1", refused(), 1400) == "k1"
    assert await store.keep_order("k2", refused(), 1400) == "k1"  # the platform reported it twice
    kept = await store.kept_order(ANN, "k1")
    assert (kept.order, kept.cost_micros, kept.goes) == (replace(refused(), caller=ANN), 1400, False)
    with pytest.raises(NotPermitted, match="owner"):
        await store.kept_order(caller("bob"), "k1")
    with pytest.raises(NotFound, match="k1"):
        await store.kept_order(caller(community="choir"), "k1")
    clock.forward(hours=23)
    request = await store.ask("r1", ANN, 400, "k1", goes=True)
    assert request
    assert request.kept
    clock.forward(hours=23)
    found = await store.kept_with("r1", ANN.community)
    assert found
    assert (found.order_id, found.goes, found.order.caller.member) == ("k1", True, ANN.member)
    await store.forget_kept()
    clock.forward(hours=1)
    with pytest.raises(NotFound):
        await store.kept_order(ANN, "k1")
    assert (await store.kept_with("r1", ANN.community), await rows(driver)) == (None, 1)
    await store.forget_kept()
    assert await rows(driver) == 0


async def test_where_an_order_was_refused_or_asked_about_is_known_of_its_member_alone(store: SqlStore) -> None:
    await store.keep_order("k1", refused(), 1400)
    await store.offer("o1", refused(2), 1400, HOUR_MS)
    for member in (ANN.member, caller("bob").member):
        known = [await store.placed_for(member, placed) for placed in ("k1", "o1", "k9")]
        assert known == ([ANN.community, ANN.community, None] if member == ANN.member else [None] * 3)


async def test_an_order_is_kept_with_one_request_of_its_member_s(store: SqlStore, clock: SetClock) -> None:
    await store.keep_order("k1", refused(), 1400)
    theirs = await store.ask("r0", caller("bob"), 400, "k1")
    assert theirs
    assert not theirs.kept
    await store.ask("r1", ANN, 400, "k1", goes=True)
    await store.withdraw("r1", ANN)
    assert not (await store.kept_order(ANN, "k1")).goes
    await store.ask("r2", ANN, 400, "k1")
    await store.keep_order("k2", refused(2), 1400)
    assert await store.ask("r3", ANN, 400, "k2") is None  # the last is open
    assert await store.kept_with("r3", ANN.community) is None
    clock.forward(hours=25)
    late = await store.ask("r4", ANN, 400, "k2")
    assert late
    assert not late.kept


async def test_a_decline_forgets_the_order_and_a_grant_does_not(store: SqlStore, admin: SqlAdminStore) -> None:
    await store.keep_order("k1", refused(), 1400)
    await store.keep_order("k2", replace(refused(2), caller=caller("bob")), 1400)
    await store.ask("r1", ANN, 400, "k1")
    await store.ask("r2", caller("bob"), 400, "k2")
    assert (await admin.decide(act("decline", "r1"), "r1", approve=False)).kept
    assert not (await admin.decide(act("approve", "r2"), "r2", approve=True)).kept
    with pytest.raises(NotFound):
        await store.kept_order(ANN, "k1")
    assert (await store.kept_order(caller("bob"), "k2")).order_id == "k2"
    await store.drop_kept("k2")
    with pytest.raises(NotFound):
        await store.kept_order(caller("bob"), "k2")


async def test_a_few_are_kept_that_nobody_was_asked_about(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    await store.keep_order("k0", refused(0), 1400)
    await store.ask("r0", ANN, 400, "k0")
    for n in range(1, MOST_KEPT + 3):
        clock.forward(ms=1)
        await store.keep_order(f"k{n}", refused(n), 1400)
    assert await rows(driver) == MOST_KEPT + 1
    with pytest.raises(NotFound):
        await store.kept_order(ANN, "k2")
    assert [(await store.kept_order(ANN, each)).order_id for each in ("k0", "k3")] == ["k0", "k3"]


async def test_admins_are_called_once_an_hour_to_the_millisecond(store: SqlStore, clock: SetClock) -> None:
    await store.ask("r1", ANN, 400)  # by which the community is known

    async def claim() -> bool:
        return await store.claim_call(ANN.community, Call.CREDIT, HOUR_MS)

    assert sorted(await asyncio.gather(*(claim() for _ in range(4)))) == [False, False, False, True]
    clock.forward(ms=HOUR_MS - 1)
    assert not await claim()  # which does not put off the next
    clock.forward(ms=1)
    assert await claim()
    await store.drop_call(ANN.community, Call.CREDIT)
    assert await claim()
    clock.leap(hours=-3)
    assert await claim()  # the call that is yet to be was made while the clock was wrong


async def test_what_is_kept_goes_along_to_a_community_s_new_key(store: SqlStore) -> None:
    await store.keep_order("k1", refused(), 1400)
    await store.keep_order("k2", replace(refused(2), caller=caller(community="choir")), 1400)
    assert await store.claim_call(ANN.community, Call.CREDIT, HOUR_MS)
    await store.move_community(ANN.community, "test:choir")
    assert (await store.kept_order(caller(community="choir"), "k1")).order_id == "k1"
    assert not await store.claim_call("test:choir", Call.CREDIT, HOUR_MS)


async def test_of_more_requests_than_are_posted_anew_it_is_the_newest(store: SqlStore, clock: SetClock) -> None:
    """Those that nobody decides on stay open until their members ask again, for years perhaps."""
    for who in ("ann", "bob", "carl"):
        await store.ask(f"of {who}", caller(who), 400)
        clock.forward(ms=1)
    assert [each.credit_request_id for each in await store.open_requests("test:band", 2)] == ["of bob", "of carl"]
