"""Those who mean no good: they keep nobody else out."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from typing import cast

import pytest
from aiohttp.web import Server

from bots.web.listener import MOST
from bots.web.server import Web
from tests.makers import web_of
from tests.waiting import WAIT_S, until

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
    async with asyncio.timeout(WAIT_S):
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
        await until(lambda: caplog.records)
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
