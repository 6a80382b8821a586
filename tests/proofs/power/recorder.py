"""A VFS under the store's real driver that records what SQLite does to its files."""

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import apsw

from storage.driver import Row, Statement
from storage.sqlite import SqliteDriver

MARKS = "CREATE TABLE IF NOT EXISTS power_marks (mark BIGINT NOT NULL PRIMARY KEY)"
MARK = "INSERT INTO power_marks (mark) VALUES (:mark)"


@dataclass(frozen=True, slots=True)
class Event:
    """`kind`: open, write, truncate, sync, delete; commit: COMMIT returned; ack: a caller was answered."""

    kind: str
    path: str = ""
    at: int = 0
    """Offset of a write, size after a truncate, 1 if a delete syncs the folder, number of a mark."""
    data: bytes = b""


@dataclass
class Recording:
    """All events in order, from one connection's thread and its callers."""

    events: list[Event] = field(default_factory=list)
    synchronous: str = "FULL"
    """The level in place of `PRAGMA synchronous=FULL`: a weaker one shows that the harness finds losses."""
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    """The numbers of marks; a second recording of one database begins elsewhere."""


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], events: list[Event]) -> None:
        super().__init__("", name, flags)
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name
        self._events = events
        events.append(Event("open", self._name))

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._events.append(Event("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._events.append(Event("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._events.append(Event("sync", self._name))


class _Vfs(apsw.VFS):
    def __init__(self, name: str, events: list[Event]) -> None:
        super().__init__(name, "")
        self.label = name
        self._events = events

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if name is None:  # a temporary file, which is not read after a crash
            return apsw.VFSFile("", name, flags)
        return _File(name, flags, self._events)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._events.append(Event("delete", Path(filename).name, int(syncdir)))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with the interface of sqlite3.Row."""

    columns: list[str]
    values: tuple[Any, ...]

    def keys(self) -> list[str]:
        return self.columns

    def __getitem__(self, name: str) -> Any:
        return self.values[self.columns.index(name)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


class _Cursor:
    """The attributes of an sqlite3 cursor that the driver reads."""

    def __init__(self, connection: apsw.Connection, sql: str, args: Mapping[str, Any]) -> None:
        cursor = connection.cursor()
        columns: list[str] = []

        def look(cur: apsw.Cursor, _: str, __: Any) -> bool:
            columns.extend(name for name, *_ in cur.get_description())
            return True

        cursor.exec_trace = look
        self._rows = [_Row(columns, row) for row in cursor.execute(sql, dict(args))]
        self.description = columns or None
        self.rowcount = connection.changes()

    def fetchall(self) -> list[_Row]:
        return self._rows


class _Connection:
    """An apsw connection with the interface of sqlite3, as far as the driver uses it."""

    row_factory: Any = None

    def __init__(self, path: Path, recording: Recording, vfs: _Vfs) -> None:
        self._vfs = vfs  # must outlive the connection
        self._connection = apsw.Connection(str(path), vfs=vfs.label)
        self._recording = recording

    def execute(self, sql: str, args: Any = ()) -> _Cursor:
        if sql == "PRAGMA synchronous=FULL":
            sql = f"PRAGMA synchronous={self._recording.synchronous}"
        try:
            cursor = _Cursor(self._connection, sql, dict(args or {}))
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error
        except apsw.Error as error:
            raise sqlite3.OperationalError(f"{error}: {sql}") from error
        if sql == "COMMIT":
            self._recording.events.append(Event("commit"))
        return cursor

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return int(self._connection.total_changes())

    def close(self) -> None:
        self._connection.close()


class RecordedDriver(SqliteDriver):
    """The real driver on recorded files; each writing transaction also leaves a mark."""

    _vfs_numbers = itertools.count(1)

    def __init__(self, path: Path, recording: Recording) -> None:
        super().__init__(path)
        self._file = path
        self._recording = recording
        self._vfs = _Vfs(f"power{next(self._vfs_numbers)}", recording.events)
        self._marking = False

    def _connect(self) -> sqlite3.Connection:
        return cast("sqlite3.Connection", _Connection(self._file, self._recording, self._vfs))

    async def start_marking(self) -> None:
        """Start marking; the store's schema must exist."""
        await super().run([Statement(MARKS)])
        self._marking = True

    async def run(
        self, statements: Sequence[Statement], *, alone: Sequence[str] = (), beside: Sequence[str] = ()
    ) -> list[list[Row]]:
        if not self._marking or all(statement.sql.lstrip()[:6].upper() == "SELECT" for statement in statements):
            return await super().run(statements)
        mark = next(self._recording.numbers)
        results = await super().run([*statements, Statement(MARK, {"mark": mark})])
        self._recording.events.append(Event("ack", at=mark))
        return results[:-1]
