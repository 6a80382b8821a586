"""Posting updates to the bot's webhook, as Telegram does."""

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.worlds.telegram.wire import JSON

RETRY_S = 0.05


class Webhook:
    """Posts updates one by one, each until it is answered with 2xx. `target` replaces the address's host."""

    def __init__(self, updates: Callable[[], list[JSON]], forget: Callable[[JSON], None]) -> None:
        self.url = ""
        self.secret = ""
        self.kinds: list[str] = []
        self.target = ""
        self.answers: list[int] = []
        self._updates = updates
        self._forget = forget
        self._last_error = ""

    def set(self, url: str, secret: str, kinds: list[str] | None) -> None:
        self.url, self.secret, self.kinds = url, secret, kinds or []

    @property
    def info(self) -> JSON:
        known: JSON = {"url": self.url, "has_custom_certificate": False, "pending_update_count": len(self._updates())}
        return known | ({"last_error_date": 1, "last_error_message": self._last_error} if self._last_error else {})

    async def post(self, update: Any, **headers: str) -> int:
        """Post once; return the status, 0 without a response."""
        known = {"X-Telegram-Bot-Api-Secret-Token": self.secret} | headers
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(
                    self.target + urlsplit(self.url).path, data=io.BytesIO(json.dumps(update).encode()), headers=known
                ) as answer,
            ):
                return answer.status
        except aiohttp.ClientError as error:
            self._last_error = str(error)
            return 0

    async def run(self) -> None:
        """Post waiting updates, for ever."""
        while True:
            waiting = self._updates()
            if not (self.url and self.target and waiting):
                await asyncio.sleep(RETRY_S / 10)
                continue
            status = await self.post(waiting[0])
            self.answers.append(status)
            if 200 <= status < 300:
                self._forget(waiting[0])
            else:
                await asyncio.sleep(RETRY_S)
