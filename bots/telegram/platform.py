"""The Telegram platform: from a token to orders and deliveries."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from telegram import Update
from telegram.error import Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bots.app.settings import Settings
from bots.platform import Button, Hook
from bots.telegram.buttons import rows
from bots.telegram.commands import MENUS, Dispatcher
from bots.telegram.connection import Poller, make_bot, make_requests
from bots.telegram.delivery import TelegramDelivery, plain
from bots.telegram.errors import text_fault, wait_s
from bots.telegram.identity import NAME
from bots.telegram.intake import Intake
from bots.telegram.pace import Pace
from bots.telegram.webhook import PATH, Webhook
from core.domain.audio import Want
from core.domain.errors import ConfigurationError, PlatformBusy, PlatformError
from core.domain.models import Artifact, Destination, Job, Receipt
from core.service import Service

log = logging.getLogger(__name__)


class Telegram:
    """Implements `bots.platform.Platform`."""

    name = NAME
    sharded = False

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError without a token, or with a proxy that can't be used."""
        token = settings.telegram_token
        if token is None:
            raise ConfigurationError("TELEGRAM_TOKEN is not set")
        self._pace = Pace()
        self._requests = make_requests(settings.proxies.of(settings.telegram_api_url))
        self._bot = make_bot(token.get_secret_value(), settings.telegram_api_url, self._requests, self._pace)
        self._application: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder().bot(self._bot).updater(None).job_queue(None).build()
        )
        intake, url = Intake(self._handle), settings.public_url
        self._webhook = (
            Webhook(self._bot, intake, token.get_secret_value(), url) if settings.telegram_webhook and url else None
        )
        self._source = self._webhook or Poller(self._bot, intake)
        self._deliverer: TelegramDelivery

    @property
    def receiving(self) -> bool:
        """Whether updates come in."""
        return self._source.live

    def hooks(self) -> Mapping[str, Hook]:
        """Return where updates are posted, with TELEGRAM_WEBHOOK."""
        return {} if self._webhook is None else {PATH: self._webhook.receive}

    async def open(self, service: Service) -> None:
        """Get ready to deliver; contacts nobody."""
        self._deliverer = TelegramDelivery(self._bot, self._pace, service)
        Dispatcher(self._bot, service, self._deliverer, self._pace).add_to(self._application)

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Write to somebody who has written to the bot before: to others Telegram lets no bot write."""
        try:
            await self._bot.send_message(_chat(member), plain(text), reply_markup=rows(buttons))
        except TelegramError as error:
            raise text_fault(error) from error

    async def announce(self, community: str, words: Callable[[str], str]) -> None:
        """Say something in a group. Raises DeliveryError."""
        try:
            me = await self._bot.get_me()
            await self._bot.send_message(_chat(community), plain(words(f"/speak@{me.username}")))
        except TelegramError as error:
            raise text_fault(error) from error

    async def leave(self, community: str) -> None:
        """Leave a group; one that the bot is not in is left. Raises DeliveryError."""
        try:
            await self._bot.leave_chat(_chat(community))
        except Forbidden as error:
            log.info("%s was left before: %s", community, error)
        except TelegramError as error:
            raise text_fault(error) from error

    async def run(self) -> None:
        """Take orders until `stop_receiving`. Raises PlatformError for a bad token, PlatformBusy, TelegramError."""
        try:
            await self._application.initialize()
            await self._announce()
            await self._source.run()
        except InvalidToken:  # its text holds the token
            raise PlatformError("Telegram does not accept TELEGRAM_TOKEN") from None
        except RetryAfter as error:
            raise PlatformBusy("Telegram wants no login for now", retry_after_s=wait_s(error)) from error

    async def stop_receiving(self) -> None:
        """Take no more orders; deliveries go on."""
        await self._source.stop()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._application.shutdown()
        for request in self._requests:  # the bot closes them only if it was initialized
            await request.shutdown()

    async def _announce(self) -> None:
        try:
            for commands, scope in MENUS:
                await self._bot.set_my_commands(commands, scope=scope)
        except InvalidToken:
            raise
        except TelegramError as error:
            log.warning("the menu of commands could not be set: %s", error)

    async def _handle(self, update: Update) -> None:
        """Let the first handler that wants an update have it; the library itself would hide what breaks there."""
        for handler in self._application.handlers[0]:
            wanted = handler.check_update(update)
            if wanted is not None and wanted is not False:
                await handler.handle_update(update, self._application, wanted, None)
                return

    # --- Delivery -------------------------------------------------------------------------------------------------

    def accepts(self, job: Job) -> Want:
        """Say which files the job's chat takes."""
        return self._deliverer.accepts(job)

    def lasting(self, job: Job) -> Destination:
        """Keep all of it: there is no token in it."""
        return job.destination

    def shows(self, job: Job) -> bool:
        """Say whether there is progress to show."""
        return self._deliverer.shows(job)

    async def progress(self, job: Job) -> None:
        """Show how far the job is."""
        await self._deliverer.progress(job)

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Hand the files to the chat."""
        await self._deliverer.deliver(job, artifacts, receipt, uncertain=uncertain)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say how a job without audio in the chat ended."""
        await self._deliverer.tell(job, receipt)


def _chat(key: str) -> int:
    return int(key.removeprefix(f"{NAME}:"))
