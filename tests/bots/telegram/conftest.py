from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bots.telegram.rig import Bot, Rig
from tests.worlds.telegram import Chat, TelegramWorld, User


@pytest.fixture
def rig(world: TelegramWorld, tmp_path: Path) -> Rig:
    return Rig(world, tmp_path)


@pytest.fixture
async def bot(rig: Rig) -> AsyncIterator[Bot]:
    async with rig.bot() as bot:
        yield bot


@pytest.fixture
def alice(world: TelegramWorld) -> User:
    return world.user("Alice", "alice")


@pytest.fixture
def bob(world: TelegramWorld) -> User:
    return world.user("Bob", "bob")


@pytest.fixture
def band(world: TelegramWorld, alice: User, bob: User) -> Chat:
    """A group that Alice administers."""
    band = world.group("Band", bob)
    band.add(alice, "administrator")
    return band
