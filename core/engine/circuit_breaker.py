"""Hold submissions back while all of them would fail alike, then let one through to try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from core.domain.errors import GatewayError
from core.domain.lifecycle import Reason

FIRST_PAUSE_S = 5.0


class CircuitBreaker:
    """Open after a failure that concerns every submission, and hold all of them back; close after a success."""

    def __init__(self, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._failures = 0
        self._until_s = 0.0
        self._probe = asyncio.Lock()
        self._released = False
        self._wake = asyncio.Event()
        self._trouble: GatewayError | None = None

    def trouble(self) -> GatewayError | None:
        """Return the error for which submissions are held back now, if any."""
        return self._trouble if self.open_s else None

    def why(self) -> Reason | None:
        """Return why submissions have been held back; None again once one has succeeded."""
        if self._released:
            return Reason.RESTARTING
        return self._trouble.reason if self._trouble is not None else None

    @property
    def passes(self) -> bool:
        """Whether the breaker is closed."""
        return not self._failures

    @property
    def open_s(self) -> float:
        """What is left of the pause, in seconds."""
        return max(0.0, self._until_s - asyncio.get_running_loop().time()) if self._failures else 0.0

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Wait until a submission makes sense; after a failure they pass one at a time, until one succeeds."""
        async with AsyncExitStack() as trial:
            if self._failures:
                await trial.enter_async_context(self._probe)
                await self._pause()
            if not self._failures:
                await trial.aclose()
            yield

    async def _pause(self) -> None:
        while self._failures and not self._released:
            wait_s = self._until_s - asyncio.get_running_loop().time()
            if wait_s <= 0:
                break
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue  # over, unless it has been made longer meanwhile

    def release(self) -> None:
        """End every wait: the process stops."""
        self._released = True
        self._wake.set()

    def succeed(self) -> None:
        """Note that a submission was accepted."""
        self._failures = 0
        self._trouble = None
        self._end_pauses()

    def resume(self) -> bool:
        """End the pause, so that the next submission tries at once; return whether there was one."""
        if not self.open_s:
            return False
        self._failures, self._until_s = 1, asyncio.get_running_loop().time()
        self._end_pauses()
        return True

    def _end_pauses(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()

    def fail(self, error: GatewayError) -> bool:
        """Note a failure and pause, twice as long each time; return whether the kind of failure is a new one."""
        news = type(error) is not type(self._trouble)
        if self._until_s <= asyncio.get_running_loop().time() or not self._failures:
            self._failures += 1
        pause_s = max(self._first_pause_s * 2 ** (self._failures - 1), error.retry_after_s or 0)
        pause_s = min(pause_s, error.longest_pause_s)
        self._until_s = max(self._until_s, asyncio.get_running_loop().time() + pause_s)
        self._trouble = error
        return news
