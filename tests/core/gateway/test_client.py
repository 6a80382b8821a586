"""The client over real HTTP: what a submit sends, and what becomes of everything that can come back."""

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from core.domain import errors
from core.domain.contract import WebhookMode
from core.domain.errors import ConfigurationError
from core.gateway.settings import GatewaySettings
from tests.core.gateway.client_user import KEY, SPEECH, TAKEN, WORDS, client, ending, refused, submitted
from tests.core.gateway.stand_in import answer, stand_in

if TYPE_CHECKING:
    from core.ports import Gateway


# --- what is sent -----------------------------------------------------------------------------------------------


async def test_a_submit_is_what_the_contract_says() -> None:
    async with stand_in(TAKEN) as server:
        assert await submitted(server) == "r-1"
    (heard,) = server.heard
    assert (heard.method, heard.path) == ("POST", "/eleven-v3-alpha-954/v1/eleven-v3-alpha-request")
    assert json.loads(heard.body) == WORDS
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["cache-control"] == "no-cache"
    assert heard.headers["ocp-apim-subscription-key"] == KEY
    assert heard.headers["accept-encoding"] == "identity"
    assert not [name for name in heard.headers if name.startswith("x-webhook")]


async def test_webhook_headers_when_there_is_a_public_url() -> None:
    async with stand_in(TAKEN) as server:
        await submitted(server, public_url="https://bot.example/base/", webhook_mode=WebhookMode.SYNC)
    (heard,) = server.heard
    assert heard.headers["x-webhook-url"] == "https://bot.example/base/gateway/token"
    assert heard.headers["x-webhook-mode"] == "sync"


async def test_paths_are_appended_to_the_gateway_url() -> None:
    async with stand_in(TAKEN) as server, client(f"{server.url}/proxy/") as gateway:
        await gateway.submit(SPEECH, WORDS, "token")
        await gateway.status("r-1")
    assert [heard.path for heard in server.heard] == [f"/proxy{SPEECH.endpoint}", "/proxy/v2/requests/status/r-1"]


async def test_cookies_are_not_kept() -> None:
    said = answer(202, '{"request_id": "r-1"}', {"Set-Cookie": "a=b; Path=/"})
    async with stand_in(said) as server, client(server.url) as gateway:
        for _ in range(2):
            await gateway.submit(SPEECH, WORDS, "token")
            await gateway.status("r-1")
    assert [heard.headers.get("cookie") for heard in server.heard] == [None] * 4


# --- what comes back from a submit ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "body", "expected", "accepted", "retry"),
    [
        (400, '{"error": "Bad Request"}', errors.BadRequest, False, False),
        (400, '{"error": "model Not Found", "message": "gone"}', errors.ModelNotFound, False, False),
        (401, "", errors.Unauthorized, False, False),
        (402, '{"error": "Insufficient Balance"}', errors.OutOfCredit, False, False),
        (403, "<html>no</html>", errors.Forbidden, False, False),
        (404, "{}", errors.BadRequest, False, False),
        (422, "[]", errors.BadRequest, False, False),
        (429, "", errors.TooManyRequests, False, True),
        (500, '{"request_id": "r-1"}', errors.ServerError, None, False),
        (502, "<html>", errors.ServerError, None, False),
        (504, "", errors.ServerError, None, False),
    ],
)
async def test_each_code_has_its_class(
    code: int, body: str, expected: type, accepted: bool | None, retry: bool
) -> None:
    async with stand_in(answer(code, body)) as server:
        error = await refused(server)
    assert type(error) is expected
    assert (error.accepted, error.retry) == (accepted, retry)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "said",
    [
        answer(202, "<html>hello</html>"),
        answer(202, ""),
        answer(202, "{"),
        answer(202, b"\xff\xfe"),
        answer(202, '["request_id"]'),
        answer(202, "{}"),
        answer(202, '{"request_id": ""}'),
        answer(202, '{"request_id": 17}'),
        answer(202, '{"request_id": null}'),
        answer(202, '{"request_id": ".."}'),
        answer(202, '{"request_id": "a\\u0000b"}'),
        answer(202, json.dumps({"request_id": "x" * 201})),
        answer(202, "[" * 500_000),
        answer(202, json.dumps({"padding": "x" * 2**20, "request_id": "r-1"})),
        answer(202, '{"request_id": "r-1"}', {"Content-Encoding": "gzip"}),
        answer(202, gzip.compress(b" " * 2**24 + b'{"request_id": "r-1"}'), {"Content-Encoding": "gzip"}),
        answer(204),
        answer(304),
        answer(301, "", {"Location": "http://["}),
    ],
    ids=ending,
)  # fmt: skip
async def test_an_answer_without_a_usable_id_is_unreadable(said: bytes) -> None:
    async with stand_in(said) as server:
        error = await refused(server)
    assert type(error) is errors.Unreadable
    assert error.accepted is None
    assert len(server.heard) == 1


async def test_a_compressed_answer_is_read_although_it_was_not_asked_for() -> None:
    said = answer(202, gzip.compress(b'{"request_id": "r-1"}'), {"Content-Encoding": "gzip"})
    async with stand_in(said) as server:
        assert await submitted(server) == "r-1"


async def test_a_code_counts_although_its_explanation_never_ends() -> None:
    async with stand_in(answer(402, bytes(2**20 + 1), length=2**30)) as server:
        assert type(await refused(server)) is errors.OutOfCredit


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_with_the_key(code: int) -> None:
    async with stand_in(TAKEN) as other, stand_in(answer(code, "", {"Location": other.url})) as server:
        assert type(await refused(server)) is errors.Unreadable
    assert other.connections == 0


async def test_the_wait_that_the_gateway_asks_for() -> None:
    async with stand_in(answer(429, "", {"Retry-After": "7"})) as server:
        assert (await refused(server)).retry_after_s == 7
    async with stand_in(answer(429)) as server:
        assert (await refused(server)).retry_after_s is None


async def test_the_words_of_the_gateway_reach_the_operator_but_the_key_does_not() -> None:
    body = json.dumps({"error": "Forbidden", "message": f"key {KEY}\x00\n may not " + "x" * 1000})
    async with stand_in(answer(403, body)) as server:
        error = await refused(server)
    assert error.detail.startswith("403 Forbidden: key [key] may not xxx")
    assert len(error.detail) < 700
    assert error.detail.isprintable()


# --- the whole --------------------------------------------------------------------------------------------------


async def test_fetch_goes_without_the_key(tmp_path: Path) -> None:
    async with stand_in(answer(200, b"RIFFdata")) as server, client(server.url) as made:
        gateway: Gateway = made
        await gateway.fetch(f"{server.url}/a.wav", tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"RIFFdata"
    assert KEY not in str(server.heard)


async def test_the_key_is_not_shown() -> None:
    settings = GatewaySettings(url="https://gateway.test", key=SecretStr(KEY))
    async with client("https://gateway.test") as gateway:
        assert KEY not in f"{settings!r} {settings} {gateway!r}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "gateway.test"},
        {"url": "ftp://gateway.test"},
        {"url": "https://user:password@gateway.test"},
        {"url": "https://gateway.test/?a=b"},
        {"url": "https://[::1"},
        {"public_url": "http://bot.example"},
        {"public_url": ""},
        {"key": SecretStr("")},
        {"key": SecretStr("two\r\nlines")},
        {"key": SecretStr("schlüssel")},
    ],
)
def test_settings_that_can_not_work_are_refused(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"url": "https://gateway.test", "key": SecretStr(KEY)} | wrong
    with pytest.raises(ConfigurationError) as caught:
        GatewaySettings(**given)
    assert "password" not in str(caught.value)
    assert "lines" not in str(caught.value)
