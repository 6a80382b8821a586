"""Hold submissions back while they would only fail alike, then let one through to try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from core.domain.errors import GatewayError
from core.domain.lifecycle import Reason

FIRST_PAUSE_S = 5.0


class CircuitBreaker:
    """Hold back all submissions after a failure that concerns every one of them; let them go on after a success."""

    def __init__(self, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._strikes = 0
        self._until_s = 0.0
        self._probe = asyncio.Lock()
        self._released = False
        self._wake = asyncio.Event()
        self._trouble: GatewayError | None = None

    def trouble(self) -> GatewayError | None:
        """Return the trouble for which submissions are held back now, if any."""
        return self._trouble if self.closed_s else None

    def why(self) -> Reason | None:
        """Return why submissions are held back, until one succeeds."""
        return self._trouble.reason if self._trouble is not None else None

    @property
    def passes(self) -> bool:
        """Whether a submission would pass at once."""
        return not self._strikes

    @property
    def closed_s(self) -> float:
        """The rest of the pause, in seconds; 0 when there is none."""
        return max(0.0, self._until_s - asyncio.get_running_loop().time()) if self._strikes else 0.0

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Wait until a submission makes sense; after a failure one passes at a time, until one succeeds."""
        async with AsyncExitStack() as trial:
            if self._strikes:
                await trial.enter_async_context(self._probe)
                await self._pause()
            if not self._strikes:
                await trial.aclose()
            yield

    async def _pause(self) -> None:
        while self._strikes and not self._released:
            wait_s = self._until_s - asyncio.get_running_loop().time()
            if wait_s <= 0:
                break
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue  # the pause is over, unless it was made longer meanwhile

    def release(self) -> None:
        """End every wait: the process stops."""
        self._released = True
        self._wake.set()

    def opened(self) -> None:
        """Note that a submission was accepted."""
        self._strikes = 0
        self._trouble = None
        self._end_pauses()

    def resume(self) -> bool:
        """Let the next one try at once, and the others once that succeeds; return whether there was a pause to end."""
        if not self.closed_s:
            return False
        self._strikes, self._until_s = 1, asyncio.get_running_loop().time()
        self._end_pauses()
        return True

    def _end_pauses(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()

    def shut(self, error: GatewayError) -> bool:
        """Note a failure and pause, each time twice as long; return whether this is news for the operator."""
        news = type(error) is not type(self._trouble)
        if self._until_s <= asyncio.get_running_loop().time() or not self._strikes:
            self._strikes += 1
        pause_s = max(self._first_pause_s * 2 ** (self._strikes - 1), error.retry_after_s or 0)
        pause_s = min(pause_s, error.longest_pause_s)
        self._until_s = max(self._until_s, asyncio.get_running_loop().time() + pause_s)
        self._trouble = error
        return news
