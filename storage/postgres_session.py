"""One connection to PostgreSQL: how it runs a list of statements, and what is unknown when it breaks meanwhile."""

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from core.domain.errors import StoreError
from storage.driver import OutcomeUnknown, Row, Unexpected
from storage.postgres_functions import UNEXPECTED, Function, Functions, read
from storage.postgres_sql import Bound, Locks, beginning, only_reads

log = logging.getLogger(__name__)

IDLE_S = 5
"""A process that freezes inside a transaction gives its locks back after this."""
QUIET_S = 5.0
"""A connection that has lain idle for so long is tried first: if it breaks then, nothing is in doubt."""

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Whatever a connection may raise."""
GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError,
        asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.IdleInTransactionSessionTimeoutError,
        OSError)  # fmt: skip
"""The connection is of no more use; the server has undone what it was in the middle of. TimeoutError is an OSError."""


class Apart(Exception):
    """Lists that went together have not happened, since one of them can't: each is to go alone."""


@dataclass(frozen=True, slots=True)
class Work:
    """A list as a connection takes it."""

    ready: Sequence[Bound]
    locks: Locks
    limit_s: float
    """For one statement."""
    settings: tuple[str, ...] = ()
    """What is set for its transaction before anything else."""


class Session(asyncpg.Connection):
    """Runs a statement that was prepared before, and tells rows and command tag of it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.made: set[str] = set()
        """The functions that are there."""
        self._used_s = time.monotonic()

    async def apply(self, text: str, values: Sequence[Any], limit_s: float) -> tuple[list[Row], bytes]:
        rows, tag, _ = await self._execute(text, values, 0, limit_s, return_status=True)  # type: ignore[attr-defined]
        return rows, tag

    async def wake(self, limit_s: float) -> None:
        """See whether a connection that has lain idle is still there."""
        if time.monotonic() - self._used_s > QUIET_S:
            await self.execute("SELECT 1", timeout=limit_s)
        self._used_s = time.monotonic()

    def get_reset_query(self) -> str:
        """Nothing outlives a transaction here that another would mind, so a return to the pool costs no round trip."""
        return ""


async def run_list(session: Any, functions: Functions | None, work: Work) -> list[list[Row]]:
    """Run a list in one transaction. Raises OutcomeUnknown, Unexpected, StoreError, FAULTS."""
    limit_s = work.limit_s + IDLE_S  # the server ends a statement in time; this is for one that can't be heard any more
    await session.wake(limit_s)
    if len(work.ready) == 1 and not (work.locks or work.settings):
        async with _all_or_unknown(session, work):
            return [await _meet(session, work.ready[0], limit_s)]
    if functions and (function := await functions.of(session, work.ready)):
        return (await _call(session, function, [work], limit_s))[0]
    return await _in_steps(session, work, limit_s)


async def run_together(session: Any, functions: Functions, works: Sequence[Work]) -> list[list[list[Row]]]:
    """Run lists of one shape in one transaction. Raises Apart, when nothing has happened, OutcomeUnknown, GONE."""
    limit_s = works[0].limit_s + IDLE_S
    await session.wake(limit_s)
    try:
        if function := await functions.of(session, works[0].ready):
            return await _call(session, function, works, limit_s)
    except (OutcomeUnknown, *GONE):
        raise
    except (StoreError, *FAULTS, ValueError, OverflowError) as error:
        raise Apart from error
    raise Apart


@asynccontextmanager
async def _all_or_unknown(session: Any, work: Work) -> AsyncIterator[None]:
    """Take a connection that breaks during what is a transaction by itself for a doubt, where that changes anything."""
    try:
        yield
    except GONE as error:
        if all(only_reads(one[0]) for one in work.ready):
            raise
        _cut_off(session)
        raise OutcomeUnknown(f"the connection broke during a change: {first_line(error)}") from None


async def _call(session: Any, function: Function, works: Sequence[Work], limit_s: float) -> list[list[list[Row]]]:
    values = [value for work in works for value in function.values(work.ready, work.locks)]
    try:
        async with _all_or_unknown(session, works[0]):
            (answers,), _ = await session.apply(function.calls(len(works)), values, limit_s)
    except asyncpg.PostgresError as error:
        if error.sqlstate == UNEXPECTED:
            raise Unexpected(first_line(error)) from None
        raise
    return [read(answer) for answer in answers]


async def _in_steps(session: Any, work: Work, limit_s: float) -> list[list[Row]]:
    async with _transaction(session, beginning(work.locks, *work.settings), limit_s):
        rows: list[list[Row]] = []
        returned: dict[str, list[Row]] = {}
        for one in work.ready:
            when = one[2].when
            rows.append(await _meet(session, one, limit_s) if when is None or when.holds(returned) else [])
            returned[one[2].sql] = rows[-1]
        return rows


@asynccontextmanager
async def _transaction(session: Any, begin: str, limit_s: float) -> AsyncIterator[None]:
    """Commit, or roll back whatever ends it otherwise, cancellation too."""
    try:
        await session.execute(begin, timeout=limit_s)
        yield
    except BaseException:
        await _undo(session)
        raise
    try:
        tag = await session.execute("COMMIT", timeout=limit_s)
    except GONE as error:
        _cut_off(session)
        raise OutcomeUnknown(f"the connection broke during a commit: {first_line(error)}") from None
    if tag != "COMMIT":
        raise StoreError(f"the server answered {tag} to a commit")


async def _undo(session: Any) -> None:
    """End a transaction; a connection that can't do even that is cut off, and the server then undoes it."""
    try:
        await session.execute("ROLLBACK", timeout=IDLE_S)
    except GONE as error:
        log.warning("a connection could not roll back and is cut off: %s", first_line(error))
        _cut_off(session)
    except BaseException:
        _cut_off(session)
        raise


def _cut_off(session: Any) -> None:
    with suppress(asyncpg.InterfaceError):  # the pool has noticed before us
        session.terminate()


async def _meet(session: Any, one: Bound, limit_s: float) -> list[Row]:
    text, values, statement = one
    rows: list[Row]
    rows, tag = await session.apply(text, values, limit_s)
    met = int(tag.split()[-1]) if tag.split()[-1].isdigit() else 0
    if statement.expect is not None and met != statement.expect:
        raise Unexpected(f"{met} rows instead of {statement.expect}: {text}")
    return rows


def first_line(error: BaseException) -> str:
    """Return what happened; further lines of the server quote the row."""
    return (str(error).splitlines() or [type(error).__name__])[0]
