"""Favourite voices on both engines: a member's own, wherever they are."""

import pytest

from core.domain.errors import StoreAway
from core.domain.refusals import NotPermitted, Unavailable
from core.engine.favourites import Favourites
from storage.store import SqlStore
from tests.makers import caller


async def test_they_are_marked_once_and_taken_back(store: SqlStore) -> None:
    favourites, ann = Favourites(store), caller()
    for voice in ("Lily", "Aria", "Lily"):
        await favourites.mark(ann, voice, liked=True)
    assert await favourites.of(ann.member) == {"Aria", "Lily"}
    assert await favourites.of(caller("bob").member) == frozenset()
    for _ in range(2):
        await favourites.mark(ann, "Lily", liked=False)
    assert await favourites.of(ann.member) == {"Aria"}
    with pytest.raises(NotPermitted):
        await favourites.mark(caller(can_spend=False), "Aria", liked=True)


async def test_while_the_store_is_away_nothing_comes_first(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreAway("gone")

    monkeypatch.setattr(store, "favourite_voices", away)
    monkeypatch.setattr(store, "mark_voice", away)
    favourites = Favourites(store)
    assert await favourites.of("test:ann") == frozenset()
    with pytest.raises(Unavailable):
        await favourites.mark(caller(), "Aria", liked=True)
