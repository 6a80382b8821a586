"""The PostgreSQL driver: a pool of connections, and locks that stand for the one writer that SQLite has."""

import asyncio
import logging
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import asyncpg

from core.domain.errors import Conflict, StoreAway, StoreError
from storage.driver import STREAMED, STREAMS, Row, Statement, bindable
from storage.postgres_functions import Functions, shape_of
from storage.postgres_line import Line
from storage.postgres_session import FAULTS, GONE, IDLE_S, Apart, Session, Work, first_line, run_list, run_together
from storage.postgres_sql import bound, locks_of, translated

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
CLOSE_S = 30.0
ATTEMPTS = 8
FIRST_PAUSE_S = 0.01

PASSING = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.InvalidCachedStatementError,
           asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError)  # fmt: skip
"""Others were in the way, with rows, with a migration or with connections, or the server is about to be there."""


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
        self._functions = None if read_only else Functions()
        self._streams = asyncio.Semaphore(STREAMS)
        self._line = Line(CONNECTIONS, ACQUIRE_S, self._serve)

    async def open(self) -> None:
        """Connect, and refuse a database that could not hold every text."""
        milliseconds = {"statement_timeout": self._statement_s, "idle_in_transaction_session_timeout": IDLE_S}
        settings = {name: str(round(1000 * seconds)) for name, seconds in milliseconds.items()}
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=CONNECTIONS,
                connection_class=Session,
                max_cacheable_statement_size=0,
                timeout=CONNECT_S,
                init=_make_durable,
                server_settings={
                    **settings,
                    "application_name": "troubadour",
                    "jit": "off",
                    "default_transaction_isolation": "read committed",
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
            raise StoreError(f"{self._where} can't be opened: {first_line(error)}: {_remedy(error)}") from None
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
            return await self._in_its_own_task(Work(ready, locks_of(alone, beside), self._statement_s))

    async def read(self, query: Statement) -> list[Row]:
        """Run the query: here readers and writers never wait for each other."""
        (rows,) = await self.run([query])
        return rows

    async def stream(self, query: Statement, at_once: int = STREAMED) -> AsyncGenerator[list[Row]]:
        """Run the query in a transaction of its own, and fetch its rows by a cursor."""
        ((statement, args),) = bindable([query])
        text, values, _ = bound(statement, args)
        patience = f"SET LOCAL idle_in_transaction_session_timeout = {round(1000 * self._statement_s)}"
        try:
            async with (
                self._streams,
                self._lent() as session,
                session.transaction(readonly=True),
            ):
                await session.execute(patience)
                cursor = await session.cursor(text, *values)
                while rows := await cursor.fetch(at_once):
                    yield rows
        except FAULTS as error:
            raise StoreAway(f"{self._where} fails: {first_line(error)}") from None

    async def reshape(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run the list when no other process changes the schema, with more time."""
        patience = f"SET LOCAL statement_timeout = {round(1000 * RESHAPE_S)}"
        ready = [bound(statement, args) for statement, args in bindable(statements)]
        translated_ready = [(translated(one[0]), *one[1:]) for one in ready]
        work = Work(translated_ready, locks_of(["schema"], ()), RESHAPE_S, (patience,))
        return await self._in_its_own_task(work)

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

    def _check_open(self) -> None:
        if self._closing or self._pool is None:
            raise StoreError("the database is closed")

    def _lent(self) -> Any:
        """Return what lends a connection. Raises StoreError once closed."""
        self._check_open()
        return self._pool.acquire(timeout=ACQUIRE_S)

    # --- one list -------------------------------------------------------------------------------------------------

    async def _in_its_own_task(self, work: Work) -> list[list[Row]]:
        self._check_open()
        if len(self._running) >= LONGEST_QUEUE:
            raise StoreAway("too much waits for the database")
        task = asyncio.create_task(self._persist(work), name="postgres transaction")
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[list[list[Row]]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # its caller may be gone

    async def _persist(self, work: Work) -> list[list[Row]]:
        """Run the list again after a failure that passes and that has left nothing behind."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(work)
            except StoreError:
                raise
            except asyncpg.IntegrityConstraintViolationError as error:
                raise Conflict(first_line(error)) from None
            except (asyncpg.DataError, ValueError, OverflowError) as error:
                raise StoreError(first_line(error)) from None
            except FAULTS as error:
                passing = isinstance(error, (*GONE, *PASSING)) and not isinstance(error, TimeoutError)
                if not passing or attempt == ATTEMPTS:
                    away = StoreAway(f"{self._where} fails: {first_line(error)}")
                    log.error("a transaction failed: %s", away)  # noqa: TRY400 - the server's own words
                    raise away from None
            await asyncio.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_S * 2**attempt)  # noqa: S311 - jitter
        raise AssertionError

    async def _attempt(self, work: Work) -> list[list[Row]]:
        """Run the list once it has a connection; what takes no named locks may go together with others that wait."""
        if self._functions and not (work.locks or work.settings):
            shape = shape_of(work.ready)
            if self._functions.may_have(shape):
                with suppress(Apart):
                    return await self._line.run(work, shape)
        return await self._line.run(work, None)

    async def _serve(self, works: Sequence[Work]) -> list[list[list[Row]]]:
        async with self._pool.acquire(timeout=ACQUIRE_S) as session:
            if self._functions and len(works) > 1:
                return await run_together(session, self._functions, works)
            functions = None if works[0].settings else self._functions
            return [await run_list(session, functions, works[0])]


async def _make_durable(connection: Any) -> None:
    """What was acknowledged must survive a power loss, whatever the server was set to; stricter is left as it is."""
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


def _remedy(error: Exception) -> str:
    """Say what helps against what keeps a database from being opened."""
    for kinds, remedy in _REMEDIES.items():
        if isinstance(error, kinds):
            return remedy
    return "put an address that works"


_REMEDIES: Mapping[tuple[type[Exception], ...], str] = {
    (socket.gaierror,): "put a host name that is known here",
    (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError): "put the right user and password",
    (asyncpg.InvalidCatalogNameError,): "make it with createdb, or put another name",
    (asyncpg.TooManyConnectionsError,): "raise its max_connections, or stop what else has it open",
    (OSError,): "start it, or put the host and port where it is",
}


def place(url: str) -> str:
    """Name a database without the password that its address may hold."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/") or "(default)"
    return f"the PostgreSQL database {name} at {parts.hostname or 'this machine'}"
