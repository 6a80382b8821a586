"""A gateway that can be held up in the middle."""

import asyncio

from aiohttp import web

from tests.bots.discord.studio import Studio
from tests.worlds.pulse import Pulse


class Turnstile(Studio):
    """A gateway that can be made to keep one kind of request waiting, once."""

    def __init__(self) -> None:
        super().__init__()
        self.holding = ""
        self.reached = asyncio.Event()
        self.submitted = 0
        self.pulse = Pulse()

    async def _hold(self, stage: str) -> None:
        if self.holding == stage:
            self.holding = ""
            self.reached.set()
            await asyncio.Event().wait()

    async def _submit(self, request: web.Request) -> web.Response:
        self.submitted += 1
        self.pulse.beat()
        await self._hold("submitting")
        return await super()._submit(request)

    async def _status(self, request: web.Request) -> web.Response:
        await self._hold("running")
        return await super()._status(request)

    async def _media(self, request: web.Request) -> web.Response:
        await self._hold("fetching")
        return await super()._media(request)
