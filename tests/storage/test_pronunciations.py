"""Pronunciations on both engines: a member's, a community's, and those of a community that moves."""

from core.domain.pronunciation import Pronunciation
from storage.admin_store import SqlAdminStore
from storage.store import SqlStore
from tests.makers import act, admission, caller, order

NGINX, GIF = Pronunciation("nginx", "engine x"), Pronunciation("gif", "jif")


async def test_lists_are_kept_apart_and_go_along(store: SqlStore, admin: SqlAdminStore) -> None:
    ann = caller()
    assert await store.pronounce(ann, NGINX, 1)
    assert not await store.pronounce(ann, GIF, 1)
    assert await store.pronounce(ann, Pronunciation("Nginx", "x"), 1)
    assert await admin.set_pronunciation(act(), GIF, 1)
    assert not await admin.set_pronunciation(act(), NGINX, 1)
    assert await store.pronunciation_owners() == {ann.member, ann.community}
    both = await store.pronunciations(ann.community, ann.member)
    assert {(each.written, each.spoken, each.is_mine) for each in both} == {("Nginx", "x", True), ("gif", "jif", False)}
    await store.admit(admission(order(caller(community="choir"))))
    await store.move_community("test:band", "test:choir")
    assert await store.pronunciation_owners() == {ann.member, "test:choir"}
    assert [each.written for each in await store.pronunciations("test:choir", "")] == ["gif"]
    assert await store.unpronounce(ann, "nginx")
    assert not await store.unpronounce(ann, "nginx")
    assert await admin.clear_pronunciation(act(community="choir"), "gif")
    assert await store.pronunciation_owners() == frozenset()
