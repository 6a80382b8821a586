"""The whole service with its console, between a local Telegram and a studio."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bots.app.life import App
from tests.audio import Shapes
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer
from tests.bots.web.console.browsing import URL, Browser, signed_in
from tests.service import service
from tests.worlds.telegram import Chat, TelegramWorld, User

LINK = re.compile(rf"{URL}/in/[\w-]+")


@dataclass
class House:
    """A group with an admin and two members, the service, and whatever browsers look at it."""

    world: TelegramWorld
    app: App
    band: Chat
    alice: User
    bob: User
    carol: User
    browser: Callable[..., Browser]

    async def link(self, user: User) -> str:
        """Ask the bot for a link, in the group; it comes to the direct chat."""
        own = self.world.private(user)
        before = len(own.texts)
        assert await answer(self.band, user, "/console") == "I have sent it to you alone, in our own chat."
        text = await own.wait_for(lambda chat: next(iter(chat.texts[before:]), None))
        found = LINK.search(text)
        assert found, text
        return found[0]

    async def visit(self, user: User) -> Browser:
        """Sign somebody in."""
        return await signed_in(self.browser(), await self.link(user))


@pytest.fixture(autouse=True)
def _shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)


@pytest.fixture
async def house(studio: Studio, tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(TelegramWorld())
        alice, bob, carol = world.user("Alice", "alice"), world.user("Bob", "bob"), world.user("Carol", "carol")
        band = world.group("Band", bob, carol)
        band.add(alice, "administrator")
        owners = (f"telegram:{carol.id}",)
        app = await stack.enter_async_context(
            service(world, studio, tmp_path, console_url=URL, console_port=0, owners=owners, default_allowance="1/day")
        )
        browsers: list[Browser] = []

        def browser(**values: str) -> Browser:
            assert app.console is not None
            browsers.append(Browser(app.console.port, **values))
            return browsers[-1]

        await band.reply_to(await band.says(alice, "/help"))  # it serves from now on
        yield House(world, app, band, alice, bob, carol, browser)
        for each in browsers:
            await each.__aexit__(None, None, None)
