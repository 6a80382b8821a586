"""A database that an earlier release wrote, with jobs in every state: all that it says stays as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.domain.lifecycle import MOVES
from storage import migrate
from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import caller, day

VERSION = 9
"""The schema in which the rows were written."""
FOLDER = Path(__file__).with_name("before")
FIGURES = json.loads((FOLDER / "figures.json").read_text())
"""What the release that wrote the rows said of them."""
CLUB = "test:club"


@pytest.fixture
def clock() -> SetClock:
    made = SetClock()
    made.forward(ms=FIGURES["now_ms"] - made.ms)
    return made


@pytest.fixture
async def old(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Driver:
    known = [m for m in migrate.migrations(driver.dialect) if m[0] <= VERSION]
    await driver.open()
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda _: known)
        await migrate.migrate(driver, FIGURES["now_ms"])
    rows = migrate.statements((FOLDER / "rows.sql").read_text())
    await driver.run([Statement(text) for text in rows])
    await driver.close()
    return driver


async def opened(driver: Driver, clock: SetClock) -> SqlStore:
    store = SqlStore(driver, clock)
    await store.open()
    return store


async def standings(store: SqlStore, **renamed: str) -> list[list[Any]]:
    found = []
    for community, member, *_ in FIGURES["standings"]:
        now = await store.standing(renamed.get(community.removeprefix("test:"), community), member, day(12345))
        money = (now.used_micros, now.balance_micros, now.held_micros, now.pool_left_micros)
        found.append([community, member, now.quota.limit_micros, now.source, *money, now.blocked])
    return found


async def test_what_an_earlier_release_wrote_is_what_this_one_says(old: Driver, clock: SetClock) -> None:
    store = await opened(old, clock)
    admin = SqlAdminStore(old, clock, store)
    assert [sentence async for sentence in breaches(old)] == []
    assert await standings(store) == FIGURES["standings"]
    jobs = await store.unfinished()
    assert [[job.job_id, job.state.value, job.community, job.member] for job in jobs] == FIGURES["unfinished"]
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
    assert await standings(store, band=CLUB) == FIGURES["standings"]
    assert {job.community for job in await store.unfinished()} == {CLUB, "test:choir", "test:dora"}
    for job in await store.unfinished():
        for state in sorted(MOVES[job.state])[:1]:
            assert (await store.move(job, state)).community == job.community
    assert [sentence async for sentence in breaches(old)] == []
    admin = SqlAdminStore(old, clock, store)
    assert {act.act for act in await admin.audit(CLUB, 99)} >= {"grant", "approve", "decline", "quota set"}
    assert len(await store.entries(CLUB, "test:ann", 99)) > 2
