"""In which other voices an order is offered once more: favourites, who speaks here, the same language, the rest."""

import pytest

from core.domain.errors import StoreAway
from core.domain.orders import Turn
from core.domain.products import catalog
from core.domain.quota import LimitName
from core.domain.voices import CAST, Voice
from tests.core.people import BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def offered(rig: Rig, alive: Incarnation, voice: str, who: str = "ann", community: str = "band") -> list[str]:
    """Hear something in a voice; return the others that come with it."""
    heard = len(rig.chat.heard)
    given = {"text": f"Number {heard}", "voice": voice}
    await alive.service.order(order(caller(who, community=community), parameters=given))
    await rig.chat.until(lambda: len(rig.chat.heard) > heard)
    return [each.name for each in rig.chat.heard[-1][2].voices]


async def test_favourites_come_first_then_who_speaks_here_then_the_same_language(rig: Rig) -> None:
    rig.table = catalog(more_voices=[Voice(name=name, languages=("de",)) for name in ("Greta", "Hans")])
    async with rig.running() as alive:
        first = await offered(rig, alive, "Brian", "bob")
        assert (first[0], len(first)) == ("Aria", len(CAST.names) + 1)  # who speaks by default; never Brian
        await alive.service.favourites.mark(caller(), "Lily", liked=True)
        await alive.service.admin.set_limit(BOSS, LimitName.VOICE, "George")
        assert (await offered(rig, alive, "Roger"))[:5] == ["Lily", "George", "Aria", "Brian", "Sarah"]
        assert (await offered(rig, alive, "Greta", "bob"))[:4] == ["George", "Aria", "Roger", "Brian"]
        assert (await offered(rig, alive, "Hans", "bob"))[:2] == ["Greta", "George"]
        assert (await offered(rig, alive, "Will", "bob", "choir"))[:3] == ["Aria", "Roger", "Sarah"]


async def test_after_a_restart_who_orders_is_remembered_by_their_orders(rig: Rig) -> None:
    async with rig.running() as alive:
        for voice in ("Brian", "Bill"):
            await offered(rig, alive, voice)
    async with rig.running() as alive:
        assert (await offered(rig, alive, "Sarah"))[:3] == ["Aria", "Bill", "Brian"]


async def test_while_the_store_is_away_audio_comes_with_the_rest(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise StoreAway("test")

    async with rig.running() as alive:
        for name in ("favourite_voices", "history", "default_voices"):
            monkeypatch.setattr(alive.store, name, away)
        assert await offered(rig, alive, "Roger") == [name for name in CAST.names if name != "Roger"]


async def test_music_and_dialogues_are_offered_in_no_other_voice(rig: Rig, alive: Incarnation) -> None:
    await alive.service.order(order(product="music", parameters={"prompt": "rain"}))
    turns = (Turn("Aria", "Who is there?"), Turn("George", "Only me."))
    text = {"text": "Aria: Who is there?\nGeorge: Only me.", "voice": "Aria"}
    await alive.service.order(order(parameters=text, turns=turns))
    await rig.chat.until(lambda: len(rig.chat.heard) == 2)
    assert [receipt.voices for _, _, receipt in rig.chat.heard] == [(), ()]
