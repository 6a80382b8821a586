from collections.abc import AsyncIterator

import pytest

from tests.worlds.telegram import Chat, TelegramWorld


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld() as world:
        yield world


@pytest.fixture
def boss(world: TelegramWorld) -> Chat:
    return world.private(world.user("Boss"))
