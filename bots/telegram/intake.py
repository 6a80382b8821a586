"""Updates, however they come: handled side by side, and in the store before Telegram may forget them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from telegram import Bot, Update

from bots.telegram.identity import Recent

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Updates that may be on their way into the store; what comes on top waits at Telegram."""
MOST = 8 * AT_ONCE
"""Updates that may be handled at the same time, with those that are only to be answered."""
TRIES, PAUSE_S = 3, 1.0
"""How often an update is handled that breaks its handler, and the pause between."""
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, OSError)
"""What reading an update raises that is not as documented."""

Keep = Callable[[], None]
"""Says that what an update asks for is in the store, so that Telegram may forget it: what is left is to answer.

An answer may take long, as in a chat that has had its share of messages, and no other chat is to wait for it.
"""


def read(raw: object, bot: Bot) -> Update | None:
    """Return an update; of one that can't be read only the number, so that it is passed over; None without one."""
    try:
        return Update.de_json(raw, bot)  # type: ignore[arg-type]
    except _UNREADABLE as error:
        number = raw.get("update_id") if isinstance(raw, dict) else None
        log.error("update %r can't be read (%s) and is passed over", number, type(error).__name__)  # noqa: TRY400 - words
        return Update(number) if isinstance(number, int) else None


class Intake:
    """Handles updates, each once however often it is given before it is confirmed.

    One that comes again later is one order all the same: the store knows its event.
    """

    def __init__(self, handle: Callable[[Update, Keep], Awaitable[None]]) -> None:
        self._handle = handle
        self._running: set[asyncio.Task[None]] = set()
        self._unkept: dict[int, asyncio.Event] = {}
        self._kept: Recent[int, None] = Recent()
        """Those that Telegram may forget and has not forgotten yet."""
        self._moved = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more can be taken now."""
        return len(self._unkept) >= AT_ONCE or len(self._running) >= MOST

    @property
    def oldest(self) -> int | None:
        """Return the first update that Telegram may not forget yet."""
        return min(self._unkept, default=None)

    def forget(self, is_forgotten: Callable[[int], bool]) -> None:
        """Drop what is known of updates that Telegram has forgotten: one that comes all the same is new."""
        for number in [number for number in self._kept if is_forgotten(number)]:
            del self._kept[number]

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
        number = update.update_id
        if number in self._unkept:
            return self._unkept[number]
        event = asyncio.Event()
        if number in self._kept:
            event.set()
            return event
        self._unkept[number] = event
        task = asyncio.create_task(self._survive(update, partial(self._keep, number)))
        self._running.add(task)
        task.add_done_callback(self._end)
        return event

    def _keep(self, number: int) -> None:
        if event := self._unkept.pop(number, None):
            event.set()
            self._kept[number] = None
            self._moved.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._moved.set()

    async def _survive(self, update: Update, keep: Keep) -> None:
        """Handle an update, again where that breaks; one that breaks every time must block nobody."""
        for attempt in range(1, TRIES + 1):
            try:
                await self._handle(update, keep)
                break
            except Exception:
                log.exception("update %s broke its handler, try %d of %d", update.update_id, attempt, TRIES)
                await asyncio.sleep(PAUSE_S if attempt < TRIES else 0)
        keep()
