"""The connection to the Bot API: timeouts, pace, and the loop that fetches updates."""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any

import httpx
from telegram import Bot, LinkPreviewOptions, Update
from telegram.error import Conflict, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, Defaults, ExtBot
from telegram.request import HTTPXRequest

from bots.telegram.faults import NoRoom, wait_s

log = logging.getLogger(__name__)
# It logs every flood wait with a traceback, although the caller sees the error and waits.
logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)

CONNECT_S, READ_S, WRITE_S = 10, 15, 120
UPLOAD_READ_S = 60
"""How long Telegram may digest an upload before it answers."""
POLL_S = 30
SETTLE_S = 1.0
"""How long a batch of updates may take before it is confirmed all the same."""
LONGEST_CONFLICT_S = 60.0
LAST_S = 5.0
KINDS = [Update.MESSAGE, Update.CALLBACK_QUERY]
MESSAGES = frozenset({"sendMessage", "sendVoice", "sendAudio", "sendDocument"})
MOST_UNDER_WAY = 30
"""Messages to one chat that are being sent or wait for their turn; what comes on top is not said."""
ROOM_RETRY_S = 3.0
"""A group takes 20 messages a minute, so that room for one comes about every 3 s."""


class Pace(AIORateLimiter):
    """Keeps to Telegram's limits, which count new messages; other calls wait for nobody."""

    def __init__(self) -> None:
        super().__init__()
        self._under_way: Counter[int] = Counter()

    async def process_request(  # noqa: PLR0917 - the base class gives the signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Let messages take their turn in their chat. Raises NoRoom: one flooded chat must not hold up the rest."""
        if endpoint not in MESSAGES:
            return await super().process_request(callback, args, kwargs, endpoint, {}, rate_limit_args)
        chat_id = data["chat_id"]
        if self._under_way[chat_id] >= MOST_UNDER_WAY:
            raise NoRoom(f"{MOST_UNDER_WAY} messages to {chat_id} are under way")
        self._under_way[chat_id] += 1
        try:
            return await super().process_request(callback, args, kwargs, endpoint, data, rate_limit_args)
        finally:
            self._under_way[chat_id] -= 1
            if not self._under_way[chat_id]:
                del self._under_way[chat_id]

    def has_room(self, chat_id: int) -> bool:
        """Say whether a message to the chat would go out at once."""
        return chat_id > 0 or self._get_group_limiter(chat_id).has_capacity()


@cache
def _tls() -> ssl.SSLContext:
    """Read the certificate authorities once; the library would for each of its connections."""
    return httpx.create_ssl_context()


def make_requests() -> tuple[HTTPXRequest, HTTPXRequest]:
    """Open the connections, for polling and for everything else; they work before anything was asked of Telegram."""
    polling = HTTPXRequest(
        connection_pool_size=2,
        connect_timeout=CONNECT_S,
        read_timeout=10,
        pool_timeout=CONNECT_S,
        httpx_kwargs={"verify": _tls()},
    )
    sending = HTTPXRequest(
        connection_pool_size=64,
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        write_timeout=WRITE_S,
        media_write_timeout=WRITE_S,
        pool_timeout=CONNECT_S,
        httpx_kwargs={"verify": _tls()},
    )
    return polling, sending


def make_bot(token: str, api_url: str, requests: tuple[HTTPXRequest, HTTPXRequest], pace: Pace) -> ExtBot[Any]:
    """Make the bot; it shows no previews of links, which would be a member's words in large."""
    return ExtBot(
        token,
        base_url=f"{api_url}/bot",
        get_updates_request=requests[0],
        request=requests[1],
        defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
        rate_limiter=pace,
    )


class Poller:
    """Fetches updates and hands them on.

    Unlike the library's own loop it confirms a batch only once its handlers are done (or `SETTLE_S` have passed), so
    that a message is not lost with the process, and it ends with an error when the token is revoked.
    """

    def __init__(self, bot: Bot, handle: Callable[[Update], Awaitable[None]]) -> None:
        self._bot = bot
        self._handle = handle
        self.live = False
        """Whether updates are being fetched at this moment."""
        self._offset = 0
        self._running: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._conflicts = 0

    async def run(self) -> None:
        """Poll until `stop`. Raises TelegramError."""
        self._idle.clear()
        try:
            await self._bot.delete_webhook()  # with one set, polling is refused
            self.live = True
            while not self._stop.is_set():
                if updates := await self._until_stopped(self._next()):
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
                if self._running:
                    await asyncio.wait(self._running)
                if self._offset:
                    await self._bot.get_updates(offset=self._offset, timeout=0, limit=1, allowed_updates=KINDS)
        except TimeoutError:
            log.warning("%d updates were still being handled", len(self._running))
            for task in self._running:
                task.cancel()
        except TelegramError as error:
            log.warning("the last updates could not be confirmed and will come again: %s", error)

    async def _next(self) -> tuple[Update, ...]:
        try:
            updates = await self._bot.get_updates(offset=self._offset, timeout=POLL_S, allowed_updates=KINDS)
        except RetryAfter as error:
            await asyncio.sleep(wait_s(error))
            return ()
        except Conflict as error:
            await self._yield_to_another(error)
            return ()
        self._conflicts = 0
        self.live = True
        return updates

    async def _yield_to_another(self, error: Conflict) -> None:
        self._conflicts += 1
        self.live = False
        if self._conflicts == 1:
            log.error("another process polls with the same token; only one may run, and this one waits: %s", error)
        await asyncio.sleep(min(0.25 * 2.0**self._conflicts, LONGEST_CONFLICT_S))

    async def _take(self, updates: tuple[Update, ...]) -> None:
        tasks = {asyncio.create_task(self._survive(update)) for update in updates}
        self._running |= tasks
        for task in tasks:
            task.add_done_callback(self._running.discard)
        await asyncio.wait(tasks, timeout=SETTLE_S)
        self._offset = max(self._offset, updates[-1].update_id + 1)

    async def _survive(self, update: Update) -> None:
        try:
            await self._handle(update)
        except Exception:
            log.exception("update %d could not be handled", update.update_id)

    async def _until_stopped(self, work: Coroutine[Any, Any, tuple[Update, ...]]) -> tuple[Update, ...]:
        task = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else ()
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)
