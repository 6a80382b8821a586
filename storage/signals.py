"""A word between the processes that share a PostgreSQL database, so that none has to look again and again."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import asyncpg

from core.domain.errors import StoreAway, StoreError
from core.engine.lease import Hear
from storage.postgres import CONNECT_S, place
from storage.postgres_session import FAULTS

log = logging.getLogger(__name__)

RETRY_S = 2.0
QUIET_S = 30.0
"""After so long without a word the connection is tried: one that is cut off somewhere on its way says nothing."""
LONGEST_WORDS = 10_000
_CHANNEL = "SELECT 'troubadour_' || current_schema()"
_RING = "SELECT pg_notify($1, word) FROM unnest($2::text[]) AS word"


class PostgresSignal:
    """LISTEN and NOTIFY on a connection of its own. What is missed while it is broken, a slow look finds."""

    def __init__(self, url: str) -> None:
        """`url`: as libpq takes it."""
        self._url = url
        self._words: set[str] = set()
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None
        self._channel = ""

    async def start(self, hear: Hear) -> None:
        """Tell `hear` every word that any process rings, this one too. Raises StoreError."""
        self._connection = await self._connect(hear)
        self._task = asyncio.create_task(self._serve(hear), name="signal")

    def notify(self, name: str = "") -> None:
        """Tell every process; the same word again before it has left says nothing new."""
        if len(self._words) < LONGEST_WORDS:
            self._words.add(name)
        self._rung.set()

    async def stop(self) -> None:
        """Tell what is left to tell, and fall silent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._connection is not None:
            with suppress(StoreError):
                await self._tell()
            self._connection.terminate()

    async def _serve(self, hear: Hear) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    await self._rung.wait()
            self._rung.clear()
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect(hear)
                    hear("")  # something may have been said meanwhile
                await self._tell()
            except StoreError as error:
                log.warning("other processes hear nothing from here: %s", error)
                await asyncio.sleep(RETRY_S)
                self._rung.set()

    async def _tell(self) -> None:
        words = list(self._words)
        try:
            await self._connection.execute(_RING, self._channel, words, timeout=CONNECT_S)
        except FAULTS as error:
            self._connection.terminate()
            raise StoreAway(f"{place(self._url)}: {error!r}") from None
        self._words.difference_update(words)

    async def _connect(self, hear: Hear) -> Any:
        connection = None
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await asyncpg.connect(self._url, server_settings={"application_name": "troubadour signal"})
                self._channel = await connection.fetchval(_CHANNEL)
                await connection.add_listener(self._channel, lambda *told: hear(told[3]))
        except (*FAULTS, ValueError) as error:
            if connection is not None:
                connection.terminate()
            raise StoreAway(f"{place(self._url)} can't be listened to: {error!r}") from None
        connection.add_termination_listener(lambda _: self._rung.set())
        return connection
