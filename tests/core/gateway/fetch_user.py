"""A fetcher with names that resolve as a test wants, as several tests need it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from core.domain.errors import MediaUnavailable
from core.gateway.fetch import MediaFetcher
from core.gateway.settings import MediaLimits
from tests.core.gateway.stand_in import StandIn, client_tls
from tests.waiting import WAIT_S

LIMITS = MediaLimits(max_bytes=4 * 2**20, total_s=WAIT_S, connect_s=WAIT_S, read_s=WAIT_S)
WAVE = b"RIFF" + bytes(range(256)) * 12_000


class Names(AbstractResolver):
    """Resolves every name to the addresses given."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        self.asked.append(host)
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            ResolveResult(hostname=host, host=a, port=port, family=families[":" in a], proto=0, flags=0)
            for a in self.addresses
        ]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def fetcher(gateway_url: str = "https://gateway.test", **more: Any) -> AsyncIterator[MediaFetcher]:
    given: dict[str, Any] = {"limits": LIMITS, "tls": client_tls()} | more
    made = MediaFetcher(gateway_url, **given)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "audio"


async def fetched(server: StandIn, into: Path, path: str = "/a.wav", **more: Any) -> None:
    async with fetcher(server.url, **more) as media:
        await media.fetch(server.url + path, into)


async def refused(url: str, into: Path, gateway_url: str = "https://gateway.test", **more: Any) -> MediaUnavailable:
    """Fetch in vain; nothing may be left in the directory."""
    async with fetcher(gateway_url, **more) as media:
        with pytest.raises(MediaUnavailable) as caught:
            await media.fetch(url, into)
    assert list(into.parent.iterdir()) == []
    assert "signature" not in caught.value.detail
    assert caught.value.__cause__ is None
    return caught.value
