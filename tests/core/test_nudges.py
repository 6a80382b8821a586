import asyncio

import pytest

from core.nudges import Nudges, Stopping
from tests.core.test_queue import job


async def test_a_nudge_ends_one_jobs_wait() -> None:
    nudges = Nudges()
    first, second = (asyncio.create_task(nudges.wait(job(name), 600)) for name in ("a1", "b1"))
    await asyncio.sleep(0)
    nudges.nudge("a1")
    nudges.nudge("nobody")
    async with asyncio.timeout(10):
        await first
    assert not second.done()
    nudges.stop()
    with pytest.raises(Stopping):
        async with asyncio.timeout(10):
            await second
    assert not nudges._waits


async def test_nobody_waits_once_the_process_stops() -> None:
    nudges = Nudges()
    nudges.stop()
    with pytest.raises(Stopping):
        async with asyncio.timeout(10):
            await nudges.wait(job("a1"), 600)
