"""A database that an earlier release wrote, with jobs in every state: all that it says stays as it is."""

import pytest

from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import caller, order
from tests.storage.jobs import gone_on, heard
from tests.storage.old import Old, described

BEFORE = Old("before")
FIGURES = BEFORE.figures
CLUB = "test:club"


@pytest.fixture
def clock() -> SetClock:
    made = SetClock()
    made.forward(ms=FIGURES["now_ms"] - made.ms)
    return made


@pytest.fixture
async def old(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    await BEFORE.write(driver, monkeypatch)
    return driver


async def opened(driver: Driver, clock: SetClock) -> SqlStore:
    store = SqlStore(driver, clock)
    await store.open()
    return store


async def test_what_an_earlier_release_wrote_is_what_this_one_says(old: Driver, clock: SetClock) -> None:
    store = await opened(old, clock)
    admin = SqlAdminStore(old, clock, store)
    assert [sentence async for sentence in breaches(old)] == []
    assert await BEFORE.standings(store) == FIGURES["standings"]
    assert described(await store.unfinished()) == FIGURES["unfinished"]
    assert (await store.entries("test:choir", "test:bob", 9))[0].note == "for the solo"
    assert [entry.note for entry in await store.entries("test:band", "test:r1", 9)] == ["request r1"]
    acts = {(act.act, act.target): act for act in await admin.audit("test:band", 99)}
    assert acts["grant", "@nobody"].outcome == "refused: NotFound"
    assert acts["grant", "test:ann"].actor_name == "Boss"
    _, cost = await store.read_offer(caller("bob", community="choir"), "o1")
    assert cost == 700


async def test_charges_of_earlier_releases_count_with_the_others(old: Driver, clock: SetClock) -> None:
    """They do not say what was bought."""
    store = await opened(old, clock)
    admin = SqlAdminStore(old, clock, store)
    before = await admin.usage("test:band", "", 0, 1 << 60, 99)
    await heard(store, order(caller("zoe")))
    after = await admin.usage("test:band", "", 0, 1 << 60, 99)
    charged = (
        "SELECT coalesce(product, '') AS product, charged_micros FROM ledger JOIN communities USING (community_id)"
    )
    (rows,) = await old.run([Statement(f"{charged} WHERE key = 'test:band' AND kind = 'charge'")])
    named = sum(row["charged_micros"] for row in rows if row["product"])
    assert named > 0
    assert sum(before.by_product.values()) == sum(row["charged_micros"] for row in rows) - named > 0
    assert sum(after.by_product.values()) == sum(after.by_day.values()) == sum(before.by_product.values()) + named


async def test_jobs_go_on_and_a_group_moves(old: Driver, clock: SetClock) -> None:
    store = await opened(old, clock)
    await store.move_community("test:band", CLUB)
    assert await BEFORE.standings(store, band=CLUB) == FIGURES["standings"]
    assert {job.community for job in await store.unfinished()} == {CLUB, "test:choir", "test:dora"}
    for job in await store.unfinished():
        assert (await gone_on(store, job)).community == job.community
    assert [sentence async for sentence in breaches(old)] == []
    admin = SqlAdminStore(old, clock, store)
    assert {act.act for act in await admin.audit(CLUB, 99)} >= {"grant", "approve", "decline", "quota set"}
    assert len(await store.entries(CLUB, "test:ann", 99)) > 2
