"""The one door that is open to the internet."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bots.web.server import LARGEST_CALLBACK_BYTES
from core.domain.errors import ConfigurationError
from core.domain.models import Job
from tests.core.rig import Rig
from tests.makers import order, web_of
from tests.moves import only
from tests.waiting import WAIT_S


@pytest.fixture
async def job(tmp_path: Path) -> AsyncIterator[tuple[str, Job]]:
    """Yield the server's address, and a job that callbacks may speak of."""
    async with Rig(tmp_path).running() as alive:
        web = web_of(alive.service)
        await web.start()
        try:
            yield f"http://127.0.0.1:{web.port}", (await alive.service.order(order())).job
        finally:
            await web.stop()


async def posted(url: str, token: str, body: bytes) -> int:
    async with ClientSession() as client, client.post(f"{url}/gateway/{token}", data=body) as response:
        return response.status


async def test_a_stranger_is_told_nothing(job: tuple[str, Job]) -> None:
    url, known = job
    assert await posted(url, only(known).callback_token, b"{}") == 200
    assert await posted(url, known.job_id, b"{}") == 404
    assert await posted(url, "guess", b'{"request_id": "1", "status": "COMPLETED"}') == 404


async def test_bodies_are_limited_and_must_be_json(job: tuple[str, Job]) -> None:
    url, known = job
    room = LARGEST_CALLBACK_BYTES - len(b'{"a": ""}')
    assert await posted(url, only(known).callback_token, b'{"a": "%s"}' % (b"x" * room)) == 200
    assert await posted(url, only(known).callback_token, b'{"a": "%s"}' % (b"x" * (room + 1))) == 413
    assert await posted(url, only(known).callback_token, b"[" * LARGEST_CALLBACK_BYTES) == 400
    assert await posted(url, only(known).callback_token, b"not json") == 400


async def test_a_body_that_can_not_be_read_is_refused_in_peace(
    job: tuple[str, Job], caplog: pytest.LogCaptureFixture
) -> None:
    url, known = job
    async with ClientSession() as client:
        address = f"{url}/gateway/{only(known).callback_token}"
        async with client.post(
            address, data=b"rubbish", headers={"Content-Encoding": "gzip"}, compress=False
        ) as answer:
            assert answer.status == 400
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_an_address_that_is_none_is_the_operators_to_mend() -> None:
    web = web_of(None, "nonsense..")
    with pytest.raises(ConfigurationError, match="HTTP_HOST nonsense"):
        await web.start()


async def test_nothing_else_is_served(job: tuple[str, Job]) -> None:
    url, _ = job
    async with ClientSession() as client:
        for path in ("/", "/gateway/", "/admin", "/gateway/..%2fhealthz"):
            async with client.get(url + path) as response:
                assert response.status in {404, 405}, path


@pytest.mark.parametrize("turns", range(6))
async def test_nobody_hangs_on_a_server_that_stops_while_they_connect(turns: int) -> None:
    web = web_of(None)
    await web.start()
    with socket.create_connection(("127.0.0.1", web.port)) as peer:
        for _ in range(turns):
            await asyncio.sleep(0)
        await web.stop()
        peer.setblocking(False)
        try:
            async with asyncio.timeout(WAIT_S):
                assert await asyncio.get_running_loop().sock_recv(peer, 1) == b""
        except ConnectionResetError:
            pass  # nobody had accepted it yet
