"""A client of the sandbox that knows nothing but HTTP and the contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bots.sandbox import Sandbox, SandboxConfig
from tests.waiting import WAIT_S

SPEECH = "/eleven-v3-alpha-954/v1/eleven-v3-alpha-request"
MUSIC = "/elevenlabs-music-api-368/v1/elevenlabs-music-api-request"
AT_ONCE = SandboxConfig(queued_s=0, processing_s=0)


def spoken(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "voice": "Aria"} | more


class User:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        self.key: dict[str, str] = {"Ocp-Apim-Subscription-Key": "sesame"}

    async def submit(self, payload: Any, path: str = SPEECH, **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.sandbox.url + path, json=payload, headers=self.key | named) as answer:
            return answer.status, await answer.json()

    async def ordered(self, payload: Any, path: str = SPEECH, **headers: str) -> str:
        status, body = await self.submit(payload, path, **headers)
        assert status == 202, body
        return str(body["polling_url"])

    async def status(self, polling_url: str) -> dict[str, Any]:
        async with self.session.get(polling_url, headers=self.key) as answer:
            assert answer.status == 200
            body: dict[str, Any] = await answer.json()
            return body

    async def ended(self, polling_url: str) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            while (body := await self.status(polling_url))["completed_at"] is None:
                await asyncio.sleep(0.01)
            return body

    async def media(self, payload: Any, path: str = SPEECH) -> bytes:
        body = await self.ended(await self.ordered(payload, path))
        async with self.session.get(body["output"]["media_url"][0]) as answer:
            assert answer.status == 200
            assert answer.content_type == body["output"]["media_type"]
            return await answer.read()


@asynccontextmanager
async def user_of(config: SandboxConfig = AT_ONCE) -> AsyncIterator[User]:
    async with Sandbox(config) as sandbox, aiohttp.ClientSession() as session:
        yield User(sandbox, session)
