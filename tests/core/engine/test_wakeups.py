import asyncio

import pytest

from core.engine.wakeups import Stopping, Wakeups
from tests.waiting import WAIT_S


async def test_a_nudge_ends_one_jobs_wait() -> None:
    wakeups = Wakeups()
    first, second = (asyncio.create_task(wakeups.wait(name, 600)) for name in ("a1", "b1"))
    await asyncio.sleep(0)
    wakeups.wake("a1")
    wakeups.wake("nobody")
    async with asyncio.timeout(WAIT_S):
        await first
    assert not second.done()
    wakeups.stop()
    with pytest.raises(Stopping):
        async with asyncio.timeout(WAIT_S):
            await second
    assert not wakeups._waits


async def test_nobody_waits_once_the_process_stops() -> None:
    wakeups = Wakeups()
    wakeups.stop()
    with pytest.raises(Stopping):
        async with asyncio.timeout(WAIT_S):
            await wakeups.wait("a1", 600)
