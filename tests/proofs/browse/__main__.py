"""`make browse`: use the console in a real browser, at the size of a phone, while the chats go on.

Each story has browsers of its own; each page that is opened is looked at for what assistive technology trips over.
"""

import asyncio
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser

from contrib.screens.browser import THEMES, browser
from tests.bots.discord.studio import Studio, sound
from tests.bots.telegram.talk import answer
from tests.bots.web.console.house import opened
from tests.proofs.browse import stories
from tests.proofs.browse.reader import Reader


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


async def tell(chromium: Browser, theme: str, faults: list[str]) -> None:
    """Tell the stories in a theme."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        async with Studio() as studio, opened(studio, Path(folder), url, port) as house:
            studio.audio = sound(1)
            house.world.private(house.bob)
            await answer(house.band, house.bob, "/balance")
            await house.ordered()
            readers: list[Reader] = []

            async def new(**more: Any) -> Reader:
                readers.append(await Reader.at_browser(chromium, url, faults, theme, **more))
                return readers[-1]

            await stories.an_admin(new, house)
            await stories.a_member(new, house, studio)
            await stories.an_operator(new, house, studio)
            await stories.two_admins(new, house)
            await stories.a_former_admin(new, house)
            await stories.a_thief(new, house)
            await stories.without_scripts(new, house)
            for reader in readers:
                await reader.context.close()


async def browse() -> list[str]:
    """Tell all stories in each theme; return what was wrong."""
    faults: list[str] = []
    async with browser() as chromium:
        for theme in THEMES:
            await tell(chromium, theme, faults)
    return faults


found = asyncio.run(browse())
sys.stdout.write("\n".join(found) or "The stories went as they should, and no page trips assistive technology.\n")
sys.exit(1 if found else 0)
