"""The program with a former leak: httpx sends the calls to Telegram, and chat actions are cancelled."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from telegram.error import TimedOut
from telegram.request import HTTPXRequest

from bots import __main__ as program
from bots.telegram import connection
from bots.telegram.transport import READ_S

TURNS = 16
"""Turns of the event loop after which a call is cancelled."""


class LeakyRequest(HTTPXRequest):
    """Sometimes loses a connection of httpx's pool for good."""

    def __init__(self, most: int, read_s: float = READ_S, *, proxy: str | None = None) -> None:
        """`most` is the size of the pool."""
        super().__init__(connection_pool_size=most, read_timeout=read_s, proxy=proxy)

    @property
    def under_way(self) -> int:
        """Return the number of connections in use."""
        connections = self._client._transport._pool.connections  # type: ignore[attr-defined]
        return sum(not connection.is_idle() for connection in connections)

    async def do_request(self, url: str, *how: Any, **more: Any) -> tuple[int, bytes]:
        """Make a call; cancel a chat action in the middle."""
        call = asyncio.create_task(super().do_request(url, *how, **more))
        if not url.endswith("/sendChatAction"):
            return await call
        for _ in range(random.randrange(TURNS)):  # noqa: S311 - nothing secret
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait({call})
        raise TimedOut


def main(arguments: Sequence[str]) -> int:
    """Run a command of the program."""
    connection.AiohttpRequest = LeakyRequest  # type: ignore[assignment, attr-defined]
    return program.main(arguments)
