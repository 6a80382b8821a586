"""The gateway over HTTP: submit once, ask, fetch.

A submit that may have arrived must never be taken for one that did not, so two habits of the libraries below are
kept out. The transport reports a connection that broke after the request left as a connect timeout: what counts
here is the error underneath. And a kept-alive connection that the server closes at the wrong moment leaves the
outcome of a POST unknown: each submit gets a connection of its own.

The transports are used without a client around them, whose cookies, redirects, authentication and environment would
have to be turned off one by one, and which takes a third of a poll's CPU.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from core.errors import GatewayError, NoAnswer, Unreachable
from core.gateway import answers
from core.gateway.answers import Answer, Status
from core.gateway.fetch import MediaFetcher
from core.gateway.settings import GatewaySettings
from core.products import Product
from core.tls import tls_context

NOTHING_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Raised only while aiohttp waits for a connection, resolves, connects or shakes hands: no byte of a request is out."""

BROKEN = (httpx.HTTPError, aiohttp.ClientError, OSError, ValueError)
"""Whatever an exchange may end with; ValueError is what an undecodable status line turns into."""

CEILING_S = 1.0
"""aiohttp rounds its longer timeouts up to a whole second: ours comes after."""


class GatewayClient:
    """The `Gateway` port. Holds connections: close it."""

    def __init__(self, settings: GatewaySettings) -> None:
        tls = tls_context()
        self._settings = settings
        self._headers = httpx.Headers(
            {
                "Ocp-Apim-Subscription-Key": settings.key.get_secret_value(),
                "Cache-Control": "no-cache",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "troubadour",
            }
        )
        self._url = settings.url.rstrip("/")
        self._key = settings.key.get_secret_value()
        self._submits = transport(settings, tls, force_close=True)
        self._polls = transport(settings, tls)
        self._media = MediaFetcher(settings.url, settings.media, tls)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        """Post one request, once; return the gateway's request id. Raises GatewayError."""
        headers = httpx.Headers({**self._headers, **self._callback(callback_token)})
        request = httpx.Request("POST", self._url + product.endpoint, json=dict(parameters), headers=headers)
        return answers.request_id(await self._exchange(self._submits, request, self._settings.submit_s), self._key)

    async def status(self, request_id: str) -> Status:
        """Ask the universal status endpoint. Raises GatewayError; a 404 is one like any other."""
        url = f"{self._url}/v2/requests/status/{quote(request_id, safe='')}"
        request = httpx.Request("GET", url, headers=self._headers)
        return answers.status(await self._exchange(self._polls, request, self._settings.status_s), self._key)

    async def fetch(self, url: str, into: Path) -> None:
        """Stream one artifact to a file that is on disk when this returns. Raises MediaUnavailable."""
        await self._media.fetch(url, into)

    async def close(self) -> None:
        """Close every connection."""
        await self._submits.aclose()
        await self._polls.aclose()
        await self._media.close()

    def _callback(self, token: str) -> dict[str, str]:
        base = self._settings.callback_base
        if base is None:
            return {}
        return {"X-Webhook-URL": base + quote(token, safe=""), "X-Webhook-Mode": self._settings.webhook_mode}

    async def _exchange(self, through: AiohttpTransport, request: httpx.Request, answer_s: float) -> Answer:
        """Send a request and read its answer. Raises Unreachable or NoAnswer."""
        connect_s = self._settings.connect_s
        request.extensions["timeout"] = {"connect": connect_s, "pool": connect_s, "read": answer_s}
        try:
            async with asyncio.timeout(connect_s + answer_s + CEILING_S):
                response = await through.handle_async_request(request)
                async with aclosing(response):
                    fields = {name.lower(): value.decode("latin-1") for name, value in response.headers.raw}
                    return Answer(
                        code=response.status_code,
                        encoding=fields.get(b"content-encoding", "").strip().casefold(),
                        retry_after=fields.get(b"retry-after"),
                        body=await read_some(response),
                    )
        except BROKEN as exc:
            raise broken(exc) from exc


def broken(exc: Exception) -> GatewayError:
    """Tell a request that can't have left from one that may have."""
    cause = exc.__cause__ or exc
    detail = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    return Unreachable(detail) if isinstance(cause, NOTHING_LEFT) else NoAnswer(detail)


async def read_some(response: httpx.Response) -> bytes:
    """Read the body as it is on the wire, up to BODY_MAX_BYTES; the rest is never asked for."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > answers.BODY_MAX_BYTES:
            break
    return bytes(body[: answers.BODY_MAX_BYTES])


def transport(settings: GatewaySettings, tls: ssl.SSLContext, *, force_close: bool = False) -> AiohttpTransport:
    """Make what opens connections and keeps them, but no cookie; `force_close`: each is for one request."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=settings.max_connections, ssl=tls, force_close=force_close)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    # A callable: the session must be made inside the running loop.
    return AiohttpTransport(verify=tls, client=session)
