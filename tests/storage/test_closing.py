"""A caller that comes while the database closes gets an answer."""

import asyncio

import pytest

from core.domain.errors import StoreError
from storage.driver import Driver, Statement


async def test_what_comes_while_closing_is_answered(driver: Driver) -> None:
    await driver.open()
    before = asyncio.create_task(driver.run([Statement("SELECT 1 AS x")]))
    await asyncio.sleep(0)
    closing = asyncio.create_task(driver.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="closed"):
        async with asyncio.timeout(5):
            await driver.run([Statement("SELECT 1 AS x")])
    await closing
    assert len(await before) == 1
