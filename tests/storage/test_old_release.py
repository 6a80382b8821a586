"""A database that an earlier release wrote, with jobs in every state: all that it says stays as it is."""

import pytest

from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import caller
from tests.storage.jobs import gone_on
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
