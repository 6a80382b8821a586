from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audio import Shapes
from tests.bots.discord.studio import Studio
from tests.bots.web.console.house import House, opened


@pytest.fixture(autouse=True)
def _shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)


@pytest.fixture
async def house(studio: Studio, tmp_path: Path) -> AsyncIterator[House]:
    async with opened(studio, tmp_path) as house:
        yield house
