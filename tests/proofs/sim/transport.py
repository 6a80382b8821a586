"""What asyncio's protocols see of a connection in memory."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.proofs.sim.wire import Wire

CHUNK = 65_536


class Transport(asyncio.Transport):
    """What asyncio's protocols see of a connection."""

    def __init__(self, wire: "Wire", protocol: Any) -> None:
        super().__init__()
        self.wire = wire
        self.loop = wire.history.incarnation.loop
        self.protocol = protocol
        self.closed = False
        self._inbound: deque[tuple[bytes | Exception | None, str]] = deque()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("10.0.0.9", 4711) if name in {"peername", "sockname"} else default

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.loop.call_soon(self.protocol.connection_lost, None)

    abort = close

    def push(self, what: bytes | Exception | None, point: str = "") -> None:
        """Bring bytes, an end (None) or an error to the process, in this order."""
        if not self.loop.dead and not self.closed:
            self._inbound.append((what, point))
            self.loop.call_soon(self._pump)

    def _pump(self) -> None:
        what, point = self._inbound.popleft()
        if self.closed:
            return
        if isinstance(what, bytes):
            self.protocol.data_received(what)
        else:
            self.closed = True
            self.protocol.connection_lost(what)
        if point:
            self.wire.history.point(point)


class Caller(Transport):
    """A connection from outside to our web server."""

    def __init__(self, wire: "Wire", server: Callable[[], Any], data: bytes, answered: Callable[[int], None]) -> None:
        super().__init__(wire, None)
        self._answered = answered
        self._got = bytearray()
        self.loop.call_soon(self._begin, server, data)

    def _begin(self, server: Callable[[], Any], data: bytes) -> None:
        self.protocol = server()
        self.protocol.connection_made(self)
        for start in range(0, len(data), CHUNK):
            if not self.closed:
                self.protocol.data_received(data[start : start + CHUNK])

    def write(self, data: Any) -> None:
        if self.loop.dead:
            return
        had = bool(self._got)
        self._got += data
        if not had and self._got.startswith(b"HTTP/1.1 "):
            self.wire.timeline.after(self.wire.timeline.leg_s(), self._answered, int(self._got[9:12]))

    def writelines(self, chunks: Any) -> None:
        self.write(b"".join(chunks))


class Server:
    """What `create_server` returns."""

    sockets = ()

    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...
