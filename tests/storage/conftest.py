from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def driver(tmp_path: Path) -> SqliteDriver:
    return SqliteDriver(tmp_path / "books.db")


@pytest.fixture
def admin(driver: SqliteDriver, clock: SetClock, store: SqlStore) -> SqlAdminStore:
    return SqlAdminStore(driver, clock, store)


@pytest.fixture
async def store(driver: SqliteDriver, clock: SetClock) -> AsyncIterator[SqlStore]:
    """A real store, whose books must balance when the test is over."""
    opened = SqlStore(driver, clock)
    await opened.open()
    yield opened
    broken = [sentence async for sentence in breaches(driver)]
    await opened.close()  # first: its thread would keep a failed run from ending
    assert broken == []
