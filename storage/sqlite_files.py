"""The files of a SQLite database, and what can be done with them without its driver."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

from core.domain.errors import StoreBusy, StoreError
from core.domain.reports import Entry, write_csv
from storage.members_sql import EXPORT_ALL
from storage.rows import entry_of

log = logging.getLogger(__name__)

BUSY_S = 10
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
GO_BACK = "stop the service and put a backup in its place, with `troubadour restore FILE`."


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
        return f"The database {path} is damaged, or no database at all: {GO_BACK}"
    if path.is_dir():
        return f"The database {path} {what}: it is a folder, so put a file in DATABASE_URL."
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


def export_file(path: Path, out: TextIO) -> None:
    """Write every ledger entry of a database file, in use or not, as CSV. Raises StoreError."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            connection.row_factory = sqlite3.Row
            write_csv(Entry, (entry_of(row) for row in connection.execute(EXPORT_ALL)), out)
    except sqlite3.Error as error:
        raise StoreError(told(path, "can't be exported", error)) from error
