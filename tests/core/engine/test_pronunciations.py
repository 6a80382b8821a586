"""Lists of pronunciations: kept, limited, audited for communities, and applied before the price is known."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.pronunciation import MOST_ENTRIES, Pronunciation
from core.domain.refusals import InvalidInput, NeedsConfirmation, NotPermitted
from tests.core.people import BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order

NGINX = Pronunciation("nginx", "engine x")


async def test_words_are_said_as_their_member_and_the_community_want(alive: Incarnation) -> None:
    service, ann = alive.service, caller()
    other = replace(ann, member="test:other", name="Other")
    await service.admin.pronounce(BOSS, Pronunciation("nginx", "enjinx"))
    await service.pronunciations.set(ann, NGINX)
    texts = [
        (await service.order(order(who, text="please ask nginx why"))).job.parameters["text"] for who in (ann, other)
    ]
    assert texts == ["please ask engine x why", "please ask enjinx why"]
    elsewhere = replace(ann, community="test:elsewhere")
    assert [each.is_mine for each in await service.pronunciations.mine(elsewhere)] == [True]
    assert await service.pronunciations.drop(ann, "NGINX")
    assert not await service.pronunciations.drop(ann, "nginx")
    assert (await service.order(order(ann, text="nginx is up and well"))).job.parameters[
        "text"
    ] == "enjinx is up and well"
    with pytest.raises(NotPermitted):
        await service.admin.pronounce(ann, NGINX)
    assert await service.admin.unpronounce(BOSS, "nginx")
    service.pronunciations.forget()
    assert (await service.order(order(ann, text="nginx is up and well"))).job.parameters[
        "text"
    ] == "nginx is up and well"
    assert len(await service.admin.audit(BOSS)) == 3


async def test_what_another_process_sets_counts_within_seconds(alive: Incarnation, rig: Rig) -> None:
    assert (await alive.service.order(order(text="nginx is up and well"))).job.characters == 20
    await alive.store.pronounce(caller(), NGINX, 1)
    rig.clock.forward(ms=10_000)
    assert (await alive.service.order(order(text="nginx is up and well"))).job.characters == 23


async def test_orders_that_come_at_once_wait_for_the_lists(alive: Incarnation) -> None:
    await alive.store.pronounce(caller(), NGINX, 1)
    placed = await asyncio.gather(*(alive.service.order(order(text="nginx is up and well")) for _ in range(3)))
    assert {one.job.characters for one in placed} == {23}


async def test_a_question_is_about_what_is_spoken_and_says_it_once(alive: Incarnation) -> None:
    await alive.service.pronunciations.set(caller(), Pronunciation("a", "a b"))
    with pytest.raises(NeedsConfirmation) as asked:
        await alive.service.order(order(text="a a x"))
    assert asked.value.words == "a b a b x"
    assert (await alive.service.confirm(caller(), asked.value.offer_id)).job.parameters["text"] == "a b a b x"


async def test_a_list_has_an_end(alive: Incarnation) -> None:
    for n in range(MOST_ENTRIES):
        await alive.store.pronounce(caller(), Pronunciation(f"w{n}", "x"), MOST_ENTRIES)
    await alive.service.pronunciations.set(caller(), Pronunciation("w0", "y"))
    with pytest.raises(InvalidInput):
        await alive.service.pronunciations.set(caller(), NGINX)
