"""Waiting for a condition without polling."""

import asyncio
from collections.abc import Callable

from tests.waiting import WAIT_S


class Pulse:
    """Wakes all waiters after each change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """Wake all waiters."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def until(self, predicate: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        """Wait until the predicate holds. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not predicate():
                await self._event.wait()
