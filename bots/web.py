"""One small HTTP server: the gateway's callbacks and health."""

import logging

from aiohttp import web

from core.errors import ConfigurationError
from core.service import Service

log = logging.getLogger(__name__)

LARGEST_BODY_BYTES = 64 * 1024


class Web:
    """Listens on HTTP_HOST and HTTP_PORT."""

    def __init__(self, host: str, port: int, service: Service) -> None:
        self._host = host
        self._port = port
        self._service = service
        app = web.Application(client_max_size=LARGEST_BODY_BYTES)
        app.router.add_get("/healthz", self._health)
        app.router.add_post("/gateway/{token}", self._callback)
        # No access log: the path of a callback is a secret.
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2)

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the address can't be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            where = f"HTTP_HOST {self._host}, HTTP_PORT {self._port}"
            raise ConfigurationError(f"Can't listen on {where}: {error.strerror}") from error

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _callback(self, request: web.Request) -> web.Response:
        """Take a callback as a hint only: the unguessable path names the job, and the status endpoint is asked."""
        try:
            body = await request.json()
        except (ValueError, LookupError, RecursionError):  # of an encoding that nobody knows, nested without end
            return web.json_response({"error": "not JSON"}, status=400)
        request_id = body.get("request_id") if isinstance(body, dict) else None
        known = await self._service.called_back(
            request.match_info["token"], request_id if isinstance(request_id, str) else ""
        )
        return web.json_response({"ok": known}, status=200 if known else 404)
