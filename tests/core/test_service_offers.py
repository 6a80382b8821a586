"""A price that must be agreed to first: the offer is confirmed once, by its member, and decided upon anew."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.errors import StoreAway
from core.domain.orders import Destination, Turn
from core.domain.people import Caller, Person
from core.domain.products import catalog
from core.domain.quota import LimitName
from core.domain.refusals import (
    NeedsChoice,
    NeedsConfirmation,
    NotFound,
    NotPermitted,
    OverLimit,
)
from tests.core.engine.jobs import at_rest
from tests.core.people import ANN, BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def offered(alive: Incarnation, who: Caller | None = None) -> str:
    await alive.service.admin.set_limit(BOSS, LimitName.CONFIRM_MICROS, "0.001")
    with pytest.raises(NeedsConfirmation) as asked:
        await alive.service.order(order(who))
    assert asked.value.cost_micros == 1400
    return asked.value.offer_id


async def test_an_order_over_the_threshold_is_placed_once_confirmed(alive: Incarnation, rig: Rig) -> None:
    offer = await offered(alive)
    assert (await alive.service.standing(caller())).used_micros == 0
    accepted = await asyncio.gather(*(alive.service.confirm(caller(), offer) for _ in range(5)))
    assert sum(not one.duplicate for one in accepted) == 1
    await at_rest(alive)
    with pytest.raises(NotFound):
        await alive.service.confirm(caller(), offer)
    assert len(rig.chat.heard) == 1


async def test_a_confirmed_order_stands_when_its_offer_can_not_be_dropped(
    alive: Incarnation, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(offer_id: str) -> None:
        raise StoreAway("the disk is full")

    offer = await offered(alive)
    monkeypatch.setattr(alive.store, "drop_offer", away)
    accepted = await alive.service.confirm(caller(), offer)
    assert (await alive.service.confirm(caller(), offer)).job.job_id == accepted.job.job_id
    await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_an_offer_keeps_no_token(alive: Incarnation, rig: Rig) -> None:
    await offered(alive)
    assert b"interaction-secret" not in b"".join(path.read_bytes() for path in rig.folder.glob("troubadour.db*"))


async def test_an_offer_keeps_who_says_what(alive: Incarnation, rig: Rig) -> None:
    turns = (Turn("Aria", "Hello"), Turn("George", "Hi"))
    offer = await alive.store.offer("offer", order(turns=turns), 0, rig.clock.now_ms() + 1000)
    kept, _ = await alive.store.read_offer(caller(), offer)
    assert kept.turns == turns


async def test_nobody_confirms_what_another_ordered(alive: Incarnation) -> None:
    offer = await offered(alive)
    for who, refused in ((caller("bob"), NotPermitted), (BOSS, NotPermitted), (caller(community="choir"), NotFound)):
        with pytest.raises(refused):
            await alive.service.confirm(who, offer)
    await alive.service.confirm(caller(), offer)
    await at_rest(alive)


async def test_a_confirmation_expires(alive: Incarnation, rig: Rig) -> None:
    offer = await offered(alive)
    rig.clock.forward(ms=600_000)
    with pytest.raises(NotFound):
        await alive.service.confirm(caller(), offer)


async def test_the_same_event_twice_is_one_offer(alive: Incarnation) -> None:
    await alive.service.admin.set_limit(BOSS, LimitName.CONFIRM_MICROS, "0")
    placed, offers = order(), set()
    for _ in range(2):
        with pytest.raises(NeedsConfirmation) as asked:
            await alive.service.order(placed)
        offers.add(asked.value.offer_id)
    assert len(offers) == 1


async def test_a_confirmed_order_is_decided_upon_anew(alive: Incarnation) -> None:
    offer = await offered(alive)
    await alive.service.admin.block(BOSS, ANN)
    with pytest.raises(OverLimit, match="blocked"):
        await alive.service.confirm(caller(), offer)


async def test_a_confirmed_order_keeps_to_the_channels_that_are_allowed(alive: Incarnation) -> None:
    """Whoever agrees to a price does so somewhere, and at some time: both count, as they do for an order."""
    stage, bar = (replace(caller(), channel=f"test:{number}") for number in (1, 2))
    offer = await offered(alive, stage)
    await alive.service.admin.set_limit(BOSS, LimitName.CHANNELS, "test:1")
    with pytest.raises(OverLimit, match="channel"):
        await alive.service.confirm(bar, offer)
    await alive.service.admin.set_limit(BOSS, LimitName.CHANNELS, "test:2")
    with pytest.raises(OverLimit, match="channel"):
        await alive.service.confirm(stage, offer)
    assert (await alive.service.standing(stage)).used_micros == 0
    await alive.service.confirm(bar, offer)
    await at_rest(alive)


async def test_a_price_that_rose_after_it_was_agreed_to_is_asked_for_again(rig: Rig) -> None:
    async with rig.running() as alive:
        offer = await offered(alive)
    rig.table = catalog(price_micros=200_000)
    async with rig.running() as alive:
        with pytest.raises(NeedsConfirmation) as asked:
            await alive.service.confirm(caller(), offer)
        assert asked.value.cost_micros == 2800
        await alive.service.confirm(caller(), asked.value.offer_id)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_an_offer_outlives_a_refusal(alive: Incarnation, rig: Rig) -> None:
    """What was agreed to and could not be placed can be placed later."""
    offer = await offered(alive)
    await alive.service.admin.block(BOSS, ANN)
    with pytest.raises(OverLimit, match="blocked"):
        await alive.service.confirm(caller(), offer)
    await alive.service.admin.unblock(BOSS, ANN)
    pressed = Destination("test", {"token": "pressed"})
    accepted = await alive.service.confirm(caller(), offer, pressed)
    assert accepted.job.destination == pressed
    await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_what_is_spoken_may_cost_a_fifth_more_than_what_was_written(alive: Incarnation, rig: Rig) -> None:
    twelve = replace(order(text="x" * 12), added=2)  # 10 were written
    assert (await alive.service.order(twelve)).job.characters == 12
    with pytest.raises(NeedsConfirmation) as asked:
        await alive.service.order(replace(twelve, event_id="more", added=3))
    assert (asked.value.cost_micros, asked.value.words) == (1200, "x" * 12)
    assert (await alive.service.confirm(caller(), asked.value.offer_id)).job.cost_micros == 1200
    await at_rest(alive)
    assert len(rig.chat.heard) == 2


async def test_a_reading_that_costs_more_than_was_written_is_asked_about_once_chosen(alive: Incarnation) -> None:
    readings = {name: {"voice": name, "text": "link to example.com"} for name in ("Aria", "Bill")}
    unclear = replace(order(text="link to example.com"), readings=readings, added=10)
    with pytest.raises(NeedsChoice) as which:
        await alive.service.order(unclear)
    with pytest.raises(NeedsConfirmation):
        await alive.service.confirm(caller(), which.value.offer_id, reading=1)


async def test_a_blocked_member_is_not_asked_for_more(alive: Incarnation) -> None:
    await alive.service.admin.block(BOSS, Person(member=caller().member, name="Ann"), "")
    with pytest.raises(OverLimit):
        await alive.service.order(replace(order(), added=10))
