"""A server that says exactly the bytes it is told to, and remembers what it heard."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    heard: list[Heard] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


Reply = Callable[[Heard], bytes | None]
"""What to say, or None to stay silent. After an answer without a length the connection is closed."""


def answer(
    code: int, body: bytes | str = b"", headers: dict[str, str] | None = None, *, length: int | None = None
) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(content) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@asynccontextmanager
async def stand_in(
    reply: Reply | bytes | None, *, tls: bool = False, keep: bool = True, drip: bool = False
) -> AsyncIterator[StandIn]:
    """Serve on a free port. `keep` False: answer and hang up. `drip`: answer and then send a space now and then."""
    known = StandIn(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()
    say: Reply = reply if callable(reply) else lambda _: reply

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        known.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await converse(reader, writer)
            writer.close()
        except asyncio.CancelledError:  # at the end of the test; nobody waits for this task to say so
            writer.transport.abort()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            known.heard.append(await read_request(reader))
            known.arrived.set()
            said = say(known.heard[-1])
            if said is None:
                await reader.read()
                return
            writer.write(said)
            await writer.drain()
            while drip and not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.02)
            if not keep or b"content-length:" not in said.lower():
                return

    server = await asyncio.start_server(serve, "127.0.0.1", ssl=server_tls() if tls else None)
    known.port = server.sockets[0].getsockname()[1]
    try:
        yield known
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close


async def read_request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.casefold(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return Heard(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
        pem.write(KEY + CERTIFICATE)
        pem.flush()
        context.load_cert_chain(pem.name)
    return context


@cache
def client_tls() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CERTIFICATE)


# Made for these tests and known to everybody: media.test, valid from 2020 to 2120.
KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7XtGaDK+B0U5mb01
R4A1TC31Bdq5I7E/iJTubUdrQSChRANCAASKvygHRQC/VDFAhdrDBzG8rT2xzte5
GyjvCd3aXaEhm4XW2y95aWiKvFjT6oc+V6Wr4m+XcwnrPVok82HOhmmL
-----END PRIVATE KEY-----
"""
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBdDCCARqgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAptZWRpYS50
ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
DAptZWRpYS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEir8oB0UAv1Qx
QIXawwcxvK09sc7XuRso7wnd2l2hIZuF1tsveWloirxY0+qHPlelq+Jvl3MJ6z1a
JPNhzoZpi6NZMFcwFQYDVR0RBA4wDIIKbWVkaWEudGVzdDAPBgNVHRMBAf8EBTAD
AQH/MB0GA1UdDgQWBBQg6B1EZ+XdTDszR8TIt1gW8YQRIDAOBgNVHQ8BAf8EBAMC
AoQwCgYIKoZIzj0EAwIDSAAwRQIgGlE7lFF4R8LQz5MlPAxxHv7uJIpZocRG8KWT
UAOadssCIQC3b7Olg0BjYlqlet0JOzgz9KAu3+icUxWx/UNeD+RxTg==
-----END CERTIFICATE-----
"""
