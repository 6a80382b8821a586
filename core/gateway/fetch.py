"""Download what the gateway made, from hosts that the gateway names: trusted with nothing, least of all the key."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from core.domain.errors import ConfigurationError, MediaUnavailable
from core.files.spool import Part, in_thread, own_disk
from core.gateway.addresses import AddressRefused, MayConnect, is_public, vetting
from core.gateway.proxies import Proxies
from core.gateway.settings import MediaLimits

BUFFER_BYTES = 2**20
"""One hop to a thread and one write for each; the last one's publishes the file."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAY_APPEAR = frozenset({403, 404, 408, 425, 429})
"""A new object is not at every edge of a CDN at once; the others ask to come back."""
LONGEST_URL = 8000
"""Beyond what servers take in a request line; reading a host name takes time that grows with its square."""
NOT_AUDIO = (b"<!doctype", b"<html", b"<?xml")
"""The beginnings of a page that was served in place of the file."""
WORDS = ("text/", "application/json", "application/problem+json", "application/xml")


class MediaFetcher:
    """Fetches artifacts. The gateway's own origin may be anywhere and plain http; all else is https and public."""

    def __init__(
        self,
        gateway_url: str,
        limits: MediaLimits,
        tls: ssl.SSLContext,
        *,
        resolver: AbstractResolver | None = None,
        may_connect: MayConnect = is_public,
        proxies: Proxies | None = None,
    ) -> None:
        self._own = origin(URL(gateway_url))
        self._limits = limits
        self._tls = tls
        self._resolver = resolver
        self._may_connect = may_connect
        self._proxies = proxies or Proxies()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def fetch(self, url: str, into: Path) -> str:
        """Stream one artifact to a file, all whose bytes are on disk when this returns, and return its content type.

        Raises MediaUnavailable and StoreError.
        """
        target = media_url(url)
        try:
            async with asyncio.timeout(self._limits.total_s), self._opened(target) as response:
                await save(response, into, self._limits.max_bytes)
                return response.headers.get("Content-Type", "")
        except (aiohttp.ClientError, OSError) as exc:
            # Not chained, and told by its class: the text of a library's error may hold the signed address.
            what = exc.strerror if isinstance(exc, OSError) and exc.strerror else type(exc).__name__
            raise MediaUnavailable(f"{target.host}: {what}", may_retry=may_pass(exc)) from None

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()

    @asynccontextmanager
    async def _opened(self, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        """Follow redirects by hand, each target judged like the first, up to an answer with a body."""
        for _ in range(1 + self._limits.max_redirects):
            session, proxy = await self._way(url)
            async with session.get(url, allow_redirects=False, proxy=proxy) as response:
                if response.status not in REDIRECTS:
                    yield response
                    return
                url = redirected(response)
        raise MediaUnavailable(f"{url.host}: too many redirects", may_retry=False)

    async def _way(self, url: URL) -> tuple[aiohttp.ClientSession, str | None]:
        """Choose how to connect, and by which proxy. Raises MediaUnavailable where an address must not be asked."""
        own = origin(url) == self._own
        if not own and url.scheme != "https":
            raise MediaUnavailable(f"{url.host}: media must come by https", may_retry=False)
        try:
            proxy = self._proxies.of(url)
        except ConfigurationError as error:
            raise MediaUnavailable(f"{url.host}: {error}", may_retry=True) from error
        if proxy and not own:
            await self._judge(url)
        vetted = not own and proxy is None  # the proxy itself may be anywhere
        if vetted not in self._sessions:
            self._sessions[vetted] = self._new_session(vetted=vetted)
        return self._sessions[vetted], proxy

    async def _judge(self, url: URL) -> None:
        """Judge what a name means here, before a proxy is asked for it: nobody sees what it means there.

        What can't be looked up here is left to the proxy, since behind one there often is no look-up at all.
        """
        resolver = self._resolver or aiohttp.ThreadedResolver()
        try:
            found = await resolver.resolve((url.host or "").rstrip("."), url.port or 0, socket.AF_UNSPEC)
        except OSError:
            return
        if not all(self._may_connect(address["host"]) for address in found):
            raise MediaUnavailable(f"{url.host}: not a public address", may_retry=False)

    def _new_session(self, *, vetted: bool) -> aiohttp.ClientSession:
        limits = self._limits
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.max_connections,
                ssl=self._tls,
                resolver=self._resolver,
                socket_factory=vetting(self._may_connect) if vetted else None,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(sock_connect=limits.connect_s, sock_read=limits.read_s),
            headers={"Accept-Encoding": "identity", "User-Agent": "troubadour"},
        )


def origin(url: URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port, which are what two addresses share when one server answers both."""
    return url.scheme, (url.host or "").casefold(), url.port


def media_url(text: str) -> URL:
    """Read an address as the gateway gave it. Raises MediaUnavailable."""
    if len(text) > LONGEST_URL:
        raise MediaUnavailable(f"the media address has {len(text)} characters", may_retry=False)
    try:
        # A signature covers the exact spelling, so only what can't stand in a request line is quoted anew.
        url = URL(text, encoded=all("!" <= c <= "~" for c in text))
        usable = url.scheme in {"http", "https"} and url.host and url.user is None and url.password is None
    except ValueError:
        usable = False
    if not usable:
        raise MediaUnavailable("the media address is not a plain http(s) one", may_retry=False)
    return url


def redirected(response: aiohttp.ClientResponse) -> URL:
    """Return where a redirect leads. Raises MediaUnavailable."""
    try:
        target = response.url.join(URL(response.headers.get("Location", ""), encoded=True))
    except ValueError:
        raise MediaUnavailable(f"{response.url.host}: redirect to nowhere", may_retry=False) from None
    return media_url(str(target))


def may_pass(exc: Exception) -> bool:
    """Say whether a failure may be gone at the next try: not what we, or the address itself, ruled out."""
    return not isinstance(exc, aiohttp.InvalidURL) and not isinstance(exc.__cause__, AddressRefused)


async def save(response: aiohttp.ClientResponse, into: Path, max_bytes: int) -> None:
    """Write the body to disk as it comes, then put it in its place. Raises MediaUnavailable and StoreError."""
    host = response.url.host
    if response.status != 200:
        may_retry = response.status in MAY_APPEAR or response.status // 100 in {2, 5}
        raise MediaUnavailable(f"{host}: answered {response.status}", may_retry=may_retry)
    size = 0
    with own_disk():
        part = Part(into)
    try:
        is_last = False
        while not is_last:
            block = await read_block(response.content)
            if size == 0 and not block:
                raise MediaUnavailable(f"{host}: empty", may_retry=True)
            if size == 0 and is_page(response.headers.get("Content-Type", ""), block):
                raise MediaUnavailable(f"{host}: a page in place of media", may_retry=True)
            size += len(block)
            if max(size, response.content_length or 0) > max_bytes:
                raise MediaUnavailable(f"{host}: more than {max_bytes} bytes", may_retry=False)
            is_last = len(block) < BUFFER_BYTES
            await in_thread(part.publish if is_last else part.write, block)
    finally:
        part.discard()


def is_page(content_type: str, block: bytes) -> bool:
    """Tell whether a page, or words that are called so, begin here."""
    begin = block[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    called_words = content_type.strip().casefold().startswith(WORDS)
    return begin.startswith(NOT_AUDIO) or (called_words and not any(c < 0x20 and c not in b"\t\n\r" for c in begin))


async def read_block(content: aiohttp.StreamReader) -> bytes:
    """Read BUFFER_BYTES or a little more, less at the end, nothing after it."""
    block = bytearray()
    while len(block) < BUFFER_BYTES and (chunk := await content.readany()):
        block += chunk
    return bytes(block)
