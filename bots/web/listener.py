"""Accepts connections from the internet: a limited number, each with a deadline for its first request."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from core.domain.errors import ConfigurationError

log = logging.getLogger(__name__)

MOST = 256
"""The most connections; for one more, the one idle longest is closed."""
HEADERS_S = 10.0
"""How long a new connection may take to send its request."""
BACKLOG = 128
PAUSE_S = 1.0
"""The pause in accepting while the system has no room for another connection."""
QUIET_S = 60.0
FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Strangers(logging.Filter):
    """Logs one line a minute about malformed requests, which anybody on the internet can send."""

    def __init__(self) -> None:
        super().__init__()
        self._said_s = -QUIET_S

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to log; a well-formed request that met a fault of ours is logged."""
        if record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError):
            return True
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        record.msg, record.args = "requests come that are no HTTP; they are refused, and named once a minute", ()
        quiet = time.monotonic() - self._said_s < QUIET_S
        self._said_s = self._said_s if quiet else time.monotonic()
        return not quiet


async def try_listening(host: str, port: int, settings: str = "HTTP") -> None:
    """Bind an address and release it. Raises ConfigurationError when it is taken."""
    (await _bind(asyncio.Protocol, host, port, settings)).close()


async def _bind(answering: Callable[[], asyncio.Protocol], host: str, port: int, settings: str) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(answering, host, port, start_serving=False)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(_why_not(settings, host, port, error)) from error


def _why_not(settings: str, host: str, port: int, error: OSError | UnicodeError) -> str:
    at_host, at_port = f"{settings}_HOST {host}", f"{settings}_PORT {port}"
    if isinstance(error, UnicodeError | socket.gaierror) or error.errno in {None, errno.EADDRNOTAVAIL}:
        wanted = "put 127.0.0.1, or 0.0.0.0 for every address that it has"
        return f"{at_host} is no name or address of this machine: {wanted}."
    if error.errno == errno.EADDRINUSE:
        return f"{at_port} is in use on {host}: stop what listens there, or put another port."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"{at_port} is not for this user: put one from 1024 to 65535."
    return f"{at_host}, {at_port} can't be listened on: {error.strerror}."


class Listener:
    """Accepts connections by itself: asyncio logs a hundred tracebacks a time when it has no descriptor for them."""

    def __init__(self, answering: Callable[[], web.RequestHandler]) -> None:
        """`answering` makes the protocol of a connection."""
        self._answering = answering
        self._listening: list[socket.socket] = []
        self._entering: dict[web.RequestHandler, asyncio.Task[None]] = {}
        self._inside: set[web.RequestHandler] = set()
        self._idle: dict[web.RequestHandler, asyncio.TimerHandle | None] = {}
        """Connections without a request under way, idle longest first, and until when they may stay."""
        self._complained_s = -QUIET_S

    async def open(self, host: str, port: int, settings: str = "HTTP") -> None:
        """Listen. Raises ConfigurationError when the address can't be had."""
        loop = asyncio.get_running_loop()
        bound = await _bind(self._answering, host, port, settings)
        self._listening = [there.dup() for there in bound.sockets]
        bound.close()
        for there in self._listening:
            there.listen(BACKLOG)
            loop.add_reader(there, self._knocked, there)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening[0].getsockname()[1])

    async def close(self) -> None:
        """Stop accepting; the server knows every accepted connection when this returns."""
        for there in self._listening:
            asyncio.get_running_loop().remove_reader(there)
            there.close()
        if self._entering:
            await asyncio.wait(self._entering.values())
        for deadline in filter(None, self._idle.values()):
            deadline.cancel()

    def busy(self, peer: web.RequestHandler) -> None:
        """Note that a connection has sent its request."""
        if deadline := self._idle.pop(peer, None):
            deadline.cancel()

    def idle(self, peer: web.RequestHandler) -> None:
        """Note that a connection has its answer and is idle again."""
        if peer in self._inside:
            self._idle[peer] = None

    def _knocked(self, there: socket.socket) -> None:
        try:
            line, _ = there.accept()
        except OSError as error:
            if error.errno in FULL:
                self._pause(there, error)
            return  # else the peer has gone
        line.setblocking(False)
        self._forget_gone()
        if len(self._inside) >= MOST and not self._turned_out():
            line.close()
            return
        peer = self._answering()
        self._inside.add(peer)
        self._idle[peer] = asyncio.get_running_loop().call_later(HEADERS_S, self._turn_out, peer)
        self._entering[peer] = asyncio.create_task(self._enter(peer, line))

    async def _enter(self, peer: web.RequestHandler, line: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: peer, line)
        except OSError:
            line.close()
        finally:
            del self._entering[peer]

    def _pause(self, there: socket.socket, error: OSError) -> None:
        loop = asyncio.get_running_loop()
        if time.monotonic() - self._complained_s >= QUIET_S:
            self._complained_s = time.monotonic()
            log.error("nobody can be let in at the HTTP port for now: %s", error.strerror)
        self._turned_out()
        loop.remove_reader(there)
        loop.call_later(PAUSE_S, self._listen_again, there)

    def _listen_again(self, there: socket.socket) -> None:
        if there.fileno() >= 0:
            asyncio.get_running_loop().add_reader(there, self._knocked, there)

    def _forget_gone(self) -> None:
        gone = {peer for peer in self._inside if peer.transport is None and peer not in self._entering}
        for peer in gone:
            self.busy(peer)
        self._inside -= gone

    def _turned_out(self) -> bool:
        """Close the connection that has been idle longest; return False where none is."""
        peer = next(iter(self._idle), None)
        if peer is not None:
            self._turn_out(peer)
        return peer is not None

    def _turn_out(self, peer: web.RequestHandler) -> None:
        self.busy(peer)
        self._inside.discard(peer)
        if peer.transport is not None:
            peer.transport.abort()
