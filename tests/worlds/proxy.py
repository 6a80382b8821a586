"""A small HTTP proxy: tunnels by CONNECT, requests in absolute form, and a record of both."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass
class Proxy:
    """`names`: local ports by host name; only the proxy can resolve them."""

    names: Mapping[str, int]
    user: str = ""
    port: int = 0
    passed: list[str] = field(default_factory=list)
    """`METHOD host` of each forwarded connection."""
    refused: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.user}@127.0.0.1:{self.port}" if self.user else f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection to the target of its first request."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        host = target.removeprefix("http://").partition("/")[0].partition(":")[0]
        allowed = not self.user or f"Basic {b64encode(unquote(self.user).encode()).decode()}".encode() in head
        if not allowed or host not in self.names:
            self.refused.append(f"{method} {host}")
            writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" if not allowed else b"HTTP/1.1 502 No\r\n\r\n")
            writer.close()
            return
        self.passed.append(f"{method} {host}")
        from_there, to_there = await asyncio.open_connection("127.0.0.1", self.names[host])
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Go ahead\r\n\r\n")
        else:
            to_there.write(head)
        with suppress(ConnectionError):
            await asyncio.gather(_pump(reader, to_there), _pump(from_there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65_536):
            writer.write(block)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def proxy(names: Mapping[str, int], user: str = "") -> AsyncIterator[Proxy]:
    """Serve on a free port; `user` is the required `name:password`."""
    made, tasks = Proxy(names, user), set[asyncio.Task[None]]()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(made.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1")
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # so that the transports close
