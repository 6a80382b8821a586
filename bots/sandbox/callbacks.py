"""Deliver webhooks in the background, with limits on time, attempts and number."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp

from bots.sandbox.config import SandboxConfig

log = logging.getLogger("troubadour.sandbox")

WAITING_LIMIT = 20_000
AT_ONCE = 100


class Callbacks:
    """Posts callbacks; one given `after` another is sent only once that is done."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    def post(self, url: str, body: Mapping[str, Any], after: asyncio.Task[None] | None) -> asyncio.Task[None] | None:
        """Start to deliver a body `webhook_repeats` times, once `after` is done. Returns None if too many wait."""
        if len(self._tasks) >= WAITING_LIMIT:
            log.warning("callback of %s dropped: %d others wait", body["request_id"], WAITING_LIMIT)
            return None
        task = asyncio.create_task(self._deliver(url, body, after))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _deliver(self, url: str, body: Mapping[str, Any], after: asyncio.Task[None] | None) -> None:
        if after:
            await asyncio.wait([after])
        for _ in range(self._config.webhook_repeats):
            if not await self._persist(url, body):
                log.warning("callback of %s given up", body["request_id"])
                return

    async def _persist(self, url: str, body: Mapping[str, Any]) -> bool:
        for attempt in range(self._config.webhook_attempts):
            if attempt:
                await asyncio.sleep(self._config.webhook_backoff_s * 2 ** (attempt - 1))
            async with self._room:
                if await self._send(url, body):
                    return True
        return False

    async def _send(self, url: str, body: Mapping[str, Any]) -> bool:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._config.webhook_timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE))
        try:
            async with self._session.post(url, json=body, allow_redirects=False) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # The URL stays out of the log: it is a secret that authenticates callbacks.
            log.info("callback of %s not delivered: %s", body["request_id"], type(error).__name__)
            return False

    async def close(self) -> None:
        """Cancel the deliveries in progress."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
