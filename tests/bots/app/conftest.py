import pytest

from tests.worlds.telegram import Chat, TelegramWorld


@pytest.fixture
def boss(world: TelegramWorld) -> Chat:
    return world.private(world.user("Boss"))
