"""`python -m benchmarks.peer`: gateway and Telegram in a process of their own, so that their CPU is not measured.

A request runs until it is completed by `/control/complete/{id}`; those of members' orders complete as soon as they are
accepted, or after as long as `/control/pace` says for each character. It exits when its standard input closes.
"""

import asyncio
import contextlib
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from benchmarks.sounds import wav

SECONDS = 5
"""How long audio is, unless it is by characters."""
BLOCK_BYTES = 64 * 1024
LONGEST_POLL_S = 30.0
LONGEST_MESSAGE = 4096
REST_S = 0.1
"""Between two orders: Telegram takes 30 messages a second of a bot."""
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
class Pace:
    """How long requests run and how long their audio is, by the characters of their text."""

    run_s: float = 0.0
    audio_s: float = 0.0


@dataclass
class Peer:
    """The gateway and the Telegram that the service talks to."""

    link: Link = field(default_factory=Link)
    pace: Pace = field(default_factory=Pace)
    port: int = 0
    """Where the service is called back."""
    polls: int = 0
    complete: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    """When an upload was accepted, by chat."""
    _audio: dict[str, bytes] = field(default_factory=dict)
    _documents: dict[str, str] = field(default_factory=dict)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _listening: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Any = field(default_factory=count)
    _chats: Any = field(default_factory=lambda: count(1000))
    _arrived: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_get("/v2/requests/status/{id}", self.status)
        app.router.add_post("/{model}/v1/{name}", self.submit)
        app.router.add_get("/media/{id}", self.media)
        app.router.add_route("*", "/bot{token}/{method}", self.chat)
        app.router.add_get("/file/bot{token}/{id}", self.document)
        app.router.add_post("/control/link", self.set_link)
        app.router.add_post("/control/pace", self.set_pace)
        app.router.add_post("/control/port/{port}", self.set_port)
        app.router.add_get("/control/heard", self.heard)
        app.router.add_post("/control/complete/{id}", self.finish)
        app.router.add_post("/control/orders", self.orders)
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
        """Accept a request, and complete one that can be called back."""
        name, body = f"request-{next(self._numbers)}", await request.text()
        seconds = len(body) * self.pace.audio_s or SECONDS
        self._audio[name] = wav(seconds)
        if url := request.headers.get("X-Webhook-URL"):
            task = asyncio.create_task(self._run(name, url, len(body) * self.pace.run_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.json_response({"request_id": name, "status": "QUEUED"}, status=202)

    async def _run(self, name: str, url: str, seconds: float) -> None:
        await asyncio.sleep(max(REST_S, seconds))  # not before the submission is answered and committed
        self.complete[name] = time.monotonic()
        await self.link.begin()
        to = f"http://127.0.0.1:{self.port}{urlsplit(url).path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(to, json={"request_id": name, "status": "COMPLETED"}) as answer,
        ):
            answer.raise_for_status()

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Send the audio at the link's speed."""
        audio = self._audio[request.match_info["id"]]
        await self.link.begin()
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        response.content_length = len(audio)
        await response.prepare(request)
        started_s = time.monotonic()
        for at in range(0, len(audio), BLOCK_BYTES):
            await self.link.carry(at + BLOCK_BYTES, started_s)
            await response.write(audio[at : at + BLOCK_BYTES])
        return response

    # --- Telegram -------------------------------------------------------------------------------------------------

    async def chat(self, request: web.Request) -> web.Response:
        """Answer a Bot API call, and record when an upload was accepted."""
        started_s, size = time.monotonic(), 0
        body = bytearray()
        async for block in request.content.iter_chunked(BLOCK_BYTES):
            size += len(block)
            body += block[: max(0, BLOCK_BYTES - len(body))]
            await self.link.carry(size, started_s)
        await self.link.begin()
        return web.json_response({"ok": True, "result": await self._result(request, bytes(body))})

    async def _result(self, request: web.Request, body: bytes) -> Any:
        method = request.match_info["method"]
        if method == "getUpdates":
            return await self._news(int(_field(body, "offset") or 0))
        if method == "getFile":
            name = _field(body, "file_id")
            return {"file_id": name, "file_unique_id": name, "file_path": name}
        if method in {"sendVoice", "sendAudio", "sendMessage", "editMessageText"}:
            chat = _field(body, "chat_id")
            message = {"message_id": next(self._numbers) + 1, "date": 0, "chat": {"id": int(chat), "type": "private"}}
            if method in {"sendVoice", "sendAudio"}:
                self.accepted[chat] = time.monotonic()
                self._arrived[chat].set()
                message["voice"] = {"file_id": chat, "file_unique_id": chat, "duration": SECONDS}
            return message
        return {"getMe": USER}.get(method, True)

    async def _news(self, offset: int) -> list[dict[str, Any]]:
        self._listening.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_POLL_S), self._changed:
                while not (news := [update for update in self._updates if update["update_id"] >= offset]):
                    await self._changed.wait()
                return news
        return []

    async def document(self, request: web.Request) -> web.Response:
        """Send what a member has uploaded."""
        return web.Response(text=self._documents[request.match_info["id"]])

    # --- control --------------------------------------------------------------------------------------------------

    async def set_link(self, request: web.Request) -> web.Response:
        """Set the latency and bandwidth."""
        self.link = Link(**await request.json())
        return web.Response()

    async def set_pace(self, request: web.Request) -> web.Response:
        """Set how long requests and their audio are."""
        self.pace = Pace(**await request.json())
        return web.Response()

    async def set_port(self, request: web.Request) -> web.Response:
        """Set where to call back."""
        self.port = int(request.match_info["port"])
        return web.Response()

    async def heard(self, _: web.Request) -> web.Response:
        """Wait until the service listens to the chat."""
        await self._listening.wait()
        return web.Response()

    async def finish(self, request: web.Request) -> web.Response:
        """Complete a request and tell so by the answer."""
        self.complete[request.match_info["id"]] = time.monotonic()
        await self.link.begin()
        return web.Response()

    async def orders(self, request: web.Request) -> web.Response:
        """Let members order speech, one after the other, each in a chat of their own; tell the times of each."""
        return web.json_response([await self._order(text) for text in await request.json()])

    async def _order(self, text: str) -> Mapping[str, float]:
        chat = str(next(self._chats))
        ordered_s = time.monotonic()
        async with self._changed:
            self._updates = [{"update_id": int(chat), "message": self._message(chat, text)}]
            self._changed.notify_all()
        await self._arrived[chat].wait()
        accepted_s = self.accepted[chat]
        await asyncio.sleep(REST_S)
        completed_s = max(self.complete.values())
        return {"from_order_s": accepted_s - ordered_s, "from_complete_s": accepted_s - completed_s}

    def _message(self, chat: str, text: str) -> dict[str, Any]:
        member = {"id": int(chat), "first_name": "Ann", "is_bot": False}
        message: dict[str, Any] = {
            "message_id": int(chat),
            "date": int(time.time()),
            "chat": {"id": int(chat), "type": "private", "first_name": "Ann"},
            "from": member,
        }
        command = [{"type": "bot_command", "offset": 0, "length": len("/speak")}]
        if len(text) < LONGEST_MESSAGE - 100:
            return message | {"text": f"/speak Aria {text}", "entities": command}
        self._documents[name := f"story{chat}"] = text
        file = {"file_id": name, "file_unique_id": name, "file_name": "story.txt", "mime_type": "text/plain"}
        return message | {
            "caption": "/speak Aria",
            "caption_entities": command,
            "document": file | {"file_size": len(text.encode())},
        }

    async def times(self, _: web.Request) -> web.Response:
        """Return what happened when, on the monotonic clock that all processes share."""
        return web.json_response({"complete": self.complete, "accepted": self.accepted, "polls": self.polls})


def _field(body: bytes, name: str) -> str:
    """Return a field of a form, multipart or not."""
    _, found, rest = body.partition(f'name="{name}"'.encode())
    if found:
        return rest.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0].decode()
    return body.partition(f"{name}=".encode())[2].partition(b"&")[0].decode()


async def main() -> None:
    """Serve until standard input closes."""
    runner = web.AppRunner(Peer().app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
