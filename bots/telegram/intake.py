"""Handle updates concurrently, and acknowledge each only once what it asks for is in the store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from telegram import Bot, Update

from bots.telegram.identity import Recent

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Limit on unacknowledged updates; further ones stay with Telegram."""
MOST = 8 * AT_ONCE
"""Limit on updates in progress, including acknowledged ones that have yet to be answered."""
TRIES, PAUSE_S = 3, 1.0
"""Attempts at an update whose handler raises, and the pause between them."""
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, OSError)
"""What the library raises for an update that does not match the documentation."""

Ack = Callable[[], None]
"""Acknowledges an update: what it asks for is in the store, and only the answer is left.

Answers may wait a long time in a rate-limited chat, which must not hold up other chats.
"""


def read(raw: object, bot: Bot) -> Update | None:
    """Parse an update; an unreadable one is reduced to its id, so that it is skipped; None if it has no id."""
    try:
        return Update.de_json(raw, bot)  # type: ignore[arg-type]
    except _UNREADABLE as error:
        number = raw.get("update_id") if isinstance(raw, dict) else None
        log.error("update %r can't be read (%s) and is passed over", number, type(error).__name__)  # noqa: TRY400 - words
        return Update(number) if isinstance(number, int) else None


class Intake:
    """Handles updates, each once, however often it is received before it is confirmed.

    One that is received again later still makes no second order: the store knows its event id.
    """

    def __init__(self, handle: Callable[[Update, Ack], Awaitable[None]]) -> None:
        self._handle = handle
        self._running: set[asyncio.Task[None]] = set()
        self._unacked: dict[int, asyncio.Event] = {}
        self._acked: Recent[int, None] = Recent()
        """Acknowledged updates that Telegram may still send again."""
        self._changed = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether a limit is reached."""
        return len(self._unacked) >= AT_ONCE or len(self._running) >= MOST

    @property
    def oldest(self) -> int | None:
        """The id of the first unacknowledged update."""
        return min(self._unacked, default=None)

    def forget(self, is_forgotten: Callable[[int], bool]) -> None:
        """Drop the ids of updates that Telegram has dropped."""
        for number in [number for number in self._acked if is_forgotten(number)]:
            del self._acked[number]

    async def wait_for_room(self) -> None:
        """Wait until no limit is reached."""
        while self.full:
            self._changed.clear()
            await self._changed.wait()

    async def take(self, updates: Sequence[Update], deadline_s: float) -> bool:
        """Start to handle updates; return True once all are acknowledged, False after the deadline."""
        events = [self._begin(update) for update in updates]
        try:
            async with asyncio.timeout(deadline_s):
                for event in events:
                    await event.wait()
        except TimeoutError:
            return False
        return True

    async def drained(self) -> None:
        """Wait until every update is handled."""
        if self._running:
            await asyncio.wait(self._running)

    def cancel_all(self) -> None:
        """Cancel the updates in progress."""
        log.warning("%d updates were still being handled", len(self._running))
        for task in self._running:
            task.cancel()

    def _begin(self, update: Update) -> asyncio.Event:
        number = update.update_id
        if number in self._unacked:
            return self._unacked[number]
        event = asyncio.Event()
        if number in self._acked:
            event.set()
            return event
        self._unacked[number] = event
        task = asyncio.create_task(self._retrying(update, partial(self._ack, number)))
        self._running.add(task)
        task.add_done_callback(self._end)
        return event

    def _ack(self, number: int) -> None:
        if event := self._unacked.pop(number, None):
            event.set()
            self._acked[number] = None
            self._changed.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._changed.set()

    async def _retrying(self, update: Update, ack: Ack) -> None:
        """Handle an update, with retries; one that fails every time is acknowledged all the same."""
        for attempt in range(1, TRIES + 1):
            try:
                await self._handle(update, ack)
                break
            except Exception:
                log.exception("update %s broke its handler, try %d of %d", update.update_id, attempt, TRIES)
                await asyncio.sleep(PAUSE_S if attempt < TRIES else 0)
        ack()
