"""One small HTTP server: the gateway's callbacks, the chats' updates, health and metrics."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from bots.app.metrics import CONTENT_TYPE
from bots.platform import Hook
from bots.web.door import Door
from core.domain.errors import StoreAway, StoreError
from core.engine.meters import Meters
from core.service.service import Service

log = logging.getLogger(__name__)

LARGEST_CALLBACK_BYTES = 64 * 1024
LARGEST_UPDATE_BYTES = 1024 * 1024
BODY_S = 10.0
"""How long a body may take to arrive."""
ANSWER_S = 3.0
"""The gateway wants its answer within a few seconds."""

ALIVE = {"status": "ok", "service": "troubadour"}
LOOK_S = 3.0

Checks = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns what is wrong, by name; empty when all is well."""


class Web(Door):
    """Listens on HTTP_HOST and HTTP_PORT."""

    def __init__(
        self,
        host: str,
        port: int,
        service: Service | None,
        *,
        meters: Meters,
        checks: Checks,
        troubles: Callable[[], Sequence[str]] = tuple,
        metrics: Callable[[], Awaitable[str]],
        hooks: Mapping[str, Hook],
    ) -> None:
        """`service` takes callbacks; None in a part that has nothing to do with them. `hooks`: where chats post.

        `troubles` names what the operators should know, whether or not it keeps orders from being carried.
        """
        self._checks = checks
        self._troubles = troubles
        self._metrics = metrics
        app = web.Application(middlewares=[_counted(meters)])
        app.router.add_get("/healthz", self._health, name="healthz")
        app.router.add_get("/readyz", self._ready, name="readyz")
        app.router.add_get("/metrics", self._measure, name="metrics")
        if service is not None:
            app.router.add_post("/gateway/{token}", _callback(service), name="callback")
        for path, hook in hooks.items():
            app.router.add_post(path, _update(hook), name=path.strip("/"))
        for route in app.router.named_resources():
            meters.count("http_requests", route, "200", by=0)  # a rate needs a zero to rise from
        super().__init__(app, host, port, "HTTP")

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response(ALIVE)

    async def _ready(self, _: web.Request) -> web.Response:
        wrong = await self._checks()
        status = "not ready" if wrong else "ready"
        said = {"status": status, "wrong": dict(wrong), "troubles": list(self._troubles())}
        return web.json_response(said, status=503 if wrong else 200)

    async def _measure(self, _: web.Request) -> web.Response:
        return web.Response(body=(await self._metrics()).encode(), headers={"Content-Type": CONTENT_TYPE})


def _callback(service: Service) -> Handler:
    """Take a callback as a hint only: the unguessable path names the job, and the status endpoint is asked."""

    async def called_back(request: web.Request) -> web.Response:
        request_id = _request_id(await read(request, LARGEST_CALLBACK_BYTES))
        try:
            async with asyncio.timeout(ANSWER_S):
                known = await service.called_back(request.match_info["token"], request_id)
        except (StoreError, TimeoutError) as error:
            away = error if isinstance(error, StoreError) else StoreAway("no answer in time")
            log.warning("a callback could not be taken; the gateway may come again: %s", away)
            return web.json_response({"error": "try again"}, status=503)
        return web.json_response({"ok": known}, status=200 if known else 404)

    return called_back


def _counted(meters: Meters) -> Middleware:
    """Count requests by their route's name; a path may be a secret."""

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        route, status = request.match_info.route.name or "unknown", 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            meters.count("http_requests", route, str(status))
        return response

    return counted


def _request_id(body: bytes) -> str:
    """Read the id that a callback names, or "" where it names none."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="not JSON") from None
    found = told.get("request_id") if isinstance(told, dict) else None
    return found if isinstance(found, str) else ""


def _update(hook: Hook) -> Handler:
    async def take(request: web.Request) -> web.Response:
        return web.Response(status=await hook(request.headers, await read(request, LARGEST_UPDATE_BYTES)))

    return take


async def read(request: web.Request, largest_bytes: int) -> bytes:
    """Read a body. Raises the HTTP error for one that is too large or too slow."""
    too_large = web.HTTPRequestEntityTooLarge(largest_bytes, request.content_length or 0)
    if (request.content_length or 0) > largest_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > largest_bytes:
                    raise too_large
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, ConnectionResetError):
        raise web.HTTPBadRequest(text="the body can't be read") from None
    return bytes(body)


async def is_served(host: str, port: int) -> bool:
    """Say whether a process of ours answers at an address."""
    url = URL.build(scheme="http", host=host, port=port, path="/healthz")
    try:
        async with ClientSession(timeout=ClientTimeout(LOOK_S)) as session, session.get(url) as answer:
            return bool(await answer.json() == ALIVE)
    except (ClientError, TimeoutError, ValueError):
        return False
