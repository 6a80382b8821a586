"""The connection to the Bot API, and the loop that fetches updates."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from telegram import LinkPreviewOptions, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Defaults, ExtBot

from bots.telegram.errors import wait_s
from bots.telegram.intake import Intake, read
from bots.telegram.pace import Pace, Rank, Turn
from bots.telegram.transport import READ_S, AiohttpRequest

log = logging.getLogger(__name__)
UPLOAD_READ_S = 60
"""How long Telegram may digest an upload before it answers."""
POLL_S = 30
HOLD_S = 1.0
"""How long a batch of updates may hold up the next one; what is not kept by then is given again with it."""
LONGEST_OUTAGE_PAUSE_S = 30.0
OUT = 3
"""So many polls without an answer are an outage."""
LONGEST_CONFLICT_S = 10.0
QUIET_S = 600.0
"""After so long without a conflict, the next one is news."""
LAST_S = 5.0
KINDS = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]


def make_requests(proxy: str | None = None) -> tuple[AiohttpRequest, AiohttpRequest]:
    """Make what carries the calls: one for polling, which must never wait for the others, and one for those."""
    return AiohttpRequest(2, proxy=proxy), AiohttpRequest(64, proxy=proxy)


def make_bot(token: str, api_url: str, requests: tuple[AiohttpRequest, AiohttpRequest], pace: Pace) -> "PolledBot":
    """Make the bot; it shows no previews of links, which would be a member's words in large."""
    return PolledBot(
        token,
        base_url=f"{api_url}/bot",
        get_updates_request=requests[0],
        request=requests[1],
        defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
        rate_limiter=pace,
    )


class PolledBot(ExtBot[Rank | Turn]):
    """The library's bot, which reads a batch of updates one by one: one that can't be read must not cost the others."""

    async def fetch(self, offset: int, wait_s: int) -> list[Update]:
        """Return what comes next. Raises TelegramError."""
        asked = {"offset": offset, "timeout": wait_s, "allowed_updates": KINDS}
        raws = await self._post("getUpdates", asked, read_timeout=wait_s + READ_S)
        if not isinstance(raws, list):
            raise TelegramError("Invalid server response")
        updates = [update for raw in raws if (update := read(raw, self)) is not None]
        if raws and not updates:
            raise TelegramError("Invalid server response")
        return updates


class Poller:
    """Fetches updates and hands them on.

    Unlike the library's own loop it confirms an update only once what it asks for is in the store or answered, so that
    nothing is lost with the process, and it ends with an error when the token is revoked. The offset is kept by
    Telegram: what was not confirmed comes again, at once to this process, which knows it, or after a start.
    """

    def __init__(self, bot: PolledBot, intake: Intake) -> None:
        self.live = False
        """Whether updates are being fetched at this moment."""
        self._bot = bot
        self._intake = intake
        self._next = 0
        """One more than the last update that was given."""
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0
        self._conflicts = 0
        self._last_conflict_s = 0.0

    async def run(self) -> None:
        """Poll until `stop`. Raises TelegramError where no repetition helps."""
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
        """Take no more updates; finish those that were taken, and confirm them, within a few seconds."""
        self._stop.set()
        try:
            async with asyncio.timeout(LAST_S):
                await self._idle.wait()
                await self._intake.at_rest()
        except TimeoutError:
            self._intake.abandon()
        try:
            async with asyncio.timeout(LAST_S):
                if self._next:
                    await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, allowed_updates=KINDS)
        except (TimeoutError, TelegramError) as error:
            log.warning("the last updates could not be confirmed and will come again: %r", error)

    @property
    def _offset(self) -> int:
        """Return the first update that is not confirmed."""
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
            await self._yield_to_another(error)
            return []
        except InvalidToken:
            raise
        except TelegramError as error:
            await self._outlast(error)
            return []
        if self._failures >= OUT:
            log.warning("Telegram gives updates again")
        self.live, self._failures = True, 0
        self._intake.forget(lambda number: number < offset)
        return updates

    async def _outlast(self, error: TelegramError) -> None:
        """Rest after a poll without an answer, longer each time; any answer puts an end to that."""
        self._failures += 1
        if self._failures == OUT:
            self.live = False
            log.error("Telegram gives no updates, and is asked again and again: %s", error)
        await asyncio.sleep(min(0.25 * 2.0**self._failures, LONGEST_OUTAGE_PAUSE_S))

    async def _yield_to_another(self, error: Conflict) -> None:
        """Let another process have the bot for a while, and say so once: the two take turns until one is stopped."""
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
        await self._intake.take(updates, HOLD_S)
        await self._intake.room()

    async def _until_stopped(self, work: Coroutine[Any, Any, list[Update]]) -> list[Update]:
        """Wait for updates, unless a stop comes first: then the wait is given up, and Telegram gives them again."""
        task = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else []
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)
