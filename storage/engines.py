"""Which engine an address means, and what can be asked of a database whichever it is."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from core.domain.communities import Communities
from core.domain.errors import StoreBusy, StoreError
from core.domain.reports import CsvWriter, Entry
from core.engine.lease import Lease, Signal, SoleLease
from core.engine.remote import Unattended
from core.engine.restoring import Copy
from core.ports import Clock
from storage.admin_store import SqlAdminStore
from storage.books import Audit, audit
from storage.driver import Driver, Statement
from storage.members_sql import EXPORT_ALL
from storage.migrate import MARK, is_current, version_of
from storage.previews import SqlPreviews
from storage.recent import Recent
from storage.restore import copy_of, restored_by_others
from storage.rows import entry_of
from storage.sessions import SqlSessions
from storage.sqlite import SqliteDriver, audit_file, look_at_file
from storage.sqlite_files import export_file
from storage.store import SqlStore
from storage.traces import SqlTraces

if TYPE_CHECKING:
    from storage.postgres import PostgresDriver

BY_PG_RESTORE = (
    "DATABASE_URL is PostgreSQL: stop the service, load the dump into an empty database with pg_restore, let "
    "DATABASE_URL name that one, and run `troubadour restore` without a file."
)
AUDIT_S = 600.0
"""An audit reads everything."""

Address = Path | str
"""A file of SQLite, or the URL of a PostgreSQL database."""


async def move(source: Address, target: Address) -> dict[str, int]:
    """Move a store; return how many rows each table has. Raises StoreError."""
    if not isinstance(source, Path) or isinstance(target, Path):
        raise StoreError("A store moves from SQLite to PostgreSQL: sqlite:///path postgresql://user@host/name")
    if not source.exists():
        raise StoreError(f"There is no database at {source}.")
    _postgres(target, read_only=True)  # raises where the library is missing
    from storage.moving import move_store  # noqa: PLC0415 - an extra

    return await move_store(source, target)


def driver_of(address: Address) -> Driver:
    """Return what drives a database for the service. Raises StoreError when PostgreSQL's library is missing."""
    return SqliteDriver(address) if isinstance(address, Path) else _postgres(address, read_only=False)


def lease_of(address: Address, driver: Driver, store: SqlStore, platforms: Sequence[str], lease_s: float) -> Lease:
    """Return by what right a worker carries jobs: alone over a file, or beside others."""
    if isinstance(address, Path):
        return SoleLease(store)
    from storage.leases import PostgresLease  # noqa: PLC0415 - an extra

    return PostgresLease(driver, signal_of(address), platforms, lease_s)


def workers_of(driver: Driver) -> Callable[[], Awaitable[int]]:
    """Return what counts the workers that are alive over one PostgreSQL database."""
    from storage.unattended import count_workers  # noqa: PLC0415 - an extra

    return partial(count_workers, driver)


def unattended_of(driver: Driver, platforms: Sequence[str], hand_s: float) -> Unattended:
    """Return what takes orders in hand that no worker carries, over one PostgreSQL database."""
    from storage.unattended import PostgresUnattended  # noqa: PLC0415 - an extra

    return PostgresUnattended(driver, platforms, hand_s)


def signal_of(url: str) -> Signal:
    """Return how processes over one PostgreSQL database hear of each other."""
    from storage import signals as signal  # noqa: PLC0415 - an extra

    return signal.PostgresSignal(url)


@asynccontextmanager
async def admin_of(
    address: Address,
    clock: Clock,
    default_pool_micros: int | None,
    *,
    communities: Communities = Communities.ASK,
    allowed: Collection[str] = (),
) -> AsyncIterator[SqlAdminStore]:
    """Open what admins and operators change, without the service. Raises StoreError, StoreBusy."""
    driver = driver_of(address)
    store = SqlStore(driver, clock, default_pool_micros, communities=communities, allowed=allowed)
    await store.open()
    try:
        yield SqlAdminStore(driver, clock, store)
    finally:
        await store.close()


@asynccontextmanager
async def reading_of(
    address: Address,
    clock: Clock,
    default_pool_micros: int | None,
    total_pool_micros: int | None,
    *,
    communities: Communities = Communities.ASK,
    allowed: Collection[str] = (),
) -> AsyncIterator[SqlAdminStore]:
    """Open what can be asked of a store beside the service, changing nothing. Raises StoreError."""
    driver = await _read_only(address)
    try:
        rules: dict[str, Any] = {"communities": communities, "allowed": allowed}
        store = SqlStore(driver, clock, default_pool_micros, total_pool_micros, **rules)
        yield SqlAdminStore(driver, clock, store)
    finally:
        await driver.close()


@asynccontextmanager
async def traces_of(address: Address) -> AsyncIterator[SqlTraces]:
    """Open what is recorded of jobs beside the service, changing nothing. Raises StoreError."""
    driver = await _read_only(address)
    try:
        yield SqlTraces(driver)
    finally:
        await driver.close()


async def _read_only(address: Address) -> Driver:
    """Open a database of ours that this release can read. Raises StoreError."""
    driver: Driver = SqliteDriver(address, read_only=True) if isinstance(address, Path) else await _ours(address)
    try:
        if isinstance(address, Path):
            await driver.open()
        if not await is_current(driver):
            raise StoreError("The database is of an older release: start the service once, which brings it up to date.")  # noqa: TRY301 - closed below
    except BaseException:
        await driver.close()
        raise
    return driver


@asynccontextmanager
async def previews_of(
    address: Address, clock: Clock, budget_micros: int | None, total_pool_micros: int | None
) -> AsyncIterator[SqlPreviews]:
    """Open what remembers previews, without the service. Raises StoreError, StoreBusy."""
    driver = driver_of(address)
    store = SqlStore(driver, clock)
    await store.open()
    try:
        yield SqlPreviews(driver, clock, budget_micros, total_pool_micros)
    finally:
        await store.close()


@asynccontextmanager
async def sessions_of(address: Address, clock: Clock) -> AsyncIterator[SqlSessions]:
    """Open what remembers who may look at the console, without the service. Raises StoreError, StoreBusy."""
    driver = driver_of(address)
    store = SqlStore(driver, clock)
    await store.open()
    try:
        yield SqlSessions(driver)
    finally:
        await store.close()


@asynccontextmanager
async def restoring(address: Address, source: Path | None, clock: Clock) -> AsyncIterator[Copy]:
    """Open a copy that is to take a database's place: `source`, or what was loaded into a PostgreSQL database.

    Raises StoreError, StoreBusy.
    """
    if isinstance(address, Path):
        if source is None:
            raise StoreError("Name the copy: troubadour restore FILE")
        async with copy_of(source, address, clock) as copy:
            yield copy
        return
    if source is not None:
        raise StoreError(BY_PG_RESTORE)
    driver = await _ours(address)
    try:
        alive = await workers_of(driver)()
    finally:
        await driver.close()
    if alive:
        raise StoreBusy("A worker has this database: stop the whole service, wait for LEASE_S, and run it again.")
    async with restored_by_others(driver_of(address), clock) as copy:
        yield copy


async def audit_of(address: Address, recent: Recent | None = None) -> Audit:
    """Check the books of a database, in use or not, or what is `recent` there; change nothing. Raises StoreError."""
    if isinstance(address, Path):
        return await audit_file(address, recent)
    driver = await _ours(address)
    try:
        return await audit(driver, recent)
    finally:
        await driver.close()


async def export_of(address: Address, out: TextIO) -> None:
    """Write every ledger entry of a database as CSV. Raises StoreError."""
    if isinstance(address, Path):
        export_file(address, out)
        return
    driver = await _ours(address)
    try:
        async with aclosing(driver.stream(Statement(EXPORT_ALL))) as batches:
            written = CsvWriter(Entry, out)
            async for rows in batches:
                written.write(map(entry_of, rows))
    finally:
        await driver.close()


async def reach(address: Address, *, whole: bool = False) -> None:
    """Look for what would keep a service from a database, changing nothing; `whole`: at all of a file.

    Raises StoreError with the reason, and StoreBusy where another process has the file.
    """
    if isinstance(address, Path):
        await look_at_file(address, whole=whole)
        return
    driver = driver_of(address)
    await driver.open()
    try:
        await version_of(driver)
    finally:
        await driver.close()


async def _ours(url: str) -> "PostgresDriver":
    driver = _postgres(url, read_only=True)
    await driver.open()
    try:
        if MARK not in await driver.tables():
            raise StoreError("That is not a database of Troubadour.")  # noqa: TRY301 - closed below
    except BaseException:
        await driver.close()
        raise
    return driver


def _postgres(url: str, *, read_only: bool) -> "PostgresDriver":
    try:
        from storage.postgres import STATEMENT_S, PostgresDriver  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise StoreError(f"PostgreSQL needs an extra: pip install 'troubadour[postgres]' ({error})") from error
    return PostgresDriver(url, read_only=read_only, statement_s=AUDIT_S if read_only else STATEMENT_S)
