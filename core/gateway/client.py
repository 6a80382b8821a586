"""The gateway over HTTP: submit once, ask, fetch.

A submit that may have arrived must never be taken for one that did not. A kept-alive connection that the server
closes at the wrong moment leaves the outcome of a POST unknown: each submit gets a connection of its own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from core.domain.errors import GatewayError, NoAnswer, Unreachable
from core.domain.products import Product
from core.gateway import answers
from core.gateway.answers import Answer, Status
from core.gateway.fetch import MediaFetcher
from core.gateway.proxies import told
from core.gateway.settings import GatewaySettings
from core.gateway.tls import tls_context

NOTHING_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""Raised only while aiohttp waits for a connection, resolves, connects or shakes hands: no byte of a request is out."""

BROKEN = (aiohttp.ClientError, OSError)
"""Whatever an exchange may end with."""


class GatewayClient:
    """The `Gateway` port. Holds connections: close it."""

    def __init__(self, settings: GatewaySettings) -> None:
        """Raises ConfigurationError where the gateway is behind a proxy that can't be used."""
        self._proxy = settings.proxies.of(settings.url)
        self._tls = tls_context()
        self._settings = settings
        self._url = URL(settings.url)
        self._base = self._url.raw_path.rstrip("/")
        self._key = settings.key.get_secret_value()
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._media = MediaFetcher(settings.url, settings.media, self._tls, proxies=settings.proxies)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        how = {"json": product.body_of(parameters), "headers": self._callback(callback_token)}
        return answers.request_id(await self._exchange("POST", product.endpoint, **how), self._key)

    async def status(self, request_id: str) -> Status:
        """Ask the universal status endpoint. Raises GatewayError; RequestUnknown for a 404."""
        path = f"/v2/requests/status/{quote(request_id, safe='')}"
        return answers.status(await self._exchange("GET", path), self._key)

    async def fetch(self, url: str, into: Path) -> str:
        return await self._media.fetch(url, into)

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        await self._media.close()

    def _callback(self, token: str) -> dict[str, str]:
        base = self._settings.callback_base
        if base is None or not token:
            return {}
        return {"X-Webhook-URL": base + quote(token, safe=""), "X-Webhook-Mode": self._settings.webhook_mode}

    async def _exchange(self, method: str, path: str, **how: Any) -> Answer:
        """Send a request and read its answer. Raises Unreachable or NoAnswer."""
        url = self._url.with_path(self._base + path, encoded=True)
        try:
            async with self._session(method).request(method, url, allow_redirects=False, **how) as response:
                return Answer(
                    code=response.status,
                    encoding=response.headers.get("Content-Encoding", "").strip().casefold(),
                    retry_after=response.headers.get("Retry-After"),
                    body=await read_some(response.content),
                )
        except BROKEN as exc:
            raise broken(exc) from exc

    def _session(self, method: str) -> aiohttp.ClientSession:
        """Return the session for submits or for polls; made here, since that must be inside the running loop."""
        if method not in self._sessions:
            total_s = self._settings.submit_s if method == "POST" else self._settings.status_s
            # Each submit may have one at once: to wait for it would look like a gateway that can't be reached.
            limit = 0 if method == "POST" else self._settings.max_connections
            self._sessions[method] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limit, ssl=self._tls, force_close=method == "POST"),
                timeout=aiohttp.ClientTimeout(total=total_s, connect=self._settings.connect_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                proxy=self._proxy,
                headers={
                    "Ocp-Apim-Subscription-Key": self._key,
                    "Cache-Control": "no-cache",
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "troubadour",
                },
            )
        return self._sessions[method]


def broken(exc: Exception) -> GatewayError:
    """Tell a request that can't have left from one that may have."""
    return Unreachable(told(exc)) if isinstance(exc, NOTHING_LEFT) else NoAnswer(told(exc))


async def read_some(content: aiohttp.StreamReader, most: int = answers.BODY_MAX_BYTES) -> bytes:
    """Read the body as it is on the wire, up to so many bytes; the rest is never asked for."""
    body = bytearray()
    while len(body) <= most and (chunk := await content.readany()):
        body += chunk
    return bytes(body[:most])
