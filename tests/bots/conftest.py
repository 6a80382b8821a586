from collections.abc import AsyncIterator

import pytest

from tests.worlds.telegram import TelegramWorld


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    """Every request of every test has to be valid."""
    async with TelegramWorld() as world:
        yield world
