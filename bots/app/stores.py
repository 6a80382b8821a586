"""What remembers: the database, opened for as long as the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bots.app.settings import Settings
from core.engine.meters import Meters
from core.files.private import narrow, tree
from core.ports import Clock
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.engines import driver_of
from storage.overview import SqlOverview
from storage.sessions import SqlQuestions, SqlSessions
from storage.sqlite_files import files_of
from storage.store import SqlStore


@dataclass(frozen=True, slots=True)
class Stores:
    """What remembers, open; parts of the service in one process may share it."""

    driver: Driver
    store: SqlStore
    admin: SqlAdminStore
    meters: Meters
    sessions: SqlSessions
    questions: SqlQuestions
    overview: SqlOverview


@asynccontextmanager
async def open_stores(settings: Settings, clock: Clock) -> AsyncIterator[Stores]:
    """Open the database, after all that is there already was made private."""
    database = files_of(settings.database) if isinstance(settings.database, Path) else ()
    narrow([*database, *tree(settings.spool), *tree(settings.previews), *tree(settings.data_dir / "sandbox")])
    driver, meters = driver_of(settings.database), Meters()
    store = SqlStore(
        driver,
        clock,
        settings.default_pool_micros,
        settings.total_pool_micros,
        communities=settings.communities,
        allowed=settings.communities_allowed,
        meters=meters,
    )
    await store.open()
    try:
        yield Stores(
            driver,
            store,
            SqlAdminStore(driver, clock, store),
            meters,
            SqlSessions(driver),
            SqlQuestions(driver, clock),
            SqlOverview(driver, clock, store),
        )
    finally:
        await store.close()
