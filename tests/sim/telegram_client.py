"""The way to the simulated Telegram, in place of the HTTP client inside the real library."""

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from tests.sim.telegram import HOST, JSON

if TYPE_CHECKING:
    from tests.sim.history import History

_READ_POINTS = {"sendVoice": "upload read", "sendAudio": "upload read"}


class TelegramClient:
    """Stands in for the `httpx.AsyncClient` inside the library's request object, which maps errors as ever."""

    def __init__(self, history: "History", loop: Any, timeout: httpx.Timeout) -> None:
        self.history = history
        self.loop = loop
        self.timeout = timeout
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True

    async def request(
        self,
        *,
        method: str,
        url: str,
        headers: JSON,
        timeout: httpx.Timeout,  # noqa: ASYNC109 - as httpx has it
        files: JSON | None,
        data: JSON | None,
    ) -> "_Response":
        """Carry a call to the world and its answer back, with the faults of the network."""
        called = url.rpartition("/")[2]
        history = self.history
        await self._connect(timeout.connect)
        kind = history.draw("net.request")
        how = kind.data if kind else ""
        answered: asyncio.Future[tuple[int, JSON]] = self.loop.create_future()
        wait_s = history.timeline.leg_s() + (history.timeline.rng.uniform(1, 25) if how == "slow" else 0)
        if how not in {"reset", "close", "lost"}:
            sent = {name: file[1] for name, file in (files or {}).items()}
            uploads = {name: _all_of(content) for name, content in sent.items()}
            history.timeline.after(wait_s, self._arrive, called, dict(data or {}), uploads, answered)
        if how in _BREAKS:
            await asyncio.sleep(wait_s * 3)
            raise _BREAKS[how]("simulated")
        if how in {"lost", "unanswered"}:
            answered = self.loop.create_future()
        try:
            async with asyncio.timeout(timeout.read):
                status, said = await answered
        except TimeoutError:
            raise httpx.ReadTimeout("simulated") from None
        return _Response(status, json.dumps(said).encode())

    async def _connect(self, timeout_s: float | None) -> None:
        kind = self.history.draw("net.connect")
        if self.history.wire.is_cut(HOST) or (kind and kind.data == "hang"):
            await asyncio.sleep(timeout_s or 5)
            raise httpx.ConnectTimeout("simulated")
        if kind or self.history.draw("net.resolve"):
            raise httpx.ConnectError("simulated")

    def _arrive(self, method: str, params: JSON, files: dict[str, bytes], answered: asyncio.Future[Any]) -> None:
        if self.history.wire.is_cut(HOST):
            return

        def answer(status: int, said: JSON) -> None:
            self.history.timeline.after(self.history.timeline.leg_s(), self._answer, method, answered, status, said)

        self.history.telegram.call(method, params, files, answer)

    def _answer(self, method: str, answered: asyncio.Future[Any], status: int, said: JSON) -> None:
        if self.loop.dead or answered.done() or self.history.wire.is_cut(HOST):
            return
        answered.set_result((status, said))
        if method == "getUpdates" and said.get("result"):
            self.history.point("update received")
        elif method in _READ_POINTS:
            self.history.point(_READ_POINTS[method])


_BREAKS: dict[str, type[httpx.RequestError]] = {
    "reset": httpx.ReadError,
    "close": httpx.RemoteProtocolError,
    "reset after": httpx.ReadError,
    "close after": httpx.RemoteProtocolError,
    "cut head": httpx.RemoteProtocolError,
    "cut body": httpx.ReadError,
    "short body": httpx.RemoteProtocolError,
    "garbage": httpx.RemoteProtocolError,
}


@dataclass(slots=True)
class _Response:
    status_code: int
    content: bytes


def _all_of(content: Any) -> bytes:
    """Read an upload as httpx does, from its start."""
    if isinstance(content, bytes):
        return content
    content.seek(0)
    return bytes(content.read())
