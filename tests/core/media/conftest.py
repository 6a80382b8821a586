from collections.abc import AsyncIterator

import pytest_asyncio

from core.media.media import Media
from tests.waiting import WAIT_S


@pytest_asyncio.fixture
async def media() -> AsyncIterator[Media]:
    """Yield a Media with one child, so that each request follows the other in the same process."""
    media = Media(children=1, deadline_s=WAIT_S)
    yield media
    await media.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Media]:
    """Yield one Media to the tests of a module that do it no harm: they need the module's loop."""
    media = Media(deadline_s=WAIT_S)
    yield media
    await media.close()
