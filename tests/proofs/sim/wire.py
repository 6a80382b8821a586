"""The network, in memory: bytes of the real HTTP clients and of the real server, with a wait on each leg."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.proofs.sim.transport import CHUNK, Caller, Server, Transport

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

OWN = "10.9.8.1"
"""The gateway's address, which may be private; no other may."""
ALLOWED = frozenset({OWN, "104.16.0.9", "162.159.1.1", "149.154.167.220"})
"""Written out: what the product takes for private is not asked."""


@dataclass(slots=True)
class Request:
    """One call as a world sees it."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """What a world answers; `point` is the moment at which the process has read it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    point: str = ""
    endless: bool = False
    """The body goes on for as long as somebody reads."""
    missing: int = 0
    """Bytes that are announced and never come."""

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Simulated"]
        if not self.endless:
            lines.append(f"Content-Length: {len(self.body) + self.missing}")
        lines += [f"{name}: {value}" for name, value in {"Connection": "keep-alive", **self.headers}.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


Answer = Callable[[Reply], None]
Handler = Callable[[Request, Answer], None]


class Wire:
    """Names, addresses, connections and partitions."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.timeline = history.timeline
        self.addresses: dict[str, str] = {}
        self.handlers: dict[str, Handler] = {}
        self.cut_until_s: dict[str, float] = {}
        self.ghost = False
        """Whether a call arrives that a process made which is dead by now."""
        self._hosts: dict[str, str] = {}
        self._sockets: dict[int, str] = {}
        self._server: Callable[[], Any] | None = None

    def host(self, name: str, address: str, handler: Handler) -> None:
        self.addresses[name] = address
        self._hosts[address] = name
        self.handlers[name] = handler

    # --- what the loop asks for -----------------------------------------------------------------------------------

    async def resolve(self, host: str, port: int) -> list[Any]:
        await asyncio.sleep(self.timeline.leg_s())
        if self.history.draw("net.resolve") or host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.addresses[host], port))]

    async def connect(self, sock: socket.socket, address: Any) -> None:
        ip = str(address[0])
        if ip not in ALLOWED:
            self.history.breach("no connection to a private address", f"connected to {ip}")
        host = self._hosts.get(ip, "")
        await asyncio.sleep(self.timeline.leg_s())
        kind = self.history.draw("net.connect")
        if self.is_cut(host) or (kind and kind.data == "hang"):
            await asyncio.get_running_loop().create_future()
        if kind or not host:
            raise ConnectionRefusedError(111, "Connection refused")
        self._sockets[sock.fileno()] = host

    def is_cut(self, host: str) -> bool:
        return self.timeline.now_s < self.cut_until_s.get(host, 0)

    def connected(self, sock: socket.socket, protocol: Any) -> tuple["Link", Any]:
        host = self._sockets.pop(sock.fileno())
        sock.close()
        link = Link(self, protocol, host)
        protocol.connection_made(link)
        return link, protocol

    def listen(self, protocol_factory: Callable[[], Any]) -> "Server":
        self._server = protocol_factory
        return Server()

    def stop_listening(self) -> None:
        self._server = None

    # --- calls from outside ---------------------------------------------------------------------------------------

    def call_us(self, path: str, body: bytes, answered: Callable[[int], None], *, method: str = "POST") -> None:
        """Call our web server as anybody on the internet could."""
        if self._server is None or self.history.incarnation.dead:
            return
        head = f"{method} {path} HTTP/1.1\r\nHost: bot.sim\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        Caller(self, self._server, head.encode() + body, answered)


class Link(Transport):
    """A connection that the process made."""

    def __init__(self, wire: Wire, protocol: Any, host: str) -> None:
        super().__init__(wire, protocol)
        self.host = host
        self._buffer = bytearray()

    def write(self, data: Any) -> None:
        if self.closed or self.loop.dead:
            return
        self._buffer += data
        while request := self._parsed():
            self._send(request)

    def writelines(self, chunks: Any) -> None:
        self.write(b"".join(chunks))

    def _parsed(self) -> Request | None:
        head, found, _ = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        start = len(head) + 4
        if headers.get("transfer-encoding") == "chunked":
            return self._chunked(first, headers, start)
        end = start + int(headers.get("content-length", 0))
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return self._request(first, headers, body)

    def _chunked(self, first: str, headers: Mapping[str, str], start: int) -> Request | None:
        body, at = bytearray(), start
        while (line_end := self._buffer.find(b"\r\n", at)) >= 0:
            size = int(self._buffer[at:line_end], 16)
            chunk_end = line_end + 2 + size
            if len(self._buffer) < chunk_end + 2:
                return None
            body += self._buffer[line_end + 2 : chunk_end]
            at = chunk_end + 2
            if size == 0:
                del self._buffer[:at]
                return self._request(first, headers, bytes(body))
        return None

    def _request(self, first: str, headers: Mapping[str, str], body: bytes) -> Request:
        method, path, _ = first.split(" ")
        return Request(method, self.host, path, headers, body)

    def _send(self, request: Request) -> None:
        history, timeline = self.wire.history, self.wire.timeline
        if request.method == "POST" and request.host == "gateway.sim":
            history.point("bytes sent")
        kind = history.draw("net.request")
        how = kind.data if kind else ""
        wait_s = timeline.leg_s() + (timeline.rng.uniform(1, 25) if how == "slow" else 0)
        if how == "reset":
            timeline.after(wait_s, self.push, ConnectionResetError(104, "Connection reset by peer"))
        elif how == "close":
            timeline.after(wait_s, self.push, None)
        elif how != "lost":
            timeline.after(wait_s, self._arrive, request, how)

    def _arrive(self, request: Request, how: str) -> None:
        if not self.wire.is_cut(self.host):
            self.wire.ghost = self.loop.dead
            self.wire.handlers[self.host](request, lambda reply: self._answered(reply, how))
            self.wire.ghost = False

    def _answered(self, reply: Reply, how: str) -> None:
        if not self.wire.is_cut(self.host):
            self.wire.timeline.after(self.wire.timeline.leg_s(), self._deliver, reply, how)

    def _deliver(self, reply: Reply, how: str) -> None:
        whole = reply.head() + reply.body
        if reply.endless:
            self.push(whole)
            self._go_on(reply.body or bytes(CHUNK))
        elif how in _SPOILED:
            for what in _SPOILED[how](whole):
                self.push(what)
        elif how == "trickle":
            for start in range(0, len(whole), 97):
                self.wire.timeline.after(0.02 * start / 97, self.push, whole[start : start + 97])
        elif how != "unanswered":
            self.push(whole, reply.point)

    def _go_on(self, chunk: bytes) -> None:
        if not self.closed and not self.loop.dead:
            self.push(chunk)
            asleep_s = self.loop.asleep_until_s - self.wire.timeline.now_s  # nothing more fits until somebody reads
            self.wire.timeline.after(max(0.05, asleep_s), self._go_on, chunk)


_SPOILED: dict[str, Callable[[bytes], list[bytes | Exception | None]]] = {
    "reset after": lambda _: [ConnectionResetError(104, "Connection reset by peer")],
    "close after": lambda _: [None],
    "cut head": lambda whole: [whole[:20], None],
    "cut body": lambda whole: [whole[:-3], ConnectionResetError(104, "Connection reset by peer")],
    "short body": lambda whole: [whole[:-3], None],
    "garbage": lambda _: [b"\x16\x03\x01\x00\xee\xff", None],
}
