"""The one door that is open to the internet."""

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession
from aiohttp.web import Server

from bots.web.listener import MOST
from bots.web.server import LARGEST_CALLBACK_BYTES, Web
from core.domain.errors import ConfigurationError
from core.domain.models import Job
from tests.core.rig import Rig
from tests.makers import order, web_of


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
    assert await posted(url, known.callback_token, b"{}") == 200
    assert await posted(url, known.job_id, b"{}") == 404
    assert await posted(url, "guess", b'{"request_id": "1", "status": "COMPLETED"}') == 404


async def test_bodies_are_limited_and_must_be_json(job: tuple[str, Job]) -> None:
    url, known = job
    room = LARGEST_CALLBACK_BYTES - len(b'{"a": ""}')
    assert await posted(url, known.callback_token, b'{"a": "%s"}' % (b"x" * room)) == 200
    assert await posted(url, known.callback_token, b'{"a": "%s"}' % (b"x" * (room + 1))) == 413
    assert await posted(url, known.callback_token, b"[" * LARGEST_CALLBACK_BYTES) == 400
    assert await posted(url, known.callback_token, b"not json") == 400


async def test_a_body_that_can_not_be_read_is_refused_in_peace(
    job: tuple[str, Job], caplog: pytest.LogCaptureFixture
) -> None:
    url, known = job
    async with ClientSession() as client:
        address = f"{url}/gateway/{known.callback_token}"
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
            async with asyncio.timeout(5):
                assert await asyncio.get_running_loop().sock_recv(peer, 1) == b""
        except ConnectionResetError:
            pass  # nobody had accepted it yet


# --- those who mean no good -------------------------------------------------------------------------------------------

HALF = b"GET /healthz HTTP/1.1\r\nHost: here\r\n"
LOTS = 1100


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = web_of(None)
    await web.start()
    yield web
    await web.stop()


def connected(web: Web, line: socket.socket | None = None) -> socket.socket:
    line = line or socket.socket()
    line.setblocking(False)
    with suppress(BlockingIOError):
        line.connect(("127.0.0.1", web.port))
    return line


async def answer(line: socket.socket, request: bytes = HALF + b"\r\n") -> bytes:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        await loop.sock_sendall(line, request)
        return await loop.sock_recv(line, 4096)


async def test_half_sent_requests_keep_nobody_else_out(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    lines = []
    for _ in range(LOTS):
        lines.append(connected(web))
        await loop.sock_sendall(lines[-1], HALF)
    with closing(connected(web)) as line:
        assert (await answer(line)).startswith(b"HTTP/1.1 200")
    answering = cast("Server", web._runner.server)
    assert len(answering.connections) <= MOST
    for line in lines:
        line.close()
    assert caplog.records == []


async def test_who_does_not_say_what_they_want_is_turned_out(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(connected(web)) as kept:
        assert (await answer(kept)).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr("bots.web.listener.HEADERS_S", 0.05)
        with closing(connected(web)) as line:
            assert await answer(line, HALF) == b""
        assert (await answer(kept)).startswith(b"HTTP/1.1 200")


async def test_without_descriptors_the_door_waits_and_opens_again(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.listener.PAUSE_S", 0.01)
    lines = [socket.socket() for _ in range(40)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as next_free:
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_free.fileno() + 1, hard))
    try:
        for line in lines:
            connected(web, line)
        async with asyncio.timeout(10):
            while not caplog.records:
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0.01)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (await answer(lines[-1])).startswith(b"HTTP/1.1 200")
    for line in lines:
        line.close()
    assert [r.getMessage() for r in caplog.records] == [
        "nobody can be let in at the HTTP port for now: Too many open files"
    ]


async def test_what_is_no_http_is_one_line_in_the_log(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    for rubbish in (b"GET /healthz HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST / HTTP/9.x\r\n\r\n") * 10:
        with closing(connected(web)) as line:
            assert (await answer(line, rubbish)).startswith(b"HTTP/1.0 400")
    [record] = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
