"""Let what goes to one place go one at a time, in the order in which it came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from core.engine.wakeups import Stopping, Wakeups


class Lines:
    """Waits for turns; nothing is kept of a line in which nobody stands."""

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, line: str) -> AsyncIterator[None]:
        """Wait for a turn in a line, and keep it; in "" everybody has one. Raises Stopping."""
        if not line:
            yield
            return
        lock = self._locks.setdefault(line, asyncio.Lock())
        async with lock:
            if self._wakeups.stopping:
                raise Stopping
            yield

    async def turn_at_once(self, line: str) -> ExitStack | None:
        """Return a turn, to be closed; None where somebody stands in the line."""
        turn = ExitStack()
        if line:
            lock = self._locks.setdefault(line, asyncio.Lock())
            if lock.locked():
                return None
            await lock.acquire()
            turn.callback(lock.release)
        return turn
