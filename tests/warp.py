"""Let a running event loop's time pass at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

STEP_S = 0.5
HOPS = 4


class Warp:
    """Moves the loop's clock ahead; timers that are due then ring in their order."""

    def __init__(self, patch: pytest.MonkeyPatch, forward: Callable[[float], object] = lambda _: None) -> None:
        """`forward` sets another clock forward by as many seconds."""
        loop = asyncio.get_running_loop()
        measured = loop.time
        self._forward = forward
        self._passed_s = 0.0
        patch.setattr(loop, "time", lambda: measured() + self._passed_s)

    @asynccontextmanager
    async def hurrying(self) -> AsyncIterator[None]:
        """Let time fly, but for what threads have to do."""
        task = asyncio.create_task(self._hurry())
        try:
            yield
        finally:
            task.cancel()

    async def _hurry(self) -> None:
        while True:
            for _ in range(HOPS):
                await asyncio.to_thread(int)
            self._passed_s += STEP_S
            self._forward(STEP_S)
