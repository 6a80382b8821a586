"""The connection to the Bot API, and long polling."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from telegram import LinkPreviewOptions, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Defaults, ExtBot

from bots.telegram.errors import wait_s
from bots.telegram.intake import Intake, read
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.telegram.transport import READ_S, AiohttpRequest

log = logging.getLogger(__name__)
UPLOAD_READ_S = 60
"""How long Telegram may take to answer after an upload."""
POLL_S = 30
BATCH_S = 1.0
"""How long a batch of updates may delay the next poll, which returns again those that are not acknowledged by then."""
LONGEST_OUTAGE_PAUSE_S = 30.0
OUTAGE_POLLS = 3
"""This many failed polls in a row count as an outage."""
LONGEST_CONFLICT_S = 10.0
QUIET_S = 600.0
"""After this long without a conflict, the next one is logged again."""
STOP_S = 5.0
KINDS = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]


def make_requests(proxy: str | None = None) -> tuple[AiohttpRequest, AiohttpRequest]:
    """Make two connection pools: one for polling, which must never wait for other calls, and one for those."""
    return AiohttpRequest(2, proxy=proxy), AiohttpRequest(64, proxy=proxy)


def make_bot(
    token: str, api_url: str, requests: tuple[AiohttpRequest, AiohttpRequest], limiter: RateLimiter
) -> "PolledBot":
    """Make the bot, with link previews disabled: the links are in members' texts."""
    return PolledBot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        get_updates_request=requests[0],
        request=requests[1],
        defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
        rate_limiter=limiter,
    )


class PolledBot(ExtBot[Priority | Ticket]):
    """The library's bot, except that an unreadable update does not lose the others of its batch."""

    async def fetch(self, offset: int, wait_s: int) -> list[Update]:
        """Return the next updates. Raises TelegramError."""
        asked = {"offset": offset, "timeout": wait_s, "allowed_updates": KINDS}
        raws = await self._post("getUpdates", asked, read_timeout=wait_s + READ_S)
        if not isinstance(raws, list):
            raise TelegramError("Invalid server response")
        updates = [update for raw in raws if (update := read(raw, self)) is not None]
        if raws and not updates:
            raise TelegramError("Invalid server response")
        return updates


class Poller:
    """Polls for updates and passes them on.

    Unlike the library's loop, it confirms an update only once it has been stored or answered, so that a crash loses
    nothing, and it raises when the token is revoked. Telegram keeps the offset and sends unconfirmed updates again:
    to this process, which recognises them, or to the next one.
    """

    def __init__(self, bot: PolledBot, intake: Intake) -> None:
        self.live = False
        """Whether polling works at this moment."""
        self._bot = bot
        self._intake = intake
        self._next = 0
        """The id after the last update received."""
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0
        self._conflicts = 0
        self._last_conflict_s = 0.0

    async def run(self) -> None:
        """Poll until `stop`. Raises TelegramError where retrying is pointless."""
        self._idle.clear()
        try:
            await self._bot.delete_webhook()  # with one set, polling is refused
            self.live = True
            while not self._stop.is_set():
                if updates := await self._until_stopped(self._fetch()):
                    await self._take(updates)
        finally:
            self.live = False
            self._idle.set()

    async def stop(self) -> None:
        """Stop polling, then finish and confirm the updates received, within a few seconds."""
        self._stop.set()
        try:
            async with asyncio.timeout(STOP_S):
                await self._idle.wait()
                await self._intake.drained()
        except TimeoutError:
            self._intake.cancel_all()
        try:
            async with asyncio.timeout(STOP_S):
                if self._next:
                    await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, allowed_updates=KINDS)
        except (TimeoutError, TelegramError) as error:
            log.warning("the last updates could not be confirmed and will come again: %r", error)

    @property
    def _offset(self) -> int:
        """The id of the first unconfirmed update."""
        oldest = self._intake.oldest
        return self._next if oldest is None else oldest

    async def _fetch(self) -> list[Update]:
        offset = self._offset
        try:
            updates = await self._bot.fetch(offset, POLL_S)
        except RetryAfter as error:
            await asyncio.sleep(wait_s(error))
            return []
        except Conflict as error:
            await self._back_off_conflict(error)
            return []
        except InvalidToken:
            raise
        except TelegramError as error:
            await self._back_off(error)
            return []
        if self._failures >= OUTAGE_POLLS:
            log.warning("Telegram gives updates again")
        self.live, self._failures = True, 0
        self._intake.forget(lambda number: number < offset)
        return updates

    async def _back_off(self, error: TelegramError) -> None:
        """Back off after a failed poll, longer each time until one succeeds."""
        self._failures += 1
        if self._failures == OUTAGE_POLLS:
            self.live = False
            log.error("Telegram gives no updates, and is asked again and again: %s", error)
        await asyncio.sleep(min(0.25 * 2.0**self._failures, LONGEST_OUTAGE_PAUSE_S))

    async def _back_off_conflict(self, error: Conflict) -> None:
        """Back off from a second process with the same token, and log it once; both go on until one is stopped."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._last_conflict_s > QUIET_S:
            self._conflicts = 0
        self._conflicts, self._last_conflict_s = self._conflicts + 1, now_s
        self.live = False
        if self._conflicts == 1:
            log.error("another process uses the same token; only one may run, and this one waits: %s", error)
        await asyncio.sleep(min(0.25 * 2.0**self._conflicts, LONGEST_CONFLICT_S))

    async def _take(self, updates: list[Update]) -> None:
        self._next = updates[-1].update_id + 1
        await self._intake.take(updates, BATCH_S)
        await self._intake.wait_for_room()

    async def _until_stopped(self, work: Coroutine[Any, Any, list[Update]]) -> list[Update]:
        """Wait for updates or for `stop`; an interrupted poll loses nothing, since Telegram sends its updates again."""
        task = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else []
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)
