"""The SQLite driver: one writer that commits whatever is waiting together, and readers of long queries."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

import aiosqlite

from core.domain.errors import StoreAway, StoreBusy, StoreError
from core.domain.reports import Entry, write_csv
from core.files.private import FOLDER, create, narrow
from storage.batches import Bound, Outcome, apply
from storage.books import Audit, audit
from storage.driver import Row, Statement, bindable
from storage.lock import take
from storage.members_sql import EXPORT_ALL
from storage.migrate import MARK, version_of
from storage.recent import Recent
from storage.rows import entry_of

log = logging.getLogger(__name__)

LARGEST_BATCH = 256
LONGEST_QUEUE = 10_000
BUSY_S = 10
READERS = 2
"""Queries that run at once, so that a page need not wait for somebody's long report."""
CUT_S = 0.01
"""How often a stop interrupts what is read."""
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Waiting = tuple[Bound, asyncio.Future[list[list[Row]]]]


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own."""

    async def apply(self, batch: Sequence[Bound], begin: str) -> list[Outcome]:
        """Run a whole batch with one hop to the connection's thread; an await per statement is 20 times slower."""
        result: list[Outcome] = await self._execute(apply, self._conn, batch, begin)  # type: ignore[no-untyped-call]
        outcomes = result.copy()
        result.clear()  # which the thread keeps until the next batch, and all the rows that were read
        return outcomes


class SqliteDriver:
    """Drives one database file, which it keeps to itself.

    WAL with two connections that write or checkpoint is not safe before SQLite 3.51.3, hence one that does, and a lock
    file; those for long queries do neither. `synchronous=FULL`: what was acknowledged survives power loss.
    """

    dialect = "sqlite"
    row_lock = ""

    def __init__(self, path: Path, *, read_only: bool = False, kind: type[Connection] = Connection) -> None:
        """`read_only`: look beside the process that holds the lock, changing nothing. `kind`: how statements run."""
        self._path = path
        self._read_only = read_only
        self._kind = kind
        # A deferred transaction that reads and then writes gets SQLITE_BUSY at once, whatever the timeout.
        self._begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        self._queue: asyncio.Queue[Waiting | None] = asyncio.Queue(LONGEST_QUEUE)
        self._connection: Connection | None = None
        self._writer: asyncio.Task[None] | None = None
        self._readers: list[Connection] = []
        self._idle: list[Connection] = []
        self._reading = asyncio.Semaphore(READERS)
        self._reads = 0
        self._lock: int | None = None
        self._closing = False

    async def open(self) -> None:
        """Take the file's lock, connect and start the writer."""
        try:
            if not self._read_only:
                self._path.parent.mkdir(FOLDER, parents=True, exist_ok=True)
                file, *beside = files_of(self._path)
                self._lock = take(beside[-1])
                os.close(create(file, flags=0))  # by itself SQLite lets others read
                narrow((file, *beside))
            connection = self._connection = self._kind(self._connect, 64)
            await connection
            connection.row_factory = sqlite3.Row
            for pragma in () if self._read_only else ("journal_mode=WAL", "synchronous=FULL"):
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except (sqlite3.Error, OSError) as error:
            await self.close()
            raise StoreError(told(self._path, "can't be opened", error)) from error
        self._closing = False
        self._writer = asyncio.create_task(self._write(connection), name="sqlite writer")

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, read_only=self._read_only)

    async def run(
        self,
        statements: Sequence[Statement],
        *,
        alone: Sequence[str] = (),  # noqa: ARG002 - one writer: every list is alone
        beside: Sequence[str] = (),  # noqa: ARG002
    ) -> list[list[Row]]:
        """Queue the list for the next commit and wait for that commit."""
        self._check_open()
        future: asyncio.Future[list[list[Row]]] = asyncio.get_running_loop().create_future()
        await self._queue.put((bindable(statements), future))
        self._check_open(waited=True)
        return await future

    async def read(self, query: Statement) -> list[Row]:
        """Run the query on one of a few read-only connections, each of which has a thread of its own."""
        async with self._reading:
            self._check_open()
            self._reads += 1
            try:
                async with self._reader() as reader:
                    self._check_open()
                    (outcome,) = await reader.apply([bindable([query])], "BEGIN")
            except sqlite3.Error as error:
                raise StoreAway(told(self._path, "can't be read", error)) from error
            finally:
                self._reads -= 1
        if isinstance(outcome, Exception):
            raise StoreError(str(outcome))
        return outcome[0]

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Connection]:
        """Yield a connection that nobody reads from, a new one if need be."""
        while not self._idle:  # another query may take what was connected
            connecting = asyncio.ensure_future(self._connect_reader())
            try:
                await asyncio.shield(connecting)
            except asyncio.CancelledError:  # what is half connected would never be closed
                await asyncio.wait({connecting})
                connecting.exception()  # looked at, or asyncio reports it as forgotten
                raise
        reader = self._idle.pop()
        try:
            yield reader
        finally:
            self._idle.append(reader)

    async def _connect_reader(self) -> None:
        reader = self._kind(lambda: connect(self._path, read_only=True), 64)
        await reader
        reader.row_factory = sqlite3.Row
        self._readers.append(reader)
        self._idle.append(reader)

    async def reshape(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run the list: the file's lock keeps other processes out."""
        return await self.run(statements)

    def _check_open(self, *, waited: bool = False) -> None:
        """Refuse what nobody would answer: while closing, only what was queued before is still committed."""
        gone = self._writer is None or self._writer.done()
        if gone or (self._closing and not waited):
            raise StoreError("the database is closed")

    async def tables(self) -> frozenset[str]:
        (rows,) = await self.run([Statement("SELECT name FROM sqlite_master WHERE type = 'table'")])
        return frozenset(row["name"] for row in rows)

    async def close(self) -> None:
        """Commit what is waiting, disconnect and give the lock back; what is only read is cut short."""
        self._closing = True
        await self._cut_short()
        while self._readers:
            await self._readers.pop().close()
        self._idle.clear()
        if self._writer is not None:
            await self._queue.put(None)
            await self._writer
            self._writer = None
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _cut_short(self) -> None:
        """End what is read; an interrupt that comes before a query begins does nothing."""
        while True:
            for reader in self._readers:
                await reader.interrupt()
            if not self._reads:
                return
            await asyncio.sleep(CUT_S)

    async def _write(self, connection: Connection) -> None:
        closing = False
        while not closing:
            batch: list[Waiting] = []
            item = await self._queue.get()
            while item is not None:
                batch.append(item)
                if self._queue.empty() or len(batch) == LARGEST_BATCH:
                    break
                item = self._queue.get_nowait()
            closing = item is None
            if batch:
                await self._commit(connection, batch)
        while not self._queue.empty():
            late = self._queue.get_nowait()
            if late and not late[1].done():
                late[1].set_exception(StoreError("the database is closed"))

    async def _commit(self, connection: Connection, batch: Sequence[Waiting]) -> None:
        outcomes: Sequence[Outcome]
        try:
            outcomes = await connection.apply([statements for statements, _ in batch], self._begin)
        except Exception as error:
            away = isinstance(error, sqlite3.Error)  # anything else is our own fault, which waiting does not mend
            kind = StoreAway if away else StoreError
            outcomes = [kind(told(self._path, "fails", error)) for _ in batch]
            level = logging.DEBUG if self._read_only else logging.ERROR  # the exception tells whoever looks
            log.log(level, "a commit of %d transactions failed: %s", len(batch), outcomes[0], exc_info=not away)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if future.done():  # its caller was cancelled; the commit stands
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome if isinstance(outcome, StoreError) else StoreError(str(outcome)))
            else:
                future.set_result(outcome)


def files_of(path: Path) -> list[Path]:
    """Return a database's file and those beside it, the lock last: one by whatever name the database is known."""
    file = path.resolve()
    return [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm", "-journal", ".lock"))]


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open a connection in autocommit mode, where transactions are begun and ended by hand."""
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_S)


def told(path: Path, what: str, error: Exception) -> str:
    """Say what is wrong with a file, and what helps where waiting does not."""
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
        return f"The database {path} is damaged, or no database at all ({error}): put a backup in its place."
    return f"The database {path} {what}: {error}"


def empty_wal(path: Path) -> None:
    """Bring what stands in a database's -wal file into it, unless it is damaged. Raises StoreError.

    Whoever calls this has its lock. Raises StoreBusy while another process reads it.
    """
    if not path.exists():
        return
    try:
        with closing(connect(path, read_only=False)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in DAMAGED:
            raise StoreError(told(path, "can't be put aside", error)) from error
        log.warning("%s is damaged, and is kept as it is: %s", path, error)
    else:
        if is_busy:
            raise StoreBusy(f"Another process reads {path}, such as a backup or an audit: wait for its end.")


@contextmanager
def reading(path: Path) -> Iterator[Callable[[str], Iterator[tuple[Any, ...]]]]:
    """Yield what runs a query on a file that nobody changes, and reads row by row. Raises StoreError."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            yield connection.execute
    except sqlite3.Error as error:
        raise StoreError(told(path, "can't be read", error)) from error


async def audit_file(path: Path, recent: Recent | None = None) -> Audit:
    """Check the books of a database file, or what is `recent` there, in use or not, and change nothing."""
    driver = SqliteDriver(path, read_only=True)
    await driver.open()
    try:
        if MARK not in await driver.tables():
            raise StoreError(f"{path} is not a database of Troubadour.")
        return await audit(driver, recent)
    finally:
        await driver.close()


def export_file(path: Path, out: TextIO) -> None:
    """Write every ledger entry of a database file, in use or not, as CSV. Raises StoreError."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            connection.row_factory = sqlite3.Row
            write_csv(Entry, (entry_of(row) for row in connection.execute(EXPORT_ALL)), out)
    except sqlite3.Error as error:
        raise StoreError(told(path, "can't be exported", error)) from error


async def look_at_file(path: Path, *, whole: bool) -> None:
    """Look for what would keep a service from a file, which need not be there yet; `whole`: at each of its pages.

    Raises StoreError, and StoreBusy where another process has it.
    """
    file, *_, lock = files_of(path)
    if not file.exists():
        return
    if lock.exists():
        os.close(take(lock))
    driver = SqliteDriver(path, read_only=True)
    await driver.open()
    try:
        await version_of(driver)
        (rows,) = await driver.run([Statement("PRAGMA quick_check(1)")]) if whole else ([],)
    finally:
        await driver.close()
    if rows and (found := next(iter(rows[0]))) != "ok":
        raise StoreError(f"The database {path} is damaged ({' '.join(found.split())}): put a backup in its place.")
