"""Why a member can't order: what is said is what an order meets, as one decision makes both."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bots.text.why_replies import why
from core.admin import Subject
from core.domain.people import Person
from core.domain.quota import LimitName
from core.domain.refusals import Cause, Limit, NotPermitted, OverLimit, Unavailable
from tests.core.people import ANN, BOSS, OWNER
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order

Stop = Callable[[Incarnation], Awaitable[object]]


def _limited(name: LimitName, value: str) -> Stop:
    return lambda alive: alive.service.admin.set_limit(BOSS, name, value)


async def _ordered(alive: Incarnation) -> None:
    await alive.service.admin.set_limit(BOSS, LimitName.COOLDOWN_S, "60")
    await alive.service.order(order())


STOPS: dict[str, tuple[Limit, Stop, str]] = {
    "blocked": (Limit.BLOCKED, lambda a: a.service.admin.block(BOSS, ANN, "2 h"), "an admin has blocked them until"),
    "for good": (Limit.BLOCKED, lambda a: a.service.admin.block(BOSS, ANN, "for good"), "them. /unblock takes"),
    "product": (Limit.PRODUCT, _limited(LimitName.PRODUCTS, "music"), "allows music only. /limits products"),
    "channel": (Limit.CHANNEL, _limited(LimitName.CHANNELS, "test:9"), "in other channels only. /limits channels"),
    "cooldown": (Limit.COOLDOWN, _ordered, "asks for 60 seconds between two. /limits cooldown"),
    "quota": (
        Limit.ALLOWANCE, lambda a: a.service.admin.set_quota(BOSS, Subject.of(ANN), "0 day"),
        "they have no allowance. /quota set",
    ),
    "spent": (
        Limit.ALLOWANCE, lambda a: a.service.admin.set_quota(BOSS, Subject.of(None), "0.00005 day"),
        "they have $0.00005 left today, and the shortest order costs $0.0001",
    ),
    "pool": (
        Limit.POOL, lambda a: a.service.operators.set_pool(OWNER, "test:band", "0"),
        "pool has $0.00 left, and resets",
    ),
    "declined": (
        Limit.DECLINED, lambda a: a.service.operators.decide_community(OWNER, "test:band", approve=False),
        "They can change that with /communities approve test:band.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPS)
async def test_what_is_named_is_what_stops_an_order(rig: Rig, name: str) -> None:
    limit, stop, says = STOPS[name]
    async with rig.running() as alive:
        await alive.service.communities.heard(caller())
        await stop(alive)
        found = await alive.service.admin.why(BOSS, ANN)
        with pytest.raises(OverLimit) as refused:
            await alive.service.order(order(text="a"))
        by_product = {product: each.limit for each in found.found for product in each.products}
        assert by_product["speech"] is refused.value.limit is limit
        assert (by_product["music"] is None) is (limit is Limit.PRODUCT)
        assert says in why("Ann", found, "test:band"), why("Ann", found, "test:band")


async def test_where_nothing_stops_them_the_longest_order_is_named_and_taken(rig: Rig) -> None:
    async with rig.running() as alive:
        stranger = Person(member="test:new", name="New")
        await alive.service.communities.heard(caller())
        [one] = (await alive.service.admin.why(BOSS, stranger)).found
        assert (one.products, one.limit, one.most, one.bound) == (("speech", "music"), None, 1000, Limit.ALLOWANCE)
        with pytest.raises(OverLimit, match="allowance"):
            await alive.service.order(order(caller("new"), text="word " * 200 + "x"))
        await alive.service.order(order(caller("new"), text="word " * 199 + "words"))
        await alive.service.admin.set_limit(BOSS, LimitName.LONGEST_TEXT, "7")
        found = await alive.service.admin.why(BOSS, ANN)
        assert (found.found[0].most, found.found[0].bound) == (7, Limit.LONGEST_TEXT)
        assert why("Ann", found, "test:band").startswith(
            "Nothing keeps Ann from using /speak and /music here, with up to 7 characters at once. "
            "More is beyond what this community allows: /limits text changes that.\nAnn: $0.10 a day"
        )


async def test_what_stops_everybody_comes_first(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.service.communities.heard(caller())
        found = await alive.service.admin.why(BOSS, ANN)
        said = why("Ann", found, "test:band", Unavailable(Cause.OUT_OF_CREDIT))
        assert said.startswith("Nobody can order here now: ")
        assert alive.service.unavailable() is None


async def test_only_admins_of_the_community_ask(rig: Rig) -> None:
    async with rig.running() as alive:
        for who in (caller(), replace(BOSS, direct=True)):
            with pytest.raises(NotPermitted):
                await alive.service.admin.why(who, ANN)
