"""`python -m benchmarks.peer [FILE]`: gateway and chat in a process of their own, so that their CPU is not measured.

A job runs until `/complete/{id}` is called. FILE is the audio of every job. It exits when its standard input closes.
"""

import asyncio
import contextlib
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

BLOCK_BYTES = 64 * 1024
LONGEST_POLL_S = 30.0
USER = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


@dataclass
class Link:
    """The latency and bandwidth of the network."""

    latency_s: float = 0.0
    """Before each answer."""
    bytes_per_s: float = 0.0
    """Per transfer; 0 means unlimited."""

    async def begin(self) -> None:
        """Wait for a round trip."""
        if self.latency_s:
            await asyncio.sleep(self.latency_s)

    async def carry(self, size_bytes: int, started_s: float) -> None:
        """Wait as long as a number of bytes takes to transfer."""
        if self.bytes_per_s:
            await asyncio.sleep(max(0.0, started_s + size_bytes / self.bytes_per_s - time.monotonic()))


@dataclass
class Peer:
    """The gateway and the chat that the service talks to."""

    audio: Path | None
    link: Link = field(default_factory=Link)
    polls: int = 0
    callbacks: dict[str, str] = field(default_factory=dict)
    """Callback URL by request id."""
    complete: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    """When an upload was accepted, by chat."""
    _numbers: Any = field(default_factory=count)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_get("/v2/requests/status/{id}", self.status)
        app.router.add_post("/{model}/v1/{name}", self.submit)
        app.router.add_get("/media/{id}", self.media)
        app.router.add_route("*", "/bot{token}/{method}", self.chat)
        app.router.add_post("/control/link", self.set_link)
        app.router.add_post("/control/complete/{id}", self.finish)
        app.router.add_get("/control/times", self.times)
        return app

    # --- the gateway ----------------------------------------------------------------------------------------------

    async def status(self, request: web.Request) -> web.Response:
        """Answer a poll."""
        self.polls += 1
        name = request.match_info["id"]
        await self.link.begin()
        done = name in self.complete
        output = {"media_url": [f"http://{request.host}/media/{name}"]} if done else {}
        answer = {"request_id": name, "status": "COMPLETED" if done else "PROCESSING", "output": output, "error": None}
        return web.json_response(answer)

    async def submit(self, request: web.Request) -> web.Response:
        """Accept a request."""
        name = f"request-{next(self._numbers)}"
        if url := request.headers.get("X-Webhook-URL"):
            self.callbacks[name] = url
        return web.json_response({"request_id": name, "status": "QUEUED"}, status=202)

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send the audio at the link's speed."""
        if self.audio is None:
            raise web.HTTPNotFound
        await self.link.begin()
        if not self.link.bytes_per_s:
            return web.FileResponse(self.audio, headers={"Content-Type": "audio/mpeg"})
        response = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        response.content_length = self.audio.stat().st_size
        await response.prepare(request)
        started_s, sent = time.monotonic(), 0
        with self.audio.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                sent += len(block)
                await self.link.carry(sent, started_s)
                await response.write(block)
        return response

    # --- the chat -------------------------------------------------------------------------------------------------

    async def chat(self, request: web.Request) -> web.Response:
        """Answer a Bot API call, and record when an upload was accepted."""
        started_s, size = time.monotonic(), 0
        body = bytearray()
        async for block in request.content.iter_chunked(BLOCK_BYTES):
            size += len(block)
            body += block[: max(0, BLOCK_BYTES - len(body))]
            await self.link.carry(size, started_s)
        await self.link.begin()
        method = request.match_info["method"]
        if method == "getUpdates":
            await asyncio.sleep(LONGEST_POLL_S)
        result: Any = {"getMe": USER, "getUpdates": []}.get(method, True)
        if method in {"sendVoice", "sendAudio", "sendMessage"}:
            chat = _field(bytes(body), "chat_id")
            result = {"message_id": 1, "date": 0, "chat": {"id": int(chat), "type": "private"}}
            if method != "sendMessage":
                self.accepted[chat] = time.monotonic()
        return web.json_response({"ok": True, "result": result})

    # --- control --------------------------------------------------------------------------------------------------

    async def set_link(self, request: web.Request) -> web.Response:
        """Set the latency and bandwidth."""
        self.link = Link(**await request.json())
        return web.Response()

    async def finish(self, request: web.Request) -> web.Response:
        """Complete a job and call back to a port, if one is given."""
        name = request.match_info["id"]
        self.complete[name] = time.monotonic()
        if port := request.query.get("port"):
            url = f"http://127.0.0.1:{port}{urlsplit(self.callbacks[name]).path}"
            async with aiohttp.ClientSession() as session:
                await self.link.begin()
                body = {"request_id": name, "status": "COMPLETED"}
                async with session.post(url, json=body) as answer:
                    answer.raise_for_status()
        return web.Response()

    async def times(self, _: web.Request) -> web.Response:
        """Return what happened when, on the monotonic clock that all processes share."""
        return web.json_response({"complete": self.complete, "accepted": self.accepted, "polls": self.polls})


def _field(body: bytes, name: str) -> str:
    """Return a field of a form, multipart or not."""
    _, found, rest = body.partition(f'name="{name}"'.encode())
    if found:
        return rest.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0].decode()
    return body.partition(f"{name}=".encode())[2].partition(b"&")[0].decode()


async def main(audio: str | None = None) -> None:
    """Serve until standard input closes."""
    runner = web.AppRunner(Peer(Path(audio) if audio else None).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
