"""Hold work back while the process is behind, so that those who wait for an answer come first."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_S = 0.05
LATE_S = 0.02
"""An answer takes several rounds of the loop, so that a member feels such a delay of each."""
FEWEST = 1
"""Pieces of work under way, however late the loop is."""
RECOVERY = 4
"""How many times in a row the loop is on time before there is one more."""


class Congestion:
    """Limits the work under way by how late the loop is: to half of it when late, to one more when on time again.

    Once nothing waits, nothing is limited.
    """

    def __init__(self) -> None:
        self._limit = math.inf
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._on_time = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until there is time for more work."""
        if self._under_way < self._limit:
            self._under_way += 1
        else:
            await self._line_up()
        try:
            self._watch()
            yield
        finally:
            self._under_way -= 1
            self._admit()

    async def _line_up(self) -> None:
        free = asyncio.get_running_loop().create_future()
        self._waiting.append(free)
        try:
            await free
        except asyncio.CancelledError:
            if not free.cancelled():  # it came at the same time
                self._under_way -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self._under_way < self._limit:
            free = self._waiting.popleft()
            if not free.done():
                free.set_result(None)
                self._under_way += 1

    def _watch(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due_s = loop.time() + LOOK_S
            self._timer = loop.call_at(due_s, self._look, due_s)

    def _look(self, due_s: float) -> None:
        self._timer = None
        if asyncio.get_running_loop().time() - due_s > LATE_S:
            self._limit, self._on_time = max(FEWEST, min(self._limit, self._under_way) // 2), 0
        elif not self._waiting:
            self._limit = math.inf
        else:
            self._on_time += 1
            if self._on_time % RECOVERY == 0:
                self._limit += 1
                self._admit()
        if self._under_way or self._waiting:
            self._watch()
