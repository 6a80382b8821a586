"""The library's HTTP transport on aiohttp, which the gateway client uses too.

The library's default, httpx, leaks a pool slot for good if a call is cancelled at certain moments. Here a call is never
cancelled: if its caller is, the call continues until it ends or times out.
"""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp.payload import BufferedReaderPayload, BytesPayload, Payload
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from core.gateway.client import BROKEN, read_some
from core.gateway.proxies import told
from core.gateway.tls import tls_context

CONNECT_S, READ_S, WRITE_S = 10, 15, 120
KEEP_ALIVE_S = 5
"""How long a connection is kept idle; short, since a call on one that Telegram is closing has an unknown outcome."""
LAST_S = 1.0
"""How long calls may take to end once their connections are closed."""
WHOLE_BYTES = 2**20
"""An upload up to so large is one write."""
BODY_MAX_BYTES = 32 * 1024 * 1024


class AiohttpRequest(BaseRequest):
    """Makes the library's calls; holds connections until `shutdown`."""

    def __init__(self, most: int, read_s: float = READ_S, *, proxy: str | None = None) -> None:
        """`most` is the limit on concurrent calls; further ones wait for a connection."""
        self._most = most
        self._read_s = read_s
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[tuple[int, bytes]]] = set()

    @property
    def under_way(self) -> int:
        """How many calls have not ended."""
        return len(self._under_way)

    @property
    def read_timeout(self) -> float:
        """The default read timeout, in seconds."""
        return self._read_s

    async def initialize(self) -> None:
        """Do nothing: the session is created on first use."""

    async def shutdown(self) -> None:
        """Close the connections, which ends all calls."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._under_way:
            _, stuck = await asyncio.wait(self._under_way, timeout=LAST_S)
            for task in stuck:
                task.cancel()

    async def do_request(  # noqa: PLR0917 - the base class gives the signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - part of connecting
    ) -> tuple[int, bytes]:
        """Make a call and wait for its answer; cancellation ends only the wait. Raises NetworkError, TimedOut."""
        read_s, connect_s = _given(read_timeout, self._read_s), _given(connect_timeout, CONNECT_S)
        deadlines = aiohttp.ClientTimeout(
            total=connect_s + _given(write_timeout, WRITE_S) + read_s, connect=connect_s, sock_read=read_s
        )
        return await self._finished(self._exchange(method, url, request_data, deadlines))

    async def download(self, url: str, most_bytes: int) -> tuple[int, bytes]:
        """Get a file, up to so many bytes; return the status and them. Raises NetworkError, TimedOut."""
        deadlines = aiohttp.ClientTimeout(total=CONNECT_S + self._read_s, connect=CONNECT_S)
        return await self._finished(self._exchange("GET", url, None, deadlines, most_bytes))

    async def _finished(self, exchange: Coroutine[Any, Any, tuple[int, bytes]]) -> tuple[int, bytes]:
        task = asyncio.create_task(exchange)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task})
        if task.cancelled():
            raise NetworkError("the connections were closed")
        return task.result()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Decode an answer without logging it, as it holds members' texts. Raises TelegramError."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("Invalid server response") from None
        if not isinstance(answer, dict) or not answer.keys() & {"result", "description"}:
            raise TelegramError("Invalid server response")
        return answer

    async def _exchange(
        self,
        method: str,
        url: str,
        data: RequestData | None,
        deadlines: aiohttp.ClientTimeout,
        most_bytes: int = BODY_MAX_BYTES,
    ) -> tuple[int, bytes]:
        how: dict[str, Any] = {"data": await _body(data), "proxy": self._proxy, "allow_redirects": False}
        try:
            async with self._live().request(method, url, timeout=deadlines, **how) as response:
                return response.status, await read_some(response.content, most_bytes)
        except BROKEN as error:
            raise _fault(error, url) from error

    def _ended(self, task: "asyncio.Task[tuple[int, bytes]]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, since there may be no caller left to do so

    def _live(self) -> aiohttp.ClientSession:
        """Return the session, created here because aiohttp needs a running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, ssl=tls_context(), keepalive_timeout=KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )
        return self._session


def _given(timeout: Any, otherwise_s: float) -> float:
    return float(timeout) if isinstance(timeout, int | float) else otherwise_s


async def _body(data: RequestData | None) -> Payload | None:
    """Encode parameters and files as a form; one that is in memory leaves by one write, not by three for each field."""
    form = _form(data)
    body = form() if form else None
    if not isinstance(body, aiohttp.MultipartWriter) or (body.size or 0) > WHOLE_BYTES:
        return body
    return BytesPayload(await body.as_bytes(), headers=body.headers)


def _form(data: RequestData | None) -> aiohttp.FormData | None:
    """Encode parameters and files as a form, with file names in UTF-8."""
    if data is None or not (data.parameters or data.contains_files):
        return None
    form = aiohttp.FormData(data.json_parameters, quote_fields=False, charset="utf-8")
    for field, (name, content, kind) in data.multipart_data.items():
        part = content if isinstance(content, bytes) else _File(content, content_type=kind, disposition=None)
        form.add_field(field, part, filename=name, content_type=kind)
    return form


class _File(BufferedReaderPayload):
    """A file that is read from its start and left open, so that the call can be repeated; its owner closes it."""

    def __init__(self, file: Any, **how: Any) -> None:
        file.seek(0)
        super().__init__(file, **how)

    def _close(self) -> None: ...


def _fault(error: Exception, url: str) -> NetworkError:
    """Return the library's error without the URL, which contains the token."""
    words = told(error).replace(url, url.rpartition("/")[2])
    return TimedOut(words) if isinstance(error, TimeoutError) else NetworkError(words)
