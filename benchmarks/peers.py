"""Clients of `benchmarks.peer`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks import processes
from benchmarks.harness import ROOT

START_S = 20.0
END_S = 5.0


@dataclass(frozen=True, slots=True)
class Reached:
    """A running peer."""

    url: str

    async def be(self, **link: float) -> None:
        """Simulate a link."""
        await self._call("POST", "link", json=link)

    async def pace(self, **pace: float) -> None:
        """Say how long requests and their audio are, by characters."""
        await self._call("POST", "pace", json=pace)

    async def call_at(self, port: int) -> None:
        """Say where the service is called back."""
        await self._call("POST", f"port/{port}")

    async def heard(self) -> None:
        """Wait until the service listens to the chat."""
        await self._call("GET", "heard")

    async def order(self, texts: Sequence[str], figure: str = "from_complete_s") -> list[float]:
        """Let members order these, one after the other; return how long the audio of each took."""
        return [times[figure] for times in await self._call("POST", "orders", json=list(texts))]

    async def times(self) -> dict[str, Any]:
        """Return what happened when."""
        told: dict[str, Any] = await self._call("GET", "times")
        return told

    async def _call(self, method: str, what: str, **more: Any) -> Any:
        url = f"{self.url}/control/{what}"
        async with aiohttp.ClientSession() as session, session.request(method, url, **more) as answer:
            answer.raise_for_status()
            return await answer.json() if answer.content_length else None


@asynccontextmanager
async def peer() -> AsyncIterator[Reached]:
    """Start a peer and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.peer",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    processes.APART.add(process.pid)
    try:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a peer needs pipes")
        async with asyncio.timeout(START_S):
            port = int(await process.stdout.readline())
        yield Reached(f"http://127.0.0.1:{port}")
        process.stdin.close()
        async with asyncio.timeout(END_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
