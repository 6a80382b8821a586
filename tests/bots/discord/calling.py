"""A studio that is told where to call back, and whoever reaches the server's port."""

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp import web

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.worlds.discord import Reply

PUBLIC = "https://bot.example"


class CallingStudio(Studio):
    """Keeps the callback addresses, and may lose its answer to a submission."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.names: list[str] = []
        self.asked = 0
        self.answer_submits = asyncio.Event()
        self.answer_submits.set()
        self.submitted = asyncio.Event()
        self.breaks = False

    async def _submit(self, request: web.Request) -> web.Response:
        assert request.headers["X-Webhook-Mode"] == "terminal"
        self.addresses.append(request.headers["X-Webhook-URL"])
        answer = await super()._submit(request)
        self.names.append(json.loads(answer.body or b"")["request_id"])  # type: ignore[arg-type]
        self.submitted.set()
        await self.answer_submits.wait()
        if self.breaks:
            assert request.transport is not None
            request.transport.close()
        return answer

    async def _status(self, request: web.Request) -> web.Response:
        self.asked += 1
        return await super()._status(request)

    @property
    def path(self) -> str:
        return self.addresses[-1].removeprefix(PUBLIC)


class Caller:
    """Whoever reaches the server's port."""

    def __init__(self, app: App, session: aiohttp.ClientSession) -> None:
        self._base = f"http://127.0.0.1:{app.web.port}"
        self._session = session

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(self._base + path) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, body: Any) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.post(self._base + path, data=data) as answer:
            return answer.status


async def speak(stage: Stage) -> Reply:
    return await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
