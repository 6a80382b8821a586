import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.bots.discord.studio import Studio
from tests.worlds.postgres import NoServer, Server, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of this process. Where there can be none, CI fails and anybody else is told."""
    try:
        with server() as started:
            yield started
    except NoServer as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no PostgreSQL to test with: {error}")


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    async with Studio() as studio:
        yield studio
