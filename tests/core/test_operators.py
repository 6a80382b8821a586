"""What operators may do in any community, and that they stay what they are; claims have tests of their own."""

from dataclasses import replace

import pytest

from core.domain.audit import Outcome
from core.domain.errors import OutOfCredit, StoreAway
from core.domain.refusals import DoneBefore, NotFound, NotPermitted, OverLimit
from core.domain.reports import Resumed
from core.engine.queue import Limits as QueueLimits
from storage.admin_store import SqlAdminStore
from tests.core.engine.jobs import at_rest
from tests.core.people import BOSS, OWNER
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def test_a_community_that_is_declined_orders_nothing(alive: Incarnation) -> None:
    await alive.service.communities.heard(caller())
    await alive.service.operators.decide_community(OWNER, "test:band", approve=False)
    unclear = replace(order(event_id="unclear"), readings={"Aria": {"text": "Hello"}, "": {"text": "Aria? Hello"}})
    for refused in (order(), unclear):
        with pytest.raises(OverLimit, match="declined"):
            await alive.service.order(refused)
    await alive.service.operators.decide_community(OWNER, "test:band", approve=True)
    await alive.service.order(order())
    await at_rest(alive)


async def test_an_owner_is_one_while_the_store_is_away(alive: Incarnation, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: object) -> frozenset[str]:
        raise StoreAway("the disk is full")

    monkeypatch.setattr(SqlAdminStore, "owners", away)
    await alive.service.operators.enter(OWNER, "pool")


async def test_an_owners_word_lets_orders_go_on_at_once(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.limits = QueueLimits(total=1, community=1, member=1)
    rig.gateway.submits = [OutOfCredit()]
    async with rig.running() as alive:
        await alive.service.order(order())
        await alive.service.order(order(caller("bob")))
        await rig.chat.until(lambda: bool(rig.chat.told))
        for who in (BOSS, caller()):
            with pytest.raises(NotPermitted, match="operator"):
                await alive.service.operators.resume(who)
        assert rig.chat.heard == []
        owner = replace(OWNER, event_id="test:word")
        assert await alive.service.operators.resume(owner) == Resumed(ended_pause=True)
        await at_rest(alive)
        assert len(rig.chat.heard) == 1
        assert await alive.service.operators.resume(OWNER) == Resumed(ended_pause=False)
        with pytest.raises(DoneBefore):
            await alive.service.operators.resume(owner)
        noted = [(entry.actor, entry.act, entry.outcome) for entry in await alive.service.admin.audit(BOSS)]
        assert noted.count(("test:owner", "resume", Outcome.APPLIED)) == 2
        assert noted.count(("test:boss", "resume", Outcome.NOT_PERMITTED)) == 1


async def test_a_pool_needs_a_community_that_was_seen(alive: Incarnation) -> None:
    with pytest.raises(NotFound, match="community"):
        await alive.service.operators.set_pool(OWNER, "test:typo", "5")
    await alive.service.communities.remember(caller(community="choir"))
    assert await alive.service.operators.set_pool(OWNER, "test:choir", "5") == 5_000_000
