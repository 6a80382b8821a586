"""A client of a stand-in, as several tests need it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from core.domain.errors import GatewayError
from core.domain.products import catalog
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from tests.core.gateway.stand_in import StandIn, answer

KEY = "secret-key-0123456789"
SPEECH = catalog()["speech"]
WORDS = {"text": 'Ünï "quoted"\n[whispers] 🎵', "voice": "Aria", "stability": 0.5}
TAKEN = answer(202, '{"request_id": "r-1", "status": "QUEUED"}')


@asynccontextmanager
async def client(url: str, **more: Any) -> AsyncIterator[GatewayClient]:
    settings: dict[str, Any] = {"connect_s": 1, "submit_s": 5, "status_s": 5} | more
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


def ending(said: bytes) -> str:
    return repr(said[-30:])
