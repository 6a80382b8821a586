"""The Telegram platform: delivery through the Bot API, updates by polling or webhook."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from telegram import Update
from telegram.error import Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bots.app.settings import Settings
from bots.commands.text_files import TextFiles
from bots.platform import Button, Hook
from bots.telegram.attesting import attested
from bots.telegram.buttons import rows
from bots.telegram.commands import Dispatcher
from bots.telegram.connection import Poller, make_bot, make_requests
from bots.telegram.delivery import TelegramDelivery
from bots.telegram.documents import Documents
from bots.telegram.errors import text_fault, wait_s
from bots.telegram.escaping import plain
from bots.telegram.identity import NAME, Address
from bots.telegram.intake import Ack, Intake
from bots.telegram.menus import menus
from bots.telegram.rate_limiter import RateLimiter
from bots.telegram.webhook import PATH, Webhook
from core.domain.attested import Attested
from core.domain.errors import ConfigurationError, PlatformBusy, PlatformError
from core.domain.orders import Destination
from core.service.service import Service

log = logging.getLogger(__name__)


class Telegram(TelegramDelivery):
    """Implements `bots.platform.Platform`."""

    name = NAME
    speaks_first = True
    sharded = False

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError without a token, or for an unusable proxy."""
        token = settings.telegram_token
        if token is None:
            raise ConfigurationError("TELEGRAM_TOKEN is not set")
        limiter = RateLimiter()
        self._requests = make_requests(settings.proxies.of(settings.telegram_api_url))
        bot = make_bot(token.get_secret_value(), settings.telegram_api_url, self._requests, limiter)
        super().__init__(bot, limiter)
        self._application: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
        )
        intake, url = Intake(self._handle), settings.public_url
        self._webhook = (
            Webhook(bot, intake, token.get_secret_value(), url) if settings.telegram_webhook and url else None
        )
        self._source = self._webhook or Poller(bot, intake)

    @property
    def receiving(self) -> bool:
        return self._source.live

    @property
    def calls_under_way(self) -> int:
        """How many calls have not ended, including those that their caller no longer waits for."""
        _, calling = self._requests
        return calling.under_way

    def hooks(self) -> Mapping[str, Hook]:
        """Return the webhook's path if TELEGRAM_WEBHOOK is set."""
        return {} if self._webhook is None else {PATH: self._webhook.receive}

    async def open(self, service: Service) -> None:
        self._menus = partial(menus, service.catalog, has_console=service.sessions is not None)
        self._service = service
        files = TextFiles(Documents(self._bot, self._requests[1]).fetch)
        Dispatcher(self._bot, service, self, self._limiter, files).register(self._application)

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Send a direct message. Works only if the member has started a chat with the bot."""
        try:
            await self._bot.send_message(_chat(member), plain(text), reply_markup=rows(buttons))
        except TelegramError as error:
            raise text_fault(error) from error

    async def announce(self, community: str, words: Callable[[str], str]) -> None:
        try:
            me = await self._bot.get_me()
            await self._bot.send_message(_chat(community), plain(words(f"/speak@{me.username}")))
        except TelegramError as error:
            raise text_fault(error) from error

    async def leave(self, community: str) -> None:
        try:
            await self._bot.leave_chat(_chat(community))
        except Forbidden as error:
            log.info("%s was left before: %s", community, error)
        except TelegramError as error:
            raise text_fault(error) from error

    async def attest(self, community: str, member: str) -> Attested | None:
        return await attested(self._bot, community, member)

    def alone_with(self, member: str) -> Destination:
        return Address(_chat(member)).destination

    async def run(self) -> None:
        """Take orders until `stop_receiving`. Raises PlatformError for a bad token, PlatformBusy, TelegramError."""
        try:
            await self._application.initialize()
            log.info("telegram: logged in as @%s", self._bot.username)
            announcing = asyncio.create_task(self._announce(), name="menus")  # two dozen calls, and members wait
            try:
                await self._source.run()
            finally:
                announcing.cancel()
                await asyncio.wait({announcing})
        except InvalidToken:  # its text holds the token
            raise PlatformError("Telegram does not accept TELEGRAM_TOKEN") from None
        except RetryAfter as error:
            raise PlatformBusy("Telegram wants no login for now", retry_after_s=wait_s(error)) from error

    async def stop_receiving(self) -> None:
        await self._source.stop()

    async def close(self) -> None:
        await self._application.shutdown()
        for request in self._requests:  # the bot closes them only if it was initialized
            await request.shutdown()

    async def _announce(self) -> None:
        try:
            for tag, commands, scope in self._menus():
                await self._bot.set_my_commands(commands, scope=scope, language_code=tag or None)
        except InvalidToken:
            log.warning("the menu of commands could not be set: Telegram does not accept TELEGRAM_TOKEN")
        except TelegramError as error:
            log.warning("the menu of commands could not be set: %s", error)

    async def _handle(self, update: Update, ack: Ack) -> None:
        """Pass an update to the first handler that accepts it, without the library's dispatch, which hides exceptions.

        The handler's `context` argument is used for the acknowledgement.
        """
        for handler in self._application.handlers[0]:
            wanted = handler.check_update(update)
            if wanted is not None and wanted is not False:
                await handler.handle_update(update, self._application, wanted, ack)
                return


def _chat(key: str) -> int:
    return int(key.removeprefix(f"{NAME}:"))
