"""Connections to a SQLite database, each with a thread of its own."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from core.domain.errors import StoreAway, StoreError
from storage.batches import Bound, Outcome, apply
from storage.driver import STREAMS, Row, Statement, bindable
from storage.sqlite_files import connect, told

READERS = 2
"""Queries that run at once, so that a page need not wait for somebody's long report."""
CUT_S = 0.01
"""How often a stop interrupts what is read."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own."""

    async def apply(self, batch: Sequence[Bound], begin: str) -> list[Outcome]:
        """Run a whole batch with one hop to the connection's thread; an await per statement is 20 times slower."""
        result: list[Outcome] = await self._execute(apply, self._conn, batch, begin)  # type: ignore[no-untyped-call]
        outcomes = result.copy()
        result.clear()  # which the thread keeps until the next batch, and all the rows that were read
        return outcomes


class Readers:
    """A few connections that only read, for long queries."""

    def __init__(self, path: Path, kind: type[Connection], check: Callable[[], None]) -> None:
        """`kind`: how statements run. `check` raises StoreError when nothing is to be read any more."""
        self._path = path
        self._kind = kind
        self._check = check
        self._open: list[Connection] = []
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(READERS)
        self._streams = asyncio.Semaphore(STREAMS)
        self._running = 0

    async def read(self, query: Statement) -> list[Row]:
        """Run the query on one of a few read-only connections, each of which has a thread of its own."""
        async with self._turns, self._reader() as reader:
            (outcome,) = await reader.apply([bindable([query])], "BEGIN")
        if isinstance(outcome, Exception):
            raise StoreError(str(outcome))
        return outcome[0]

    async def stream(self, query: Statement, at_once: int) -> AsyncGenerator[list[Row]]:
        """Run the query on such a connection, and yield so many rows at once."""
        ((statement, args),) = bindable([query])
        async with self._streams, self._reader() as reader, reader.execute(statement.sql, args) as cursor:
            while rows := await cursor.fetchmany(at_once):
                yield list(rows)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Connection]:
        """Yield a connection that nobody reads from. Raises StoreError once closed, and StoreAway for its faults."""
        self._check()
        self._running += 1
        try:
            async with self._idle_one() as reader:
                self._check()
                yield reader
        except sqlite3.Error as error:
            raise StoreAway(told(self._path, "can't be read", error)) from error
        finally:
            self._running -= 1

    @asynccontextmanager
    async def _idle_one(self) -> AsyncIterator[Connection]:
        """Lend a connection, a new one if need be."""
        while not self._idle:  # another query may take what was connected
            connecting = asyncio.ensure_future(self._connect())
            try:
                await asyncio.shield(connecting)
            except asyncio.CancelledError:  # what is half connected would never be closed
                await asyncio.wait({connecting})
                connecting.exception()  # looked at, or asyncio reports it as forgotten
                raise
        reader = self._idle.pop()
        try:
            yield reader
        except asyncio.CancelledError:  # its thread goes on, and holds open what it began until it gets more to do
            await reader.interrupt()
            await reader.rollback()
            raise
        finally:
            self._idle.append(reader)

    async def _connect(self) -> None:
        reader = self._kind(lambda: connect(self._path, read_only=True), 64)
        await reader
        reader.row_factory = sqlite3.Row
        self._open.append(reader)
        self._idle.append(reader)

    async def close(self) -> None:
        """Cut short what is read, and disconnect."""
        await self._cut_short()
        while self._open:
            await self._open.pop().close()
        self._idle.clear()

    async def _cut_short(self) -> None:
        """End what is read; an interrupt that comes before a query begins does nothing."""
        while True:
            for reader in self._open:
                await reader.interrupt()
            if not self._running:
                return
            await asyncio.sleep(CUT_S)
