"""Move everything from an SQLite file to a PostgreSQL database, and prove that it arrived before it counts."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import asyncpg

from core.domain.errors import StoreError
from storage.books import audit
from storage.books_sql import CHECKS
from storage.driver import UNSTORABLE, Driver
from storage.migrate import MARK, migrate
from storage.postgres import CONNECT_S, PostgresDriver, place
from storage.sqlite import SqliteDriver
from storage.sqlite_files import reading

Read = Callable[[str], Iterable[tuple[Any, ...]]]
ROWS = 1000
"""Read at a time: memory does not grow with the table."""
_SUM = 1 << 128
_NEXT_IDS = tuple(
    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"
    for table, column in (("communities", "community_id"), ("accounts", "account_id"))
)


@dataclass(slots=True)
class Content:
    """What a table holds, whatever the order of its rows."""

    rows: int = 0
    checksum: int = field(default=0, repr=False)

    def add(self, values: Sequence[Any]) -> None:
        """Count a row in."""
        digest = blake2b(json.dumps(list(values), ensure_ascii=False).encode(), digest_size=16).digest()
        self.rows += 1
        self.checksum = (self.checksum + int.from_bytes(digest, "big")) % _SUM


async def move_store(source: Path, url: str) -> dict[str, int]:
    """Copy every row in one transaction and return how many each table has.

    The file stays as it is, but for its schema, which is brought up to date. Raises StoreError, when the target is left
    without rows: where either database is in use or not fit, and where what arrived is not equal to what was sent.
    """
    file = SqliteDriver(source)
    await file.open()  # it locks the file until everything is done
    try:
        tables = await _ready_to_leave(file, source)
        await _bring_up_to_date(url, tables)
        return await _copy(source, url, sorted(tables))
    finally:
        await file.close()


async def _ready_to_leave(file: Driver, source: Path) -> frozenset[str]:
    if MARK not in await file.tables():
        raise StoreError(f"{source} is not a database of Troubadour.")
    await migrate(file, _now_ms())
    books = await audit(file)
    if not books.balance:
        raise StoreError("\n".join([f"The books of {source} do not balance, so they stay there.", *books.findings]))
    return await file.tables() - {MARK}


async def _bring_up_to_date(url: str, tables: frozenset[str]) -> None:
    target = PostgresDriver(url)
    await target.open()
    try:
        await migrate(target, _now_ms())
        if await target.tables() - {MARK} != tables:
            raise StoreError(f"{place(url)} has other tables than the file.")
    finally:
        await target.close()


async def _copy(source: Path, url: str, tables: Sequence[str]) -> dict[str, int]:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_S)
        try:
            async with connection.transaction():
                # Nobody may begin to use it, or to wait without end.
                await connection.execute(
                    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s'; "
                    "SET LOCAL synchronous_commit = on; "
                    f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"
                )
                with reading(source) as read:
                    columns = {table: [row[1] for row in read(f"PRAGMA table_info({table})")] for table in tables}
                    sent = {table: await _send(read, connection, table, columns[table], url) for table in tables}
                for next_id in _NEXT_IDS:
                    await connection.execute(next_id)
                await _prove(connection, columns, sent)
        finally:
            await connection.close(timeout=CONNECT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreError(f"Nothing was moved to {place(url)}: {error}") from None
    return {table: content.rows for table, content in sent.items()}


async def _send(read: Read, connection: Any, table: str, columns: Sequence[str], url: str) -> Content:
    if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):
        raise StoreError(f"{place(url)} holds rows already (in {table}); a store moves to an empty database.")
    content = Content()

    async def records() -> AsyncIterator[tuple[Any, ...]]:
        for row in read(f"SELECT {', '.join(columns)} FROM {table}"):
            # A NUL, which only an SQLite file can hold, becomes what the store would write for it now.
            values = tuple(UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value for value in row)
            content.add(values)
            yield values

    await connection.copy_records_to_table(table, records=records(), columns=columns)
    return content


async def _prove(connection: Any, columns: Mapping[str, Sequence[str]], sent: Mapping[str, Content]) -> None:
    for table, content in sent.items():
        arrived, every = Content(), f"SELECT {', '.join(columns[table])} FROM {table}"
        async for row in connection.cursor(every, prefetch=ROWS):
            arrived.add(tuple(row))
        if arrived != content:
            raise StoreError(f"{table} did not arrive as it was sent ({arrived.rows} of {content.rows} rows).")
    for rule, query in CHECKS.items():
        if await connection.fetch(query):
            raise StoreError(f"The books do not balance where they arrived: {rule}.")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
