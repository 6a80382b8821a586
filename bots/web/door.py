"""An address at which HTTP is spoken: a limited number of connections, each with deadlines."""

import logging
from typing import cast

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.web.listener import Listener, Strangers
from core.domain.errors import ConfigurationError

peers = logging.getLogger(f"{__name__}.peers")
peers.addFilter(Strangers())

IDLE_S = 75.0
"""How long a connection is kept for the next request; a proxy before us should close its own sooner."""
LINGER_S = 2.0
"""How long the unread rest of a body is drained, so that the answer is not lost."""


class Door:
    """Serves an application at an address."""

    def __init__(self, app: web.Application, host: str, port: int, settings: str) -> None:
        """`settings`: the beginning of the names of those that say where, such as HTTP."""
        self._host = host
        self._port = port
        self._settings = settings
        app.middlewares.insert(0, self._seen)
        # No access log: paths hold secrets. No decompression: nobody has a reason to send it.
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=2,
            auto_decompress=False,
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            logger=peers,
        )
        self._listener: Listener

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address can't be had."""
        await self._runner.setup()
        self._listener = Listener(cast("web.Server", self._runner.server))
        try:
            await self._listener.open(self._host, self._port, self._settings)
        except ConfigurationError:
            await self._runner.cleanup()
            raise

    @property
    def port(self) -> int:
        """Where it listens, also where the port was to be any."""
        return self._listener.port

    async def stop(self) -> None:
        """Stop listening, end requests under way and close every connection."""
        await self._listener.close()
        await self._runner.cleanup()

    @web.middleware
    async def _seen(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._listener.busy(request.protocol)
        try:
            return await handler(request)
        finally:
            self._listener.idle(request.protocol)
