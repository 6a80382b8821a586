"""The whole service with its console, between a local Telegram and a studio: a group with an admin and two members."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bots.app.life import App
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer
from tests.bots.web.console.browsing import URL, Browser, signed_in
from tests.service import service
from tests.worlds.telegram import Chat, TelegramWorld, User

LINK = re.compile(r"https?://\S+/in/[\w-]+")


@dataclass
class House:
    """Alice administers the group, and Carol runs the bot."""

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
        link = await self.link(user)
        return await signed_in(self.browser(), link)

    async def ordered(self, text: str = "Aria Hello everyone") -> None:
        """Let Bob order something, and have it."""
        before = len(list(self.band.audios))
        await self.band.says(self.bob, f"/speak {text}")
        await self.band.wait_for(lambda chat: len(list(chat.audios)) > before)
        await self.band.wait_for(lambda chat: not any("Generating" in text for text in chat.texts))


def here(house: House, page: str = "") -> str:
    return f"/c/telegram:{house.band.id}{page and '/'}{page}"


async def seen_by_all(house: House) -> None:
    """Let everybody be seen in the group."""
    for user in (house.alice, house.bob, house.carol):
        await house.band.says(user, "hello")
    await answer(house.band, house.alice, "/quota show @carol")


@asynccontextmanager
async def opened(studio: Studio, folder: Path, url: str = URL, port: int = 0, **changes: Any) -> AsyncIterator[House]:
    """Run the service; the console believes to be at `url`."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(TelegramWorld())
        alice, bob, carol = world.user("Alice", "alice"), world.user("Bob", "bob"), world.user("Carol", "carol")
        band = world.group("Band", bob, carol)
        band.add(alice, "administrator")
        values: dict[str, Any] = {"owners": (f"telegram:{carol.id}",), "default_allowance": "1/day", **changes}
        app = await stack.enter_async_context(
            service(world, studio, folder, console_url=url, console_port=port, **values)
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
