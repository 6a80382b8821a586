"""Who speaks where no voice is named: the member's choice, else the community's, else the operator's."""

import pytest

from core.domain.errors import StoreAway
from core.domain.quota import LimitName
from core.domain.refusals import NotPermitted, Unavailable
from core.domain.voices import Chosen
from tests.core.people import BOSS
from tests.core.rig import Incarnation
from tests.makers import caller


async def speaker(alive: Incarnation, who: str = "ann", community: str = "band") -> str:
    return (await alive.service.voices.catalog_for(caller(who, community=community))).default_voice


async def test_the_nearest_choice_speaks_at_once(alive: Incarnation) -> None:
    voices, admin = alive.service.voices, alive.service.admin
    assert await speaker(alive) == "Aria"
    await admin.set_limit(BOSS, LimitName.VOICE, " george ")
    assert await speaker(alive) == await speaker(alive, "bob") == "George"
    assert await speaker(alive, community="choir") == "Aria"
    await voices.choose(caller(), "Bill")
    assert await speaker(alive) == await speaker(alive, community="choir") == "Bill"
    assert await speaker(alive, "bob") == "George"
    assert await voices.chosen(caller()) == Chosen("Bill", "George")
    await voices.choose(caller(), "")
    assert await speaker(alive) == "George"
    await admin.set_limit(BOSS, LimitName.VOICE, "none")
    assert await speaker(alive) == "Aria"
    assert [(entry.act, entry.before, entry.after) for entry in await admin.audit(BOSS)] == [
        ("limits voice", "George", "none"),
        ("limits voice", "none", "George"),
    ]


async def test_a_choice_is_read_again_only_after_a_change_or_a_while(
    alive: Incarnation, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, really = [], alive.store.default_voices

    async def counted(community: str, member: str) -> tuple[str, str]:
        read.append(member)
        return await really(community, member)

    monkeypatch.setattr(alive.store, "default_voices", counted)
    for _ in range(3):
        await speaker(alive)
    assert len(read) == 1
    await alive.service.voices.choose(caller("bob"), "Bill")
    assert await speaker(alive) == "Aria"
    assert len(read) == 2


async def test_a_voice_that_is_gone_speaks_no_more(alive: Incarnation) -> None:
    await alive.store.choose_voice(caller().member, "Gone")
    assert await speaker(alive) == "Aria"


async def test_who_shares_an_account_chooses_nothing(alive: Incarnation) -> None:
    with pytest.raises(NotPermitted):
        await alive.service.voices.choose(caller("many", can_spend=False), "Bill")


async def test_a_store_that_is_away_takes_no_guess(alive: Incarnation, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_args: str) -> None:
        raise StoreAway("the disk is full")

    monkeypatch.setattr(alive.store, "default_voices", away)
    monkeypatch.setattr(alive.store, "choose_voice", away)
    with pytest.raises(Unavailable):
        await speaker(alive)
    with pytest.raises(Unavailable):
        await alive.service.voices.choose(caller(), "Bill")
