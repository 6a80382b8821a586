"""Strangers cannot spend: an order in a community that no operator approved makes no job and holds nothing."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from bots.cli.communities import decide
from bots.text.community_replies import communities as communities_listed
from core.domain.communities import Approval, Communities
from core.domain.errors import ConfigurationError
from core.domain.people import Person
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.engines import admin_of
from storage.postgres import PostgresDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, order

BAND = "test:band"


@pytest.fixture
async def asking(store: SqlStore, driver: Driver, clock: SetClock) -> SqlStore:
    return SqlStore(driver, clock, communities=Communities.ASK)


async def refusal(store: SqlStore, event: str = "", *, direct: bool = False) -> str | None:
    who = replace(caller(), direct=direct)
    answer = await store.admit(admission(order(who, event) if event else order(who)))
    return answer.refused_by


async def test_a_stranger_spends_nothing_until_an_operator_approves(asking: SqlStore, admin: SqlAdminStore) -> None:
    assert await refusal(asking) == "community"
    assert await asking.unfinished() == []
    assert await asking.see_community(BAND, "Band", "test:eve", "Eve") == (True, False)
    assert await refusal(asking) == "community"
    await admin.decide_community(act(), BAND, Approval.APPROVED)
    assert await refusal(asking) is None


async def test_a_declined_community_stays_so_when_the_bot_is_added_again(
    asking: SqlStore, store: SqlStore, admin: SqlAdminStore
) -> None:
    await asking.see_community(BAND, "Band")
    await admin.decide_community(act(), BAND, Approval.DECLINED)
    assert await asking.see_community(BAND, "Kind people") == (False, False)
    assert [await refusal(each) for each in (asking, store)] == ["community"] * 2


@pytest.mark.parametrize(
    ("communities", "allowed", "refused"),
    [("open", (), None), ("list", (BAND,), None), ("list", ("test:ban", "test:bandx"), "community"),
     ("ask", (BAND,), "community")],
)  # fmt: skip
async def test_what_the_setting_lets_in(
    store: SqlStore, driver: Driver, clock: SetClock, communities: str, allowed: Collection[str], refused: str | None
) -> None:
    chosen = SqlStore(driver, clock, communities=Communities(communities), allowed=allowed)
    assert await refusal(chosen) == refused
    assert store


async def test_the_list_says_who_waits_and_whom_a_setting_lets_in(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    await store.see_community("test:ban", "Ban")
    await store.see_community(BAND, "Band")

    async def listed(communities: Communities) -> list[tuple[str, bool]]:
        chosen = SqlStore(driver, clock, communities=communities, allowed=("test:ban",))
        found = await SqlAdminStore(driver, clock, chosen).communities(0, 9)
        assert communities is not Communities.LIST or "; may order, by a setting; /communities decline" in (
            communities_listed(found[1:])
        )
        return [(row.community, row.waits) for row in found]

    assert await listed(Communities.ASK) == [("test:ban", True), (BAND, True)]
    assert await listed(Communities.LIST) == [(BAND, True), ("test:ban", False)]
    assert await listed(Communities.OPEN) == [("test:ban", False), (BAND, False)]


async def test_a_community_that_never_waited_is_not_said_to_have(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    await store.see_community(BAND, "Band")
    for communities, before in ((Communities.OPEN, "let in by a setting"), (Communities.ASK, "approved")):
        chosen = SqlAdminStore(driver, clock, SqlStore(driver, clock, communities=communities))
        await chosen.decide_community(act(), BAND, Approval.APPROVED)
        assert (await chosen.audit(BAND, 1))[0].before == before


async def test_whoever_makes_groups_and_orders_there_does_not_fill_the_tables(
    asking: SqlStore, driver: Driver, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.communities.MOST_WAITING", 2)
    for number in range(5):
        clock.forward(ms=1)
        who = caller("eve", community=f"made{number}")
        await asking.see_community(who.community, "Made", who.member, "Eve")
        assert (await asking.admit(admission(order(who)))).refused_by == "community"
    counted = "SELECT (SELECT count(*) FROM communities) AS groups, (SELECT count(*) FROM members) AS seen"
    ((row,),) = await driver.run([Statement(counted)])
    assert (row["groups"], row["seen"]) == (2, 2)


async def test_a_group_that_nobody_saw_the_bot_added_to_is_not_listed_as_a_direct_chat(
    store: SqlStore, admin: SqlAdminStore
) -> None:
    for who in (caller(), replace(caller(community="ann"), direct=True)):
        await store.admit(admission(order(who), cost=1400))
    listed = communities_listed(await admin.communities(0, 9)).split("\n")
    assert sorted(listed) == ["test:ann: $0.00 in a direct chat", "test:band: $0.00 of no pool, 1 member has ordered"]


async def test_a_direct_chat_in_which_nothing_was_ordered_is_not_listed(store: SqlStore, admin: SqlAdminStore) -> None:
    for community in ("test:olga", "test:choir"):
        await store.remember(community, Person(member="test:olga", name="Olga"), None)
    assert communities_listed(await admin.communities(0, 9)) == "test:choir: $0.00 of no pool, nobody has ordered yet"


async def test_a_direct_chat_needs_no_approval(asking: SqlStore) -> None:
    assert await refusal(asking, direct=True) is None


async def test_an_approval_goes_along_to_a_new_key(asking: SqlStore, admin: SqlAdminStore) -> None:
    await asking.see_community("test:old", "Band")
    await asking.see_community(BAND, "Band")
    await admin.decide_community(act(community="old"), "test:old", Approval.APPROVED)
    await asking.move_community("test:old", BAND)
    assert await refusal(asking) is None
    (row,) = await admin.communities(0, 10)
    assert (row.community, row.state) == (BAND, Approval.APPROVED)


async def test_the_terminal_decides_and_says_what_to_do_beside_the_service(
    store: SqlStore, connect: Callable[[], Driver], engine: str, tmp_path: Path, asking: SqlStore, clock: SetClock
) -> None:
    assert await refusal(asking) == "community"
    await asking.see_community(BAND, "Band")
    driver = connect()
    address = driver._url if isinstance(driver, PostgresDriver) else tmp_path / "books.db"
    if engine == "sqlite":
        with pytest.raises(ConfigurationError, match="write /communities to the bot"):
            await decide(admin_of(address, clock, None), clock, "list", "")
        await store.close()
    assert f"“Band” {BAND}: $0.00 of no pool, nobody has ordered yet; waiting" in await decide(
        admin_of(address, clock, None), clock, "list", ""
    )
    assert "I take orders" in await decide(admin_of(address, clock, None), clock, "approve", BAND)
    assert f"{BAND}: $0.00 of no pool, nobody has ordered yet; approved" in await decide(
        admin_of(address, clock, None), clock, "list", ""
    )
    with pytest.raises(ConfigurationError, match="no community"):
        await decide(admin_of(address, clock, None), clock, "decline", "test:ban")
    if engine == "sqlite":
        await store.open()
