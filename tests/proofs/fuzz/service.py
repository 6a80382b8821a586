"""Properties of a real service's input: callbacks, typed commands of admins, and media addresses."""

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import strategies as st

from bots.commands import table, typed
from bots.commands.command import Asked
from bots.commands.parse import Named
from bots.telegram.escaping import plain as plain_for_telegram
from bots.web.server import LARGEST_CALLBACK_BYTES
from core.domain.errors import MediaUnavailable
from core.gateway.fetch import MediaFetcher
from core.gateway.settings import MediaLimits
from core.gateway.tls import tls_context
from core.ports import Delivery
from tests.core.rig import Incarnation, Rig
from tests.makers import admission, web_of
from tests.makers import caller as somebody
from tests.proofs.fuzz.hostile import BODIES, texts
from tests.proofs.fuzz.parsers import Parser, refused_at_most
from tests.waiting import WAIT_S

Requests = list[tuple[bytes, bytes, bytes]]


def with_service(use: Callable[[Incarnation], Awaitable[None]]) -> None:
    """Pass a real service with a real store to an act; afterwards the books must balance."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            rig = Rig(Path(folder))
            async with rig.running() as alive:
                # Orders from any chat are delivered to the rig's.
                everywhere = cast("dict[str, Delivery]", alive.worker._progress._deliveries)
                everywhere |= dict.fromkeys(("test", "telegram", "discord"), rig.chat)
                await use(alive)

    asyncio.run(run())


class _Faults(logging.Handler):
    """Keeps errors that are logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.seen.append(record.exc_info[1])


@contextmanager
def faultless() -> Iterator[None]:
    """Raise faults that are logged: the bot apologises and goes on, but the fuzzer must not."""
    faults = _Faults()
    logging.getLogger().addHandler(faults)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(faults)
    for fault in faults.seen:
        raise fault


# --- callbacks ----------------------------------------------------------------------------------------------------


def callbacks(requests: Requests) -> None:
    """Whatever is posted, the server answers without a fault of its own, and admits nobody without the token."""

    async def use(alive: Incarnation) -> None:
        await alive.store.admit(admission(job_id="job", callback_token="job.the-token"))
        web = web_of(alive.service)
        await web.start()
        try:
            port = web.port
            for path, kind, body in requests:
                status = await post(port, b"gateway/" + path, b"Content-Type: " + kind, body)
                assert status < 500, (status, path, kind, body[:80])
                assert status != 200 or path == b"job.the-token"
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/healthz") as response:
                assert response.status == 200
        finally:
            await web.stop()

    with_service(use)


async def post(port: int, path: bytes, header: bytes, body: bytes) -> int:
    """Post raw bytes, as no library would; return the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"POST /%s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    line = b""
    async with asyncio.timeout(WAIT_S):
        with suppress(ConnectionError):  # it may hang up before it has read a long body
            writer.write(head % (path, header, len(body)) + body)
            await writer.drain()
            line = await reader.readline()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return int(line.split()[1]) if line else 400


def raw(text: str) -> bytes:
    """Remove line breaks from a part of a header."""
    return text.encode("utf-8", "surrogatepass").replace(b"\r", b"%0d").replace(b"\n", b"%0a")[:5000]


_paths = st.sampled_from((b"job.the-token", b"job", b"job.", b"job.the-toke")) | texts().map(raw).map(
    lambda path: path.replace(b" ", b"%20")
)
_kinds = st.sampled_from((b"application/json", b"text/plain", b"application/json; charset=utf-16")) | texts().map(
    lambda text: b"application/json; charset=" + raw(text)[:50]
)
_bodies = BODIES | st.just(b" " * (LARGEST_CALLBACK_BYTES + 1))


# --- typed acts of admins -----------------------------------------------------------------------------------------


def typed_acts(lines: list[tuple[str, list[str]]]) -> None:
    """Nonsense from an admin is refused."""
    boss = somebody("boss", is_admin=True)

    async def use(alive: Incarnation) -> None:
        for command, words in lines:
            with refused_at_most():
                asked = Asked(service=alive.service, caller=boss)
                said = await typed.answer(asked, command, None, Named(None, None, tuple(words)))
                plain_for_telegram(said.text).encode()

    with_service(use)


_WORDS = sorted({command.group for command in table.COMMANDS})
_words = texts(12).map(lambda text: text.encode("utf-8", "ignore").decode()[:4096].split()).filter(bool)
_lines = st.lists(st.tuples(st.sampled_from(_WORDS), _words), min_size=1, max_size=10)


# --- addresses of media -------------------------------------------------------------------------------------------


class _Nowhere(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        raise OSError(f"{host} is not known")

    async def close(self) -> None:
        pass


def media(urls: list[str]) -> None:
    """The fetcher fails only as it declares, whatever the address; it never connects."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            fetcher = MediaFetcher(
                "http://127.0.0.1:1", MediaLimits(), tls_context(), resolver=_Nowhere(), may_connect=lambda _: False
            )
            for url in urls:
                with pytest.raises(MediaUnavailable) as refused:
                    await fetcher.fetch(url, Path(folder) / "audio")
                assert len(str(refused.value)) < 9000
            await fetcher.close()
            assert list(Path(folder).iterdir()) == []

    asyncio.run(run())


_urls = st.one_of(
    texts(), texts(12).map("https://{}".format), texts(12).map("https://example.com/{}".format),
    st.ip_addresses().map("https://{}/".format), st.ip_addresses(v=6).map("https://[{}]/".format),
    st.from_regex(r"https?://[!-~]{1,20}(:\d{1,9})?/[!-~]{0,20}", fullmatch=True),
)  # fmt: skip

SERVICE = {
    "callbacks": Parser(
        st.lists(st.tuples(_paths, _kinds, _bodies), min_size=1, max_size=10), callbacks, examples=12, quick=False
    ),
    "typed_acts": Parser(_lines, typed_acts, examples=12, quick=False),
    "media_urls": Parser(st.lists(_urls, min_size=1, max_size=10), media, examples=30),
}
