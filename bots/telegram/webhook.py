"""Updates that Telegram posts to us, in place of polling."""

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
KEPT_S = 20.0
"""How long Telegram may wait until an update is in the store; then it is asked to come again."""
LOOK_S = 300.0
"""How often Telegram is asked how it fares."""
LAST_S = 5.0
OK, BAD_REQUEST, FORBIDDEN, TRY_AGAIN = 200, 400, 403, 503


def secret_of(token: str) -> str:
    """Derive what Telegram must show from the bot's token: the same in every process and after every start."""
    return hmac.new(token.encode(), b"troubadour webhook", hashlib.sha256).hexdigest()


class Webhook:
    """Tells Telegram where to post updates, and takes them."""

    def __init__(self, bot: Bot, intake: Intake, token: str, public_url: str) -> None:
        self.live = False
        """Whether updates are taken at this moment."""
        self._bot = bot
        self._intake = intake
        self._secret = secret_of(token)
        self._url = public_url + PATH
        self._stop = asyncio.Event()
        self._error_s = 0.0

    async def run(self) -> None:
        """Take updates until `stop`. Raises PlatformError where Telegram refuses the address, TelegramError."""
        try:
            await self._set()
            self.live = True
            while not await self._stopped_within(LOOK_S):
                await self._look()
        except BadRequest as error:
            raise PlatformError(f"Telegram does not accept PUBLIC_URL as a webhook: {error}") from error
        finally:
            self.live = False

    async def stop(self) -> None:
        """Take no more updates, which wait at Telegram for the next start; finish those that were taken."""
        self.live = False
        self._stop.set()
        try:
            async with asyncio.timeout(LAST_S):
                await self._intake.at_rest()
        except TimeoutError:
            self._intake.abandon()

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take one posted update; the answer says whether Telegram may forget it."""
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
        if not await self._intake.take([update], KEPT_S):
            return TRY_AGAIN
        self._intake.forget(lambda number: number == update.update_id)
        return OK

    async def _set(self) -> None:
        await self._bot.set_webhook(self._url, allowed_updates=KINDS, secret_token=self._secret)

    async def _look(self) -> None:
        """Find out whether Telegram reaches us, and whether another process has taken the bot away."""
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
