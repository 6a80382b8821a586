"""The machine's disk: a folder with database and spool, what a crash leaves of it, and what goes wrong with it."""

import asyncio
import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from storage import jobs_sql, money_sql
from storage.batches import apply
from storage.driver import Statement
from storage.sqlite_connections import Connection
from tests.proofs.sim.names import Names

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

DATABASE = "troubadour.db"
_replace, _unlink = os.replace, os.unlink


class Disk:
    """`live` is what the running process sees; a kill puts a copy of the bytes as they are in its place."""

    def __init__(self, history: "History", root: Path, template: Path | None) -> None:
        self.history = history
        self.root = root
        self.live = root / "live"
        self.live.mkdir(parents=True)
        if template is not None:
            shutil.copyfile(template, self.live / DATABASE)
        self.dead: list[sqlite3.Connection] = []
        self.connection: sqlite3.Connection | None = None
        self.full_until_s = 0.0
        self.names = self._new_names()
        self._crashes = 0
        self._taken: Path | None = None
        self._synced: set[int] = set()
        self._renamed: dict[Path, Path] = {}
        """Names that no synced directory holds yet, by the file that they name."""

    def _new_names(self) -> Names:
        aside = self.root / "aside"
        aside.mkdir(exist_ok=True)
        return Names(self.live, aside)

    @property
    def database(self) -> Path:
        return self.live / DATABASE

    @property
    def full(self) -> bool:
        """Whether nothing can be written just now."""
        return self.history.timeline.now_s < self.full_until_s and not self.history.mix.over

    # --- a crash --------------------------------------------------------------------------------------------------

    def snapshot(self, *, power: bool) -> None:
        """Copy what is on disk at this instant; without power, what was never synced is lost."""
        self._crashes += 1
        taken = self.root / f"after-{self._crashes}"
        taken.mkdir()
        self.names.copy(taken)
        if power:
            self.names.lose(taken, self.history.timeline.rng)
        for folder, _, names in os.walk(self.live / "spool"):
            into = taken / Path(folder).relative_to(self.live)
            into.mkdir(parents=True, exist_ok=True)
            for name in names:
                self._copy(Path(folder) / name, into / name, power=power)
        self._taken = taken

    def _copy(self, source: Path, into: Path, *, power: bool) -> None:
        if power and source in self._renamed:
            return
        if power and source.stat().st_ino not in self._synced:
            into.touch()
        else:
            shutil.copyfile(source, into)

    def restore(self) -> None:
        """Let the next process find what the crash left."""
        if self._taken is None:
            raise AssertionError("no crash to come back from")
        self.live.rename(self.root / f"dead-{self._crashes}")
        self._taken.rename(self.live)
        self._taken = None
        if self.connection is not None:
            self.dead.append(self.connection)
            self.connection = None
        self._renamed.clear()
        self.names = self._new_names()
        self._synced = {
            (Path(folder) / name).stat().st_ino for folder, _, names in os.walk(self.live) for name in names
        }

    def close(self) -> None:
        for connection in self.dead:
            connection.close()
        if self.connection is not None:
            self.connection.close()
        shutil.rmtree(self.root)

    # --- system calls ---------------------------------------------------------------------------------------------

    def fsync(self, descriptor: int) -> None:
        """Stand in for os.fsync."""
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            self.history.point("folder synced")
            self.history.restores.step()
            where = str(Path(f"/proc/self/fd/{descriptor}").readlink())
            if where == str(self.live):
                self.names.sync()
            self._renamed = {name: file for name, file in self._renamed.items() if str(name.parent) != where}
            return
        self.history.point("file written")
        if self.history.draw("spool.fsync"):
            raise OSError(errno.EIO, "Input/output error")
        self._synced.add(status.st_ino)

    def replace(self, source: Any, target: Any) -> None:
        """Stand in for os.replace."""
        if self.names.holds(Path(target)):
            self.history.restores.step()
            self.names.replace(Path(source), Path(target))
            return
        self.history.point("file synced")
        _replace(source, target)
        self._renamed[Path(target)] = Path(target)
        self.history.point("file renamed")

    def link(self, source: Any, target: Any) -> None:
        """Stand in for os.link."""
        self.history.restores.step()
        self.names.link(Path(source), Path(target))

    def unlink(self, name: Any, **options: Any) -> None:
        """Stand in for os.unlink."""
        if not options and self.names.holds(Path(name)) and Path(name).exists():
            self.history.restores.step()
            self.names.unlink(Path(name))
        else:
            _unlink(name, **options)

    def before_work(self, func: Callable[..., Any]) -> None:
        """Look at what is about to run in a thread."""
        work = next(iter(getattr(func, "args", ())), None)
        if getattr(work, "__qualname__", "") in {"Part.write", "Part.publish"}:
            self.history.point("download")
            if self.full or self.history.draw("spool.write"):
                raise OSError(errno.ENOSPC, "No space left on device")

    # --- the database ---------------------------------------------------------------------------------------------

    def connections(self, loop: Any) -> type[Connection]:
        """Make the kind of connection whose statements run in this thread, after and before a moment's wait."""
        return type("Inline", (_Inline,), {"disk": self, "loop": loop})

    def run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Run what would run in the connection's thread."""
        if function is not apply:
            return function(*args)
        connection, batch, begin = args
        effects = [effect for statements in batch if (effect := effect_of([statement for statement, _ in statements]))]
        if self.history.incarnation.number == 1 and "recovery" in effects:
            effects.remove("recovery")  # there is nothing to recover
        for effect in effects:
            self.history.point(f"before {effect}")
        self.history.restores.step()
        before = connection.total_changes
        result = self._commit(connection, batch, begin)
        if connection.total_changes != before and not self.history.incarnation.dead:
            self.history.committed(connection, effects)
        for effect in effects:
            self.history.point(f"after {effect}")
        return result

    def _commit(self, connection: sqlite3.Connection, batch: Any, begin: str) -> Any:
        trouble: str | None = "full" if self.full else None
        if begin == "BEGIN IMMEDIATE" and (kind := self.history.draw("db")):
            trouble = kind.data
        if trouble is None:
            return apply(connection, batch, begin)
        with TROUBLE[trouble](connection, self.database) as troubled:
            return apply(troubled, batch, begin)


class _Inline(Connection):
    disk: Disk
    loop: Any

    def __await__(self) -> Any:
        return self._opened().__await__()

    async def _opened(self) -> Connection:
        await self._execute_any(self._open)
        return self

    def _open(self) -> None:
        self._connection = self._connector()
        self._connection.execute("PRAGMA busy_timeout=0")
        if self.disk.connection is None:  # else this one only reads
            self.disk.connection = self._connection

    async def _execute(self, fn: Any, *args: Any, **_: Any) -> Any:
        if self._connection is None:
            raise ValueError("Connection closed")
        return await self._execute_any(fn, *args)

    async def _execute_any(self, fn: Any, *args: Any) -> Any:
        future = self.loop.create_future()
        self.disk.history.timeline.after(self._wait_s(), self._work, future, fn, args)
        return await future

    def _wait_s(self) -> float:
        slow = self.disk.history.draw("db.slow")
        return float(slow.data) if slow else self.disk.history.timeline.rng.uniform(0.0002, 0.006)

    def _work(self, future: asyncio.Future[Any], fn: Any, args: tuple[Any, ...]) -> None:
        if self.loop.dead:
            return
        try:
            settle, outcome = future.set_result, self.disk.run(fn, args)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            settle, outcome = future.set_exception, error
        self.disk.history.timeline.after(self._wait_s(), self._answer, future, settle, outcome)

    def _answer(self, future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
        if not self.loop.dead and not future.done():
            settle(outcome)

    def stop(self) -> None: ...

    async def close(self) -> None:
        if self._connection is not None:
            await self._execute_any(self._shut)

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            if self.disk.connection is self._connection:
                self.disk.connection = None
            self._connection = None

    def __del__(self) -> None: ...


def effect_of(statements: Sequence[Statement]) -> str:
    """Name what a transaction does; "" for what is not worth dying at."""
    first = statements[0]
    if first.sql is jobs_sql.UNFINISHED:
        return "recovery"
    if any(s.sql is money_sql.ADMIT_JOB for s in statements):
        return "admission commit"
    if first.sql.startswith(("UPDATE jobs SET", "UPDATE generations SET", "UPDATE deliveries SET")):
        if state := first.args.get("state"):
            return f"{state} commit"
        return "close commit" if any("closed_ms" in s.args for s in statements) else "place commit"
    return "migration" if first.sql.startswith("INSERT INTO migrations") else ""


# --- what goes wrong with a database ------------------------------------------------------------------------------


class _Trouble:
    """Stands between a transaction and its connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def __enter__(self) -> Any:
        return self.connection

    def __exit__(self, *_: object) -> None: ...


class _Busy(_Trouble):
    def __enter__(self) -> sqlite3.Connection:
        self.other = sqlite3.connect(self.path, isolation_level=None)
        self.other.execute("BEGIN IMMEDIATE")
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.other.execute("ROLLBACK")
        self.other.close()


class _ReadOnly(_Trouble):
    def __enter__(self) -> sqlite3.Connection:
        self.connection.execute("PRAGMA query_only=1")
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.execute("PRAGMA query_only=0")


class _FailsAt(_Trouble):
    """Fails at a statement, as SQLite would."""

    words: tuple[str, ...] = ()
    message = ""

    def __enter__(self) -> Self:
        return self

    def execute(self, text: str, *args: Any) -> sqlite3.Cursor:
        if text.lstrip().startswith(self.words):
            raise sqlite3.OperationalError(self.message)
        return self.connection.execute(text, *args)

    @property
    def in_transaction(self) -> bool:
        return self.connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self.connection.total_changes


class _Full(_FailsAt):
    words, message = ("INSERT", "UPDATE", "DELETE"), "database or disk is full"


class _SyncFails(_FailsAt):
    words, message = ("COMMIT",), "disk I/O error"


TROUBLE: dict[str, type[_Trouble]] = {
    "busy": _Busy,
    "read-only": _ReadOnly,
    "full": _Full,
    "sync": _SyncFails,
}
