"""A copy of a database file, made while the service runs."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from core.domain.errors import StoreError
from core.files.private import create
from core.files.spool import sync
from storage.migrate import MARK
from storage.sqlite_files import DAMAGED, GO_BACK, connect

STEP_PAGES = 64
"""A copy of 1.1 GB in one go kept a commit from the disk for two seconds; in such steps, for a sixth of one at most."""


class _Unfit(sqlite3.DatabaseError):
    """What was copied is nothing to go back to."""


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def go_on() -> None:
    """Let a copy go on, however long it takes."""


def backup(source: Path, target: Path, step: Callable[[], None] = go_on, *, instead: str = GO_BACK) -> None:
    """Copy a database, in use or not, to a new file that is on disk and whole when this returns.

    `step` is called now and then, and may raise to give it up; `instead`: what to do if it is damaged.

    Raises StoreError.
    """
    if why := _unusable(source, target):
        raise StoreError(f"{target} can't be written: {why}")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(create(partial))
        with closing(connect(source, read_only=True)) as live, closing(sqlite3.connect(partial)) as copy:
            _copy(live, copy, partial, step)
            _check_whole(copy)
        partial.replace(target)
        sync(target.parent)  # the name, too, has to survive a power loss
    except (sqlite3.Error, OSError) as error:
        raise StoreError(_failed(source, target, error, instead)) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _copy(live: sqlite3.Connection, copy: sqlite3.Connection, partial: Path, step: Callable[[], None]) -> None:
    """Copy the state of one moment, each step of it on disk before the next, so that no commit waits for many."""

    def progress(*_: int) -> None:
        os.fsync(written.fileno())
        step()

    live.execute("BEGIN")
    live.execute("SELECT 1 FROM sqlite_master").fetchone()  # what others commit from here on is left out
    for pragma in ("journal_mode=OFF", "synchronous=OFF"):
        copy.execute(f"PRAGMA {pragma}")
    with partial.open("rb") as written:
        live.backup(copy, pages=STEP_PAGES, progress=progress)
        copy.execute("PRAGMA journal_mode=DELETE")  # in WAL mode a file can't be read without files beside it
        os.fsync(written.fileno())


def _unusable(source: Path, target: Path) -> str:
    """Say why a backup can't go there, or nothing."""
    given, database = target.resolve(), source.resolve()
    if given == database:
        return "it is the database itself; name another file."
    if str(given).startswith(f"{database}-"):
        return "SQLite keeps files of such names beside the database; choose another name."
    if given.is_dir():
        return f"it is a folder; name a file in it, such as {target / 'troubadour-backup.db'}."
    if target.is_symlink() or given.exists():
        return "it exists already, and a backup overwrites nothing; choose another name, or remove it first."
    if not target.parent.is_dir():
        return f"there is no folder {target.parent}; make it first."
    return ""


def _failed(source: Path, target: Path, error: sqlite3.Error | OSError, instead: str) -> str:
    if getattr(error, "errno", None) in FULL or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return f"{target} can't be written: the disk is full; make room, or choose a folder on another one."
    if isinstance(error, PermissionError):
        return f"{target} can't be written: this user may not write to {target.parent}; choose another folder."
    if isinstance(error, OSError):
        return f"{target} can't be written: {error.strerror}; choose another folder."
    return _unread(source, target, error, instead)


def _unread(source: Path, target: Path, error: sqlite3.Error, instead: str) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, _Unfit):
        return f"{source} {error}: {instead}"
    if source.is_dir():
        return f"{source} is a folder, no database: {instead}"
    if code in DAMAGED:
        return f"{source} is damaged, or no database at all: {instead}"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{source} can't be opened: this user must be able to read it, and to write to its folder."
    return f"{source} can't be copied to {target}: {error}"


def _check_whole(copy: sqlite3.Connection) -> None:
    if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (MARK,)).fetchone():
        raise _Unfit("is not a database of Troubadour")
    (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _Unfit("is damaged")
