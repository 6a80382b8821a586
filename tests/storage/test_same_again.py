"""The same audio ordered again, on both engines: whose kept audio may answer, and whose never does."""

from typing import Any

import pytest

from core.domain.communities import Communities
from core.domain.orders import Order, Turn
from core.domain.people import Caller, Person
from core.domain.quota import LimitName, Quota
from storage.admin_store import SqlAdminStore
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.moves import SENDING, SENT, stepped
from tests.storage.jobs import heard, here

BOB = Person(member="test:bob", name="Bob")
ALONE = caller(community="ann", direct=True)


async def same(store: SqlStore, placed: Order, quota: Quota | None = None) -> str | None:
    """Order it once more; return which job answers, if one does, and have that delivered."""
    asked = admission(placed, cost=10**9, quota=quota or day(1), repeats=True)
    job = (await store.admit(asked)).job
    if job is None:
        return None
    assert job.event_id != placed.event_id
    assert job.is_repeat
    await stepped(store, await stepped(store, job, SENDING), SENT)
    return job.job_id


async def test_the_newest_of_a_members_own_answers_before_the_channels(store: SqlStore, clock: SetClock) -> None:
    assert await same(store, order(here())) is None
    first = await heard(store)
    clock.forward(hours=1)
    own = await heard(store, order(here(channel="test:other")))
    clock.forward(hours=1)
    channels = await heard(store, order(here("bob")))
    assert await same(store, order(here())) == await same(store, order(here(channel="test:hall"))) == own.job_id
    assert await same(store, order(here("carl"))) == await same(store, order(here("bob"))) == channels.job_id
    await store.drop_artifacts(channels)
    assert await same(store, order(here("carl"))) == first.job_id
    await store.drop_artifacts(first)
    assert await same(store, order(here("carl"))) is None


@pytest.mark.parametrize(
    "who", [here("bob", channel="test:hall"), here(community="choir"), here("bob", community="choir"), ALONE]
)
async def test_no_other_channel_or_community_is_answered_from_here(store: SqlStore, who: Caller) -> None:
    await heard(store)
    await heard(store, order(who, "Something else"))  # who is known, and may order
    assert await same(store, order(who)) is None


async def test_a_direct_chat_answers_its_member_alone(store: SqlStore) -> None:
    job = await heard(store, order(ALONE))
    assert await same(store, order(ALONE)) == job.job_id
    for who in (here(), caller("bob", community="ann"), caller("bob", community="ann", direct=True)):
        assert await same(store, order(who)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "Hello everyone!"},
        {"parameters": {"text": "Hello everyone", "voice": "Roger"}},
        {"parameters": {"text": "Hello everyone", "voice": "Aria", "speed": 1.2}},
        {"product": "music"},
        {"turns": (Turn("Aria", "Hello everyone"),)},
    ],
)
async def test_what_sounds_otherwise_is_another_order(store: SqlStore, changes: dict[str, Any]) -> None:
    await heard(store)
    assert await same(store, order(here(), **changes)) is None
    assert await same(store, order(here(), parameters={"voice": "Aria", "text": "Hello everyone"})) is not None


async def test_what_is_on_its_way_is_not_kept_yet(store: SqlStore) -> None:
    job = await heard(store)
    await store.redeliver(job, job.destination)
    assert await same(store, order(here())) is None


@pytest.mark.parametrize("by", ["block", "channel", "text", "zero", "declined"])
async def test_who_may_not_order_is_not_answered_either(
    store: SqlStore, admin: SqlAdminStore, clock: SetClock, by: str
) -> None:
    await heard(store)
    bob, quota = here("bob"), day(1)  # it need not be enough
    assert await same(store, order(bob), quota) is not None
    match by:
        case "block":
            await admin.block(act("block"), BOB, None)
        case "channel":
            await admin.set_limit(act("limit"), LimitName.CHANNELS, ("test:hall",))
        case "text":
            await admin.set_limit(act("limit"), LimitName.LONGEST_TEXT, 13)
        case "zero":
            quota = day(0)
        case "declined":
            store = SqlStore(store._driver, clock, communities=Communities.LIST)
    assert await same(store, order(bob), quota) is None


async def test_who_has_credit_needs_no_allowance(store: SqlStore, admin: SqlAdminStore) -> None:
    await heard(store)
    await admin.credit(act("grant"), BOB, 1, "")
    assert await same(store, order(here("bob")), day(0)) is not None
