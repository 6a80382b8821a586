"""A gateway that generates what a test wants, when the test wants it."""

import asyncio
import io
import math
import struct
import wave
from typing import Any, Self

from aiohttp import web

RATE_HZ = 16_000


def sound(seconds: float, *, hertz: float = 440.0) -> bytes:
    """Return a WAV file with a tone."""
    into = io.BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        turns = (math.sin(2 * math.pi * hertz * n / RATE_HZ) for n in range(int(seconds * RATE_HZ)))
        file.writeframes(b"".join(struct.pack("<h", int(12_000 * t)) for t in turns))
    return into.getvalue()


class Studio:
    """Answers as the gateway does. While `ready` is cleared, every job is still running."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.ready.set()
        self.audio = sound(0.2)
        self.outcome = "COMPLETED"
        self.error: str | None = None
        """What it says of an order that failed."""
        self.refusal: int | None = None
        """The status that answers every order, in place of taking it."""
        self.orders: list[dict[str, Any]] = []
        self.webhooks: list[str] = []
        """Where each order wants its callbacks, "" for nowhere."""
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v2/requests/status/{id}", self._status)
        app.router.add_get("/media/{id}", self._media)
        app.router.add_post("/{model}/v1/{name}", self._submit)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _submit(self, request: web.Request) -> web.Response:
        self.orders.append(await request.json())
        self.webhooks.append(request.headers.get("X-Webhook-URL", ""))
        if self.refusal is not None:
            return web.json_response({"error": "refused"}, status=self.refusal)
        name = f"{request.match_info['model']}_{len(self.orders)}"
        where = f"{self.url}/v2/requests/status/{name}"
        return web.json_response({"request_id": name, "status": "QUEUED", "polling_url": where}, status=202)

    async def _status(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        answer: dict[str, Any] = {"request_id": name, "status": "PROCESSING", "output": {}, "error": None}
        if self.ready.is_set():
            answer |= {"status": self.outcome, "error": self.error}
            answer["output"] = {"media_url": [f"{self.url}/media/{name}"]} if self.outcome == "COMPLETED" else {}
        return web.json_response(answer)

    async def _media(self, _: web.Request) -> web.Response:
        return web.Response(body=self.audio, content_type="audio/wav")
