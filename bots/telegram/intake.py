"""Updates, however they come: handled side by side, and in the store before Telegram may forget them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from functools import partial

from telegram import Update

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Updates that may be on their way into the store; what comes on top waits at Telegram."""
MOST = 8 * AT_ONCE
"""Updates that may be handled at the same time, with those that are only to be answered."""
_kept: ContextVar[Callable[[], None]] = ContextVar("kept")


def kept() -> None:
    """Say that what the update asks for is in the store, so that Telegram may forget it: what is left is to answer.

    An answer may take long, as in a chat that has had its share of messages, and no other chat is to wait for it.
    """
    if keep := _kept.get(None):
        keep()


class Intake:
    """Handles updates. One that comes twice is one order: the store knows its event."""

    def __init__(self, handle: Callable[[Update], Awaitable[None]]) -> None:
        self._handle = handle
        self._running: set[asyncio.Task[None]] = set()
        self._unkept: set[asyncio.Event] = set()
        self._moved = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more can be taken now."""
        return len(self._unkept) >= AT_ONCE or len(self._running) >= MOST

    async def room(self) -> None:
        """Wait until more can be taken."""
        while self.full:
            self._moved.clear()
            await self._moved.wait()

    async def take(self, updates: Sequence[Update], deadline_s: float) -> bool:
        """Handle updates; return as soon as Telegram may forget all of them, or False after so long."""
        events = [self._begin(update) for update in updates]
        try:
            async with asyncio.timeout(deadline_s):
                for event in events:
                    await event.wait()
        except TimeoutError:
            return False
        return True

    async def at_rest(self) -> None:
        """Wait until every update that was taken is handled."""
        if self._running:
            await asyncio.wait(self._running)

    def abandon(self) -> None:
        """Cancel what is still being handled."""
        log.warning("%d updates were still being handled", len(self._running))
        for task in self._running:
            task.cancel()

    def _begin(self, update: Update) -> asyncio.Event:
        event = asyncio.Event()
        self._unkept.add(event)
        task = asyncio.create_task(self._survive(update, partial(self._keep, event)))
        self._running.add(task)
        task.add_done_callback(self._end)
        return event

    def _keep(self, event: asyncio.Event) -> None:
        event.set()
        self._unkept.discard(event)
        self._moved.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._moved.set()

    async def _survive(self, update: Update, keep: Callable[[], None]) -> None:
        _kept.set(keep)
        try:
            await self._handle(update)
        except Exception:
            log.exception("update %s could not be handled", update.update_id)
        keep()
