"""The SQLite driver: one writer that commits whatever is waiting together."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from core.domain.errors import StoreAway, StoreError
from core.files.private import FOLDER, create, narrow
from storage.batches import Bound, Outcome
from storage.books import Audit, audit
from storage.driver import STREAMED, Row, Statement, bindable
from storage.lock import take
from storage.migrate import MARK, version_of
from storage.recent import Recent
from storage.sqlite_connections import Connection, Readers
from storage.sqlite_files import GO_BACK, connect, files_of, told

log = logging.getLogger(__name__)

LARGEST_BATCH = 256
LONGEST_QUEUE = 10_000

Waiting = tuple[Bound, asyncio.Future[list[list[Row]]]]


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
        self._readers = Readers(path, kind, self._check_open)
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
        """Run the query beside the writer."""
        return await self._readers.read(query)

    def stream(self, query: Statement, at_once: int = STREAMED) -> AsyncGenerator[list[Row]]:
        """Run the query beside the writer, and leave what is not taken yet with SQLite."""
        return self._readers.stream(query, at_once)

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
        await self._readers.close()
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
            item = None  # or all the rows that were read last stay until the next commit
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
    if rows and next(iter(rows[0])) != "ok":
        raise StoreError(f"The database {path} is damaged: {GO_BACK}")
