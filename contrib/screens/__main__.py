"""`make screens`: hold conversations with the service on local chats, and take pictures of what a phone shows."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import htpy as h
from htpy import Element
from markupsafe import Markup

from contrib.screens import console
from contrib.screens.browser import browser, take
from contrib.screens.scenes import SCENES
from contrib.screens.stage import stage

HERE = Path(__file__).parent
INTO = HERE.parents[1] / "docs" / "screens"


def document(chat: Element) -> str:
    """Return a whole page with a chat."""
    style = Markup((HERE / "chat.css").read_text())  # noqa: S704 - a file of ours
    return str(h.html[h.head[h.meta(charset="utf-8"), h.style[style]], h.body[chat]])


async def shoot(names: Sequence[str]) -> None:
    """Hold the conversations of these names, or all, and write their pictures; `console`: those of its pages."""
    INTO.mkdir(exist_ok=True)
    async with browser() as chromium:
        if not names or console.NAME in names:
            await console.shoot(chromium, INTO)
        for name in [name for name in names or SCENES if name != console.NAME]:
            async with stage() as here:
                await take(chromium, document(await SCENES[name](here)), INTO / name)


asyncio.run(shoot(sys.argv[1:]))
