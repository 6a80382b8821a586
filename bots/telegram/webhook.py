"""Receive updates by webhook instead of polling."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bots.telegram.connection import KINDS
from bots.telegram.intake import Intake, read
from core.domain.errors import PlatformError

log = logging.getLogger(__name__)

PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
ACK_S = 20.0
"""How long Telegram waits for an update to be acknowledged before it is asked to send it again."""
CHECK_S = 300.0
"""How often the webhook's state is checked with Telegram."""
STOP_S = 5.0
OK, BAD_REQUEST, FORBIDDEN, TRY_AGAIN = 200, 400, 403, 503


def secret_of(token: str) -> str:
    """Derive the webhook's secret from the bot's token, so that it is the same in every process and after restarts."""
    return hmac.new(token.encode(), b"troubadour webhook", hashlib.sha256).hexdigest()


class Webhook:
    """Registers the webhook and receives its updates."""

    def __init__(self, bot: Bot, intake: Intake, token: str, public_url: str) -> None:
        self.live = False
        """Whether updates are accepted at this moment."""
        self._bot = bot
        self._intake = intake
        self._secret = secret_of(token)
        self._url = public_url + PATH
        self._stop = asyncio.Event()
        self._error_s = 0.0

    async def run(self) -> None:
        """Accept updates until `stop`. Raises PlatformError if Telegram refuses the URL, TelegramError."""
        try:
            await self._set()
            self.live = True
            while not await self._stopped_within(CHECK_S):
                await self._check()
        except BadRequest as error:
            raise PlatformError(f"Telegram does not accept PUBLIC_URL as a webhook: {error}") from error
        finally:
            self.live = False

    async def stop(self) -> None:
        """Accept no more updates, which Telegram keeps for the next start, and finish those in progress."""
        self.live = False
        self._stop.set()
        try:
            async with asyncio.timeout(STOP_S):
                await self._intake.drained()
        except TimeoutError:
            self._intake.cancel_all()

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Accept a posted update; only the status OK lets Telegram drop it."""
        shown = headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), self._secret.encode()):
            return FORBIDDEN
        if not self.live or self._intake.full:
            return TRY_AGAIN
        try:
            update = read(json.loads(body), self._bot)
        except (ValueError, RecursionError) as error:
            log.warning("what was posted is no JSON: %s", type(error).__name__)
            return BAD_REQUEST
        if update is None:
            return BAD_REQUEST
        if not await self._intake.take([update], ACK_S):
            return TRY_AGAIN
        self._intake.forget(lambda number: number == update.update_id)
        return OK

    async def _set(self) -> None:
        await self._bot.set_webhook(self._url, allowed_updates=KINDS, secret_token=self._secret)

    async def _check(self) -> None:
        """Check that Telegram can reach the URL, and set the webhook again if another process has replaced it."""
        try:
            info = await self._bot.get_webhook_info()
            if info.url != self._url:
                log.error("another process took the webhook away, and this one takes it back: one token, one bot")
                await self._set()
        except TelegramError as error:
            log.warning("Telegram does not say how the webhook fares: %s", error)
            return
        at_s = info.last_error_date.timestamp() if info.last_error_date else 0.0
        if at_s > self._error_s:
            self._error_s = at_s
            log.error("Telegram can't reach PUBLIC_URL: %s", info.last_error_message)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True
