"""Waiting for what must come, however slow the machine is."""

import asyncio
from collections.abc import Callable

WAIT_S = 60.0
"""Only ends a hang: no test says how fast something is, and a loaded machine takes many times as long."""


async def until(done: Callable[[], object], pause_s: float = 0) -> None:
    """Wait until something holds that nobody announces."""
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(pause_s)
