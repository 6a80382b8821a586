"""The PostgreSQL driver: a pool of connections, and locks that stand for the one writer that SQLite has."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import asyncpg

from core.domain.errors import Conflict, StoreAway, StoreError
from storage.driver import OutcomeUnknown, Row, Statement, Unexpected, bindable
from storage.postgres_sql import BEGIN, Bound, beginning, bound, only_reads, translated

log = logging.getLogger(__name__)
# It logs every connection that can't be made again with a traceback; whoever needs one says why it fails.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)

CONNECTIONS = 10
LONGEST_QUEUE = 10_000
CONNECT_S = 10.0
ACQUIRE_S = 30.0
STATEMENT_S = 15.0
RESHAPE_S = 600.0
"""A migration may have to write every row anew."""
IDLE_S = 5
"""A process that freezes inside a transaction gives its locks back after this."""
CLOSE_S = 30.0
ATTEMPTS = 8
FIRST_PAUSE_S = 0.01

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Whatever a connection may raise."""
GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError,
        asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.IdleInTransactionSessionTimeoutError,
        OSError)  # fmt: skip
"""The connection is of no more use; the server has undone what it was in the middle of. TimeoutError is an OSError."""
PASSING = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError,
           asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError)  # fmt: skip
"""Others were in the way, with rows, with a migration or with connections, or the server is about to be there."""


class _Connection(asyncpg.Connection):
    """Runs a statement that was prepared before, and tells rows and command tag of it."""

    async def apply(self, text: str, values: Sequence[Any], limit_s: float) -> tuple[list[Row], bytes]:
        rows, tag, _ = await self._execute(text, values, 0, limit_s, return_status=True)  # type: ignore[attr-defined]
        return rows, tag

    def get_reset_query(self) -> str:
        """Nothing outlives a transaction here, so a return to the pool costs no round trip."""
        return ""


class Turns:
    """Lets lists of this process that must not meet wait here: in the database each would hold a connection."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, names: Sequence[str]) -> AsyncIterator[None]:
        """Have all names to oneself, always taken in the same order so that none wait in a circle."""
        async with AsyncExitStack() as held:
            for name in sorted(set(names)):
                await held.enter_async_context(self._locks.setdefault(name, asyncio.Lock()))
            yield


class PostgresDriver:
    """Drives one database, or the schema in it that comes first in `search_path`, beside other processes."""

    dialect = "postgres"
    row_lock = " FOR UPDATE"

    def __init__(self, url: str, *, read_only: bool = False, statement_s: float = STATEMENT_S) -> None:
        """`url`: as libpq takes it. `statement_s`: how long one statement may take; an audit needs longer."""
        self._url = url
        self._where = place(url)
        self._read_only = read_only
        self._statement_s = statement_s
        self._pool: Any = None
        self._running: set[asyncio.Task[list[list[Row]]]] = set()
        self._closing = False
        self._turns = Turns()

    async def open(self) -> None:
        """Connect, and refuse a database that could not hold every text."""
        milliseconds = {"statement_timeout": self._statement_s, "idle_in_transaction_session_timeout": IDLE_S}
        settings = {name: str(round(1000 * seconds)) for name, seconds in milliseconds.items()}
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=CONNECTIONS,
                connection_class=_Connection,
                max_cacheable_statement_size=0,
                timeout=CONNECT_S,
                init=_make_durable,
                server_settings={
                    **settings,
                    "application_name": "troubadour",
                    "jit": "off",
                    "default_transaction_read_only": "on" if self._read_only else "off",
                },
            )
            self._closing = False
            await self._check_home()
        except ValueError:  # not told: a piece of the password may be in it
            await self.close()
            raise StoreError(f"{self._where} can't be opened: its address can't be read") from None
        except FAULTS as error:
            await self.close()
            raise StoreError(f"{self._where} can't be opened: {_first_line(error)}") from None
        except BaseException:
            await self.close()
            raise

    async def _check_home(self) -> None:
        home = "SELECT current_setting('server_encoding') AS encoding, current_schema() AS home"
        ((row,),) = await self.run([Statement(home)])
        if row["encoding"] != "UTF8":
            raise StoreError(f"{self._where} has the encoding {row['encoding']}; Troubadour needs UTF8.")
        if row["home"] is None:
            raise StoreError(f"{self._where} has no schema that this user may use.")

    async def run(
        self, statements: Sequence[Statement], *, alone: Sequence[str] = (), beside: Sequence[str] = ()
    ) -> list[list[Row]]:
        """Run the list in one transaction, which goes on when the caller is cancelled: it ends whole or not at all."""
        ready = [bound(statement, args) for statement, args in bindable(statements)]
        async with self._turns.of(alone):
            return await self._in_its_own_task(ready, beginning(alone, beside), self._statement_s)

    async def read(self, query: Statement) -> list[Row]:
        """Run the query: here readers and writers never wait for each other."""
        (rows,) = await self.run([query])
        return rows

    async def reshape(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run the list when no other process changes the schema, with more time."""
        patience = f"SET LOCAL statement_timeout = {round(1000 * RESHAPE_S)}"
        ready = [bound(statement, args) for statement, args in bindable(statements)]
        translated_ready = [(translated(one[0]), *one[1:]) for one in ready]
        wait = f"{BEGIN}; {patience}; {beginning(['schema'], ()).removeprefix(f'{BEGIN}; ')}"
        return await self._in_its_own_task(translated_ready, wait, RESHAPE_S)

    async def tables(self) -> frozenset[str]:
        """Return the names of the tables in our schema."""
        (rows,) = await self.run([Statement("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")])
        return frozenset(row["tablename"] for row in rows)

    async def close(self) -> None:
        """Wait for what is running, and disconnect."""
        self._closing = True
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_S)
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await pool.close()
        except TimeoutError:
            log.error("%s does not let go of its connections: they are cut off", self._where)  # noqa: TRY400 - no trace tells more
            pool.terminate()

    # --- one list -------------------------------------------------------------------------------------------------

    async def _in_its_own_task(self, ready: Sequence[Bound], begin: str, limit_s: float) -> list[list[Row]]:
        if self._closing or self._pool is None:
            raise StoreError("the database is closed")
        if len(self._running) >= LONGEST_QUEUE:
            raise StoreAway("too much waits for the database")
        task = asyncio.create_task(self._persist(ready, begin, limit_s), name="postgres transaction")
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[list[list[Row]]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may be gone

    async def _persist(self, ready: Sequence[Bound], begin: str, limit_s: float) -> list[list[Row]]:
        """Run the list again after a failure that passes and that has left nothing behind."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(ready, begin, limit_s)
            except StoreError:
                raise
            except asyncpg.IntegrityConstraintViolationError as error:
                raise Conflict(_first_line(error)) from None
            except (asyncpg.DataError, ValueError, OverflowError) as error:
                raise StoreError(_first_line(error)) from None
            except FAULTS as error:
                passing = isinstance(error, (*GONE, *PASSING)) and not isinstance(error, TimeoutError)
                if not passing or attempt == ATTEMPTS:
                    away = StoreAway(f"{self._where} fails: {_first_line(error)}")
                    log.error("a transaction failed: %s", away)  # noqa: TRY400 - the server's own words
                    raise away from None
            await asyncio.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_S * 2**attempt)  # noqa: S311 - jitter
        raise AssertionError

    async def _attempt(self, ready: Sequence[Bound], begin: str, limit_s: float) -> list[list[Row]]:
        async with self._pool.acquire(timeout=ACQUIRE_S) as connection:
            limit_s += IDLE_S  # the server ends a statement in time; this is for one that can't be heard any more
            if begin == BEGIN and len(ready) == 1:
                return [await _at_once(connection, ready[0], limit_s)]
            async with _transaction(connection, begin, limit_s):
                rows: list[list[Row]] = []
                returned: dict[str, list[Row]] = {}
                for one in ready:
                    when = one[2].when
                    rows.append(await _meet(connection, one, limit_s) if when is None or when.holds(returned) else [])
                    returned[one[2].sql] = rows[-1]
                return rows


@asynccontextmanager
async def _transaction(connection: Any, begin: str, limit_s: float) -> AsyncIterator[None]:
    """Commit, or roll back whatever ends it otherwise, cancellation too."""
    try:
        await connection.execute(begin, timeout=limit_s)
        yield
    except BaseException:
        await _undo(connection)
        raise
    try:
        tag = await connection.execute("COMMIT", timeout=limit_s)
    except GONE as error:
        _cut_off(connection)
        raise OutcomeUnknown(f"the connection broke during a commit: {_first_line(error)}") from None
    if tag != "COMMIT":
        raise StoreError(f"the server answered {tag} to a commit")


async def _at_once(connection: Any, one: Bound, limit_s: float) -> list[Row]:
    """Run a statement that is a transaction by itself: one that meets no row has changed nothing."""
    try:
        return await _meet(connection, one, limit_s)
    except GONE as error:
        if only_reads(one[0]):
            raise
        _cut_off(connection)
        raise OutcomeUnknown(f"the connection broke during a change: {_first_line(error)}") from None


async def _undo(connection: Any) -> None:
    """End a transaction; a connection that can't do even that is cut off, and the server then undoes it."""
    try:
        await connection.execute("ROLLBACK", timeout=IDLE_S)
    except GONE as error:
        log.warning("a connection could not roll back and is cut off: %s", _first_line(error))
        _cut_off(connection)
    except BaseException:
        _cut_off(connection)
        raise


def _cut_off(connection: Any) -> None:
    with suppress(asyncpg.InterfaceError):  # the pool has noticed before us
        connection.terminate()


async def _meet(connection: Any, one: Bound, limit_s: float) -> list[Row]:
    text, values, statement = one
    rows: list[Row]
    rows, tag = await connection.apply(text, values, limit_s)
    met = int(tag.split()[-1]) if tag.split()[-1].isdigit() else 0
    if statement.expect is not None and met != statement.expect:
        raise Unexpected(f"{met} rows instead of {statement.expect}: {text}")
    return rows


async def _make_durable(connection: Any) -> None:
    """What was acknowledged must survive a power loss, whatever the server was set to; stricter is left as it is."""
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


def place(url: str) -> str:
    """Name a database without the password that its address may hold."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/") or "(default)"
    return f"the PostgreSQL database {name} at {parts.hostname or 'this machine'}"


def _first_line(error: BaseException) -> str:
    """Return what happened; further lines of the server quote the row."""
    return (str(error).splitlines() or [type(error).__name__])[0]
