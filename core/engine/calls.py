"""Wait for calls that may take too long: they are given up then, never cancelled."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from core.domain.errors import DeliveryError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Calls:
    """Calls under way, kept until they end."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[Any]] = set()

    async def within(self, seconds: float, call: Awaitable[T]) -> T:
        """Return what a call returns, or raise what it does. Raises TimeoutError where it takes longer, and goes on."""
        task = asyncio.ensure_future(call)
        self._under_way.add(task)
        task.add_done_callback(self._forget)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def done(self, seconds: float, call: Awaitable[object], whom: str) -> bool:
        """Say whether a chat did what it was called for, in time; where not, log whom it did not reach."""
        try:
            await self.within(seconds, call)
        except (DeliveryError, TimeoutError) as error:
            log.warning("%s was not reached: %s", whom, error or "no answer in time")
        except Exception:
            log.exception("%s was not reached", whom)
        else:
            return True
        return False

    async def ended(self, seconds: float) -> None:
        """Wait until none is under way any more, or for so long."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    def _forget(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # one that comes too late is heard by nobody
