"""The client over real HTTP: connections that break, and answers of the status endpoint."""

import asyncio
import json
from typing import Any

import pytest

from core.domain import errors
from core.domain.contract import RequestStatus
from core.domain.errors import GatewayError
from core.gateway.answers import Status
from tests.core.gateway.client_user import KEY, SPEECH, TAKEN, WORDS, client, ending, once_heard, refused
from tests.core.gateway.stand_in import answer, stand_in
from tests.waiting import WAIT_S

# --- what goes wrong on the way ---------------------------------------------------------------------------------


async def test_no_connection_means_that_nothing_left() -> None:
    async with stand_in(TAKEN) as server:
        pass
    assert type(await refused(server)) is errors.Unreachable


async def test_a_certificate_that_is_not_trusted_means_that_nothing_left() -> None:
    async with stand_in(TAKEN, tls=True) as server:
        assert type(await refused(server)) is errors.Unreachable
    assert server.heard == []


async def test_no_submit_waits_for_a_connection_that_another_has() -> None:
    async with stand_in(None) as server, client(server.url, max_connections=1) as gateway:
        submits = [asyncio.create_task(gateway.submit(SPEECH, WORDS, "token")) for _ in range(3)]
        async with asyncio.timeout(WAIT_S):
            while len(server.heard) < 3:
                server.arrived.clear()
                await server.arrived.wait()
        for submit in submits:
            submit.cancel()
        assert await asyncio.gather(*submits, return_exceptions=True)


async def test_a_poll_that_waits_for_a_free_connection_in_vain_is_over_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in(None) as server, client(server.url, max_connections=1, connect_s=20, status_s=1000) as gateway:
        first = asyncio.create_task(gateway.status("request-1"))
        with pytest.raises(errors.Unreachable):
            await once_heard(server, gateway.status("request-2"), monkeypatch)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 202",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 2\xff\xfe OK\r\nContent-Length: 0\r\n\r\n",
        answer(202, '{"request_id": "r-1"}', length=100),
        b"HTTP/1.1 202 Cut\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{",
        b"HTTP/1.1 202 Long\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=ending,
)
async def test_a_broken_answer_is_no_answer_and_the_post_is_not_repeated(said: bytes) -> None:
    async with stand_in(said, keep=False) as server:
        error = await refused(server)
    assert type(error) is errors.NoAnswer
    assert error.accepted is None
    assert len(server.heard) == 1


async def test_silence_is_no_answer_and_the_post_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in(None) as server:
        assert type(await once_heard(server, refused(server), monkeypatch)) is errors.NoAnswer
    assert len(server.heard) == 1


async def test_an_answer_that_never_ends_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stand_in(answer(202, length=1_000_000), drip=True) as server:
        assert type(await once_heard(server, refused(server), monkeypatch)) is errors.NoAnswer


async def test_a_connection_that_the_server_hangs_up_on_costs_one_post_only() -> None:
    """The first answer invites to keep the connection; the second request is read, then the line goes dead."""
    replies = iter([TAKEN, b""])
    async with stand_in(lambda _: next(replies)) as server, client(server.url) as gateway:
        assert await gateway.submit(SPEECH, WORDS, "token") == "r-1"
        with pytest.raises(errors.NoAnswer):
            await gateway.submit(SPEECH, WORDS, "token")
    assert [heard.method for heard in server.heard] == ["POST", "POST"]


async def test_a_submit_never_rides_on_a_connection_that_may_be_stale() -> None:
    async with stand_in(TAKEN) as server, client(server.url) as gateway:
        for _ in range(3):
            await gateway.submit(SPEECH, WORDS, "token")
        assert server.connections == 3


async def test_polls_share_a_connection_and_survive_a_stale_one() -> None:
    replies = iter([answer(200, '{"status": "QUEUED"}'), b"", answer(200, '{"status": "COMPLETED"}')])
    async with stand_in(lambda _: next(replies)) as server, client(server.url) as gateway:
        assert (await gateway.status("r-1")).status == "QUEUED"
        assert (await gateway.status("r-1")).status == "COMPLETED"
    assert server.connections == 2
    assert [heard.method for heard in server.heard] == ["GET"] * 3


async def test_a_cancelled_submit_stays_cancelled_and_leaves_the_client_usable() -> None:
    replies = iter([None, TAKEN])
    async with stand_in(lambda _: next(replies)) as server, client(server.url) as gateway:
        task = asyncio.create_task(gateway.submit(SPEECH, WORDS, "token"))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await gateway.submit(SPEECH, WORDS, "token") == "r-1"
    assert len(server.heard) == 2


# --- status -----------------------------------------------------------------------------------------------------

URL = "https://media.test/a.wav"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"status": "COMPLETED", "error": None, "output": {"media_url": [URL]}},
            Status(RequestStatus.COMPLETED, (URL,)),
        ),
        ({"status": "COMPLETED", "output": {"media_url": URL}}, Status(RequestStatus.COMPLETED, (URL,))),
        (
            {"status": "COMPLETED", "output": {"media_url": [None, URL, 3, "", {}]}},
            Status(RequestStatus.COMPLETED, (URL,)),
        ),
        ({"status": "COMPLETED", "output": {"media_url": [URL] * 99}}, Status(RequestStatus.COMPLETED, (URL,) * 10)),
        ({"status": "COMPLETED", "output": {"media_url": None}}, Status(RequestStatus.COMPLETED)),
        ({"status": "COMPLETED", "output": {"media_url": {}}}, Status(RequestStatus.COMPLETED)),
        ({"status": "COMPLETED", "output": {}}, Status(RequestStatus.COMPLETED)),
        ({"status": "COMPLETED", "output": [URL]}, Status(RequestStatus.COMPLETED)),
        ({"status": "COMPLETED", "output": None}, Status(RequestStatus.COMPLETED)),
        ({"status": "FAILED", "error": f"no {KEY}\u0000\ud800!"}, Status(RequestStatus.FAILED, (), "no [key] !")),
        ({"status": "ERROR", "error": {"message": "no"}}, Status(RequestStatus.ERROR, (), "no")),
        ({"status": "ERROR", "error": {"code": 3}}, Status(RequestStatus.ERROR)),
        ({"status": "ERROR", "error": 3}, Status(RequestStatus.ERROR)),
        ({"status": "ERROR", "error": ""}, Status(RequestStatus.ERROR)),
        ({"status": "WARMING_UP"}, Status(RequestStatus.OTHER)),
        ({"status": 7}, Status(RequestStatus.OTHER)),
        ({}, Status(RequestStatus.OTHER)),
    ],
)
async def test_a_status_is_read_whatever_is_missing(said: dict[str, Any], expected: Status) -> None:
    async with stand_in(answer(200, json.dumps(said))) as server, client(server.url) as gateway:
        assert await gateway.status("r-1") == expected


async def test_an_id_is_one_path_segment() -> None:
    async with stand_in(answer(200, "{}")) as server, client(server.url) as gateway:
        await gateway.status("../a/b?c#d %2fé")
    (heard,) = server.heard
    assert heard.path == "/v2/requests/status/..%2Fa%2Fb%3Fc%23d%20%252f%C3%A9"
    assert heard.headers["ocp-apim-subscription-key"] == KEY


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(200, "<html>"), errors.Unreadable),
        (answer(200, "[]"), errors.Unreadable),
        (answer(401), errors.Unauthorized),
        (answer(404, '{"error": "unknown request"}'), errors.RequestUnknown),
        (answer(429, "", {"Retry-After": "9999"}), errors.TooManyRequests),
        (answer(503), errors.ServerError),
        (None, errors.NoAnswer),
    ],
)
async def test_a_status_that_can_not_be_had_is_a_gateway_error(
    said: bytes | None, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand_in(said) as server, client(server.url) as gateway:
        with pytest.raises(GatewayError) as caught:
            await once_heard(server, gateway.status("r-1"), monkeypatch)
    assert type(caught.value) is expected
    assert caught.value.retry_after_s in {None, 300}
