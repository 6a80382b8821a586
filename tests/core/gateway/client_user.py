"""A client of a stand-in, as several tests need it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from core.domain.errors import GatewayError
from core.domain.products import catalog
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from tests.core.gateway.stand_in import StandIn, answer
from tests.waiting import WAIT_S
from tests.warp import Warp

T = TypeVar("T")
KEY = "secret-key-0123456789"
SPEECH = catalog()["speech"]
WORDS = {"text": 'Ünï "quoted"\n[whispers] 🎵', "voice": "Aria", "stability": 0.5}
TAKEN = answer(202, '{"request_id": "r-1", "status": "QUEUED"}')


@asynccontextmanager
async def client(url: str, **more: Any) -> AsyncIterator[GatewayClient]:
    settings: dict[str, Any] = {"connect_s": WAIT_S, "submit_s": WAIT_S, "status_s": WAIT_S} | more
    made = GatewayClient(GatewaySettings(url=url, key=SecretStr(KEY), **settings))
    try:
        yield made
    finally:
        await made.close()


async def submitted(server: StandIn, **more: Any) -> str:
    async with client(server.url, **more) as gateway:
        return await gateway.submit(SPEECH, WORDS, "token")


async def refused(server: StandIn, **more: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await submitted(server, **more)
    return caught.value


async def once_heard(server: StandIn, call: Awaitable[T], patch: pytest.MonkeyPatch) -> T:
    """Let time pass from when the server has heard a request: on the way to it no deadline runs out."""
    under_way = asyncio.ensure_future(call)
    await server.arrived.wait()
    async with Warp(patch).hurrying():
        return await under_way


def ending(said: bytes) -> str:
    return repr(said[-30:])
