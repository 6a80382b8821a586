from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.storage.crew import Crew
from tests.template import prepared
from tests.worlds.postgres import Server

ENGINES = ("sqlite", "postgres")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine: whatever needs it, directly or by way of its driver, is run on each."""
    return str(request.param)


@pytest.fixture
async def connect(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Driver]:
    """Returns what makes drivers of one empty database. With a `store` its tables may be there already."""
    ready = "store" in request.fixturenames
    if engine == "sqlite":
        path = tmp_path / "books.db"
        return lambda: SqliteDriver(prepared(path) if ready else path)
    server = request.getfixturevalue("postgres")
    url = await (server.ready() if ready else server.empty())
    return lambda: PostgresDriver(url)


@pytest.fixture
async def driver(connect: Callable[[], Driver]) -> AsyncIterator[Driver]:
    made = connect()
    yield made
    await made.close()


@pytest.fixture
def admin(driver: Driver, clock: SetClock, store: SqlStore) -> SqlAdminStore:
    return SqlAdminStore(driver, clock, store)


@pytest.fixture
async def store(driver: Driver, clock: SetClock) -> AsyncIterator[SqlStore]:
    """A real store, whose books must balance when the test is over."""
    opened = SqlStore(driver, clock)
    await opened.open()
    yield opened
    broken = [sentence async for sentence in breaches(driver)]
    await opened.close()  # first: its thread would keep a failed run from ending
    assert broken == []


@pytest.fixture
async def crew(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crew]:
    """Workers that look for the dead all the time, and whose leases outlast any test on a busy machine."""
    monkeypatch.setattr("storage.leases.SWEEP_S", 0.05)
    url = await postgres.ready()
    driver = PostgresDriver(url)
    store = SqlStore(driver, SetClock())
    await store.open()
    made = Crew(url, driver, store)
    yield made
    for lease in made.leases:
        await lease.stop()
    await store.close()
