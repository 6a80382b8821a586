"""What a community takes along to its new key."""

import pytest

from core.domain.communities import Approval, Communities
from core.domain.people import Person
from core.domain.quota import LimitName
from storage.admin_store import SqlAdminStore
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order

ANN = Person(member="test:ann", name="Ann")


async def test_a_cooldown_goes_along(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.set_limit(act(), LimitName.COOLDOWN_S, 60)
    await store.admit(admission())
    await store.move_community("test:band", "test:choir")
    answer = await store.admit(admission(order(caller(community="choir"))))
    assert answer.refused_by == "cooldown"


async def test_the_voice_of_a_community_goes_along(store: SqlStore, admin: SqlAdminStore) -> None:
    await admin.set_limit(act(), LimitName.VOICE, "Bill")
    await store.admit(admission(order(caller(community="choir"))))
    await store.move_community("test:band", "test:choir")
    assert await store.default_voices("test:choir", ANN.member) == ("", "Bill")
    await store.choose_voice(ANN.member, "Lily")
    await store.choose_voice(ANN.member, "Aria")
    assert await store.default_voices("test:choir", ANN.member) == ("Aria", "Bill")
    await store.choose_voice(ANN.member, "")
    assert await store.default_voices("test:elsewhere", ANN.member) == ("", "")


async def test_a_block_goes_along_over_one_that_has_ended(
    store: SqlStore, admin: SqlAdminStore, clock: SetClock
) -> None:
    await admin.block(act(), ANN, None)
    await admin.block(act(community="choir"), ANN, clock.ms - 1)
    await store.move_community("test:band", "test:choir")
    assert (await store.standing("test:choir", ANN.member, day(1))).blocked


async def test_what_was_drawn_is_not_seen_under_the_former_key(store: SqlStore) -> None:
    admitted = await store.admit(admission())  # after which the ids are known
    job = admitted.job
    assert job is not None
    drawn = [(await store.standing("test:band", job.member, day(10**6))).used_micros]
    await store.move_community("test:band", "test:choir")
    drawn += [(await store.standing(key, job.member, day(10**6))).used_micros for key in ("test:band", "test:choir")]
    assert drawn == [job.cost_micros, 0, job.cost_micros]


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("is_declined", [True, False])
async def test_what_a_setting_let_in_stays_so_unless_it_was_declined(
    store: SqlStore, clock: SetClock, is_known: bool, is_declined: bool
) -> None:
    listed = SqlStore(store._driver, clock, communities=Communities.LIST, allowed=("test:band",))
    admin = SqlAdminStore(store._driver, clock, listed)
    await listed.see_community("test:band", "Band")
    if is_known:
        await listed.see_community("test:choir", "Choir")
    if is_declined:
        await admin.decide_community(act(), "test:band", Approval.DECLINED)
    await listed.move_community("test:band", "test:choir")
    assert await listed.decision("test:choir") is (Approval.DECLINED if is_declined else Approval.APPROVED)
    assert (await listed.see_community("test:choir", "Choir"))[1] is not is_declined


async def test_who_decides_about_one_that_waits_is_told_of_its_new_key(store: SqlStore, clock: SetClock) -> None:
    store = SqlStore(store._driver, clock, communities=Communities.ASK)
    await store.see_community("test:band", "Band")
    await store.note_told(["test:band"])
    await store.move_community("test:band", "test:choir")
    assert [(each.community, each.told_ms) for each in await store.waiting()] == [("test:choir", None)]
