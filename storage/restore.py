"""Put a copy in the place of the database: at every instant one of the two stands under its name, whole."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from core.domain.audit import Action, Outcome
from core.domain.errors import StoreError
from core.engine.restoring import Copy
from core.files.private import FOLDER
from core.files.spool import sync
from core.ports import Clock
from storage.backup import backup
from storage.books import audit
from storage.driver import Driver, Statement
from storage.lock import take
from storage.sqlite import SqliteDriver
from storage.sqlite_files import empty_wal, files_of
from storage.store import SqlStore

log = logging.getLogger(__name__)

ASIDE = ".before-"
"""What stands between a database's name and the time when a copy took its place."""
_NEWEST = """
SELECT max(at_ms) AS at_ms FROM (
    SELECT max(updated_ms) AS at_ms FROM jobs
    UNION ALL SELECT max(at_ms) FROM ledger
    UNION ALL SELECT max(at_ms) FROM audit
) AS entries
"""
# The admins of every community read that what they decided since is forgotten.
_ID = "CAST(:act_id AS TEXT) || CAST(community_id AS TEXT)"
_AUDIT = f"""
INSERT INTO audit (audit_id, at_ms, community_id, actor, act, target, before_value, after_value, outcome)
SELECT {_ID}, :now_ms, community_id, 'terminal', '{Action.RESTORE}', '', '', '', '{Outcome.APPLIED}'
FROM communities WHERE merged_into IS NULL
"""
_AUDIT_TEXTS = f"""
INSERT INTO audit_texts (audit_id, actor_name, wrote)
SELECT {_ID}, 'terminal', '' FROM communities WHERE merged_into IS NULL
"""
# What was to go with an approval may have gone since: its member is offered it instead.
_STAY = "UPDATE kept_orders SET goes = 0 WHERE goes = 1"
_NOTED = (_AUDIT, _AUDIT_TEXTS, _STAY, "DELETE FROM sessions", "DELETE FROM sign_ins")
"""Sessions that were ended since would be good again."""


@asynccontextmanager
async def copy_of(source: Path, database: Path, clock: Clock) -> AsyncIterator[Copy]:
    """Yield a copy of a backup, brought up to date, that takes the database's place when it is finished.

    Raises StoreError for a backup that is not whole and StoreBusy beside a running service; then all stays as it is.
    """
    file, *_ = files_of(database)
    partial = file.with_name(f"{file.name}.partial")
    lock = _locked(source, file, partial)
    try:
        _remove(partial)
        await asyncio.to_thread(backup, source, partial, instead="name another copy that `troubadour backup` made.")
        async with _opened(SqliteDriver(partial), clock) as (store, driver, holds):

            async def finish() -> str:
                await _note(driver, clock)
                await store.close()  # which leaves all of it in one file
                try:
                    aside = await asyncio.to_thread(_put, partial, file)
                except OSError as error:
                    raise StoreError(f"{file} can't be replaced: {error.strerror}.") from error
                return f"The former one is kept as {aside}." if aside else ""

            yield Copy(store, holds, await _newest(driver), finish)
    finally:
        _remove(partial)
        os.close(lock)


def _locked(source: Path, file: Path, partial: Path) -> int:
    """Take the lock of a database that need not be there. Raises StoreError where the copy is none, or it is in use."""
    if not source.is_file():
        raise StoreError(f"There is no file {source}: name a copy that `troubadour backup` made.")
    if file.exists() and source.samefile(file):
        raise StoreError(f"{source} is the database itself: name a copy that `troubadour backup` made.")
    if partial.exists() and source.samefile(partial):  # which the next restore removes
        raise StoreError(f"{source} is of a restore that did not end: name the copy that it was to restore.")
    try:
        file.parent.mkdir(FOLDER, parents=True, exist_ok=True)
        return take(files_of(file)[-1])
    except OSError as error:
        raise StoreError(f"{file} can't be replaced: {error.strerror}") from error


@asynccontextmanager
async def restored_by_others(driver: Driver, clock: Clock) -> AsyncIterator[Copy]:
    """Yield a database into which an earlier state of it was loaded. Raises StoreError."""
    async with _opened(driver, clock) as (store, _, holds):

        async def finish() -> str:
            await _note(driver, clock)
            return ""

        yield Copy(store, holds, await _newest(driver), finish)


@asynccontextmanager
async def _opened(driver: Driver, clock: Clock) -> AsyncIterator[tuple[SqlStore, Driver, str]]:
    """Yield a database that is of this release, and whose books balance. Raises StoreError."""
    store = SqlStore(driver, clock)
    await store.open()
    try:
        yield store, driver, await _balanced(driver)
    finally:
        await store.close()


async def _newest(driver: Driver) -> int | None:
    ((row,),) = await driver.run([Statement(_NEWEST)])
    return None if row["at_ms"] is None else int(row["at_ms"])


async def _balanced(driver: Driver) -> str:
    books = await audit(driver)
    if not books.balance:
        raise StoreError("\n".join(["The books of the copy do not balance, so it is not put to use.", *books.findings]))
    return books.holds


async def _note(driver: Driver, clock: Clock) -> None:
    """Write into every audit what was done, and prove that the books balance still."""
    now_ms = clock.now_ms()
    args = {"now_ms": now_ms, "act_id": f"{Action.RESTORE}:{now_ms}:"}
    await driver.run([Statement(text, args) for text in _NOTED])
    await _balanced(driver)


def _put(partial: Path, file: Path) -> Path | None:
    """Give a copy the database's name, and return the name of what had it before."""
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    aside = _put_aside(file)
    partial.replace(file)
    sync(file.parent)
    return aside


def _put_aside(file: Path) -> Path | None:
    """Give the present database one more name, under which it is kept; what stood beside it keeps with it."""
    _forget_interrupted(file)
    empty_wal(file)
    present = [each for each in files_of(file)[:-1] if each.exists()]
    if not present:
        return None
    stem = f"{file.name}{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (file.with_name(f"{stem}{f'-{n}' if n else ''}") for n in count())
    aside = next(name for name in names if not name.exists())
    for each in present:
        _keep(each, aside.with_name(f"{aside.name}{each.name.removeprefix(file.name)}"))
    sync(file.parent)
    for beside in present:
        if beside != file:  # or else SQLite would take it for the copy's
            beside.unlink()
    sync(file.parent)
    return aside


def _keep(file: Path, name: Path) -> None:
    """Give a file one more name, or, where a disk knows no such thing, make a copy."""
    try:
        os.link(file, name)
    except OSError as error:
        log.info("%s is copied, since it can't have two names: %s", file, error.strerror)
        shutil.copy2(file, name)
        with name.open("rb") as written:
            os.fsync(written.fileno())


def _forget_interrupted(file: Path) -> None:
    """Take second names away that were given before a kill."""
    present = [each for each in files_of(file)[:-1] if each.exists()]
    for name in file.parent.iterdir():
        if name.name.startswith(f"{file.name}{ASIDE}") and any(map(name.samefile, present)):
            name.unlink()


def _remove(partial: Path) -> None:
    for each in (*files_of(partial), partial.with_name(f"{partial.name}.partial")):
        each.unlink(missing_ok=True)
