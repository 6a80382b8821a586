"""What is watched is looked at once for all, and only while somebody watches."""

import asyncio

import pytest

from bots.web.console.watching import Watching
from core.domain.errors import StoreAway


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.console.watching.LOOK_S", 0)


class Changing:
    """Something that changes when it is told to."""

    def __init__(self) -> None:
        self.is_now = 0
        self.looks = 0
        self.is_away = False
        self.looked = asyncio.Event()

    async def look(self) -> int:
        self.looks += 1
        self.looked.set()
        if self.is_away:
            raise StoreAway("away")
        return self.is_now

    async def again(self) -> None:
        """Wait for two more looks: the second has begun, so the first is over."""
        for _ in range(2):
            self.looked.clear()
            await self.looked.wait()


async def test_all_who_watch_share_each_look() -> None:
    watching, first, second = Watching(), Changing(), Changing()
    async with watching.of("it", first.look) as one, watching.of("it", second.look) as other:
        assert one is other
        assert await one.after(0, 5)
        assert (one.seen, second.looks) == (0, 0)
        first.is_now = 1
        assert all(await asyncio.gather(one.after(1, 5), other.after(1, 5)))
        assert other.seen == 1


async def test_nothing_is_looked_at_when_nobody_watches() -> None:
    watching, it = Watching(), Changing()
    async with watching.of("it", it.look):
        async with watching.of("it", it.look):
            await it.again()
        await it.again()
    looks = it.looks
    for _ in range(10):
        await asyncio.sleep(0)
    assert it.looks == looks


async def test_what_has_not_changed_is_told_to_nobody() -> None:
    watching, it = Watching(), Changing()
    async with watching.of("it", it.look) as watch:
        assert await watch.after(0, 5)
        await it.again()
        assert not await watch.after(1, 0)


async def test_a_look_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    watching, it = Watching(), Changing()
    it.is_away = True
    async with watching.of("it", it.look) as watch:
        await it.again()
        assert "what a page shows can't be read: away" in caplog.text
        it.is_away = False
        assert await watch.after(0, 5)
