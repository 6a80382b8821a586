"""Pictures of the console's pages: phone and desktop, light and dark."""

import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, BrowserContext

from contrib.screens.browser import PHONE, THEMES
from tests.bots.discord.studio import Studio, sound
from tests.bots.telegram.talk import answer, pressed
from tests.bots.web.console.house import House, opened

SIZES = {"phone": PHONE, "desktop": {"width": 1100, "height": 600}}
COLOURS = 64
"""A picture holds no more, so that it stays small."""
GROUP_S = 70.0
"""Telegram takes so many messages a minute in a group, and the last of these wait for their turn."""
NAME = "console"
"""Of all of them, among the scenes."""


async def shoot(chromium: Browser, into: Path) -> None:
    """Live a little with the service, and take a picture of each page as those see it who may."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        port = int(there.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        async with Studio() as studio, opened(studio, Path(folder), url, port, communities="ask") as house:
            studio.audio = sound(3)
            await _live(house, studio)
            here = f"/c/telegram:{house.band.id}"
            bob, alice, carol = house.bob, house.alice, house.carol
            await _take(chromium, into, url, await house.link(bob), {"sign-in": ""}, signs_in=False)
            mine = {"allowance": "/", "community": here, "orders": "/orders", "data": "/data"}
            await _take(chromium, into, url, await house.link(bob), mine)
            ends = ("members", "quotas", "limits", "requests", "words", "usage", "audit")
            pages = {end: f"{here}/{end}" for end in ends} | {"member": f"{here}/members/telegram:{bob.id}"}
            await _take(chromium, into, url, await house.link(alice), pages)
            theirs = ("communities", "jobs", "settings")
            pages = {f"operator-{end}": f"/operator/{end}" for end in theirs} | {"operator": "/operator"}
            await _take(chromium, into, url, await house.link(carol), pages)


async def _live(house: House, studio: Studio) -> None:
    for user in (house.alice, house.bob, house.carol):
        house.world.private(user)
        await house.band.says(user, "hello")
    await answer(house.band, house.carol, f"/communities approve telegram:{house.band.id}")
    for text in ("Aria Hello everyone, and welcome to the listening party.", "George The night was dark."):
        await house.ordered(text)
    for line in (
        "/quota set @bob 0.05 day", "/quota default 0.20 week", "/grant @carol 0.50 for the song",
        "/pronounce here nginx as engine x", "/block @carol 2h",
    ):  # fmt: skip
        await answer(house.band, house.alice, line)
    refused = await house.band.reply_to(await house.band.says(house.bob, f"/speak {'A rather long story. ' * 60}"))
    await pressed(house.world, house.bob, refused, "Ask an admin")
    studio.ready.clear()
    order = await house.band.says(house.bob, "/speak Aria There was once a lighthouse keeper.")
    await house.band.reply_to(order, GROUP_S)
    await answer(house.band, house.alice, "/limits cooldown 30")
    other = house.world.group("Choir practice", house.carol)
    await other.reply_to(await other.says(house.carol, "/start"))


async def _take(
    chromium: Browser, into: Path, url: str, link: str, pages: dict[str, str], *, signs_in: bool = True
) -> None:
    async with _reader(chromium, link, signs_in=signs_in) as context:
        state = await context.storage_state()
    for size, viewport in SIZES.items():
        for theme in THEMES:
            context = await chromium.new_context(viewport=viewport, color_scheme=theme, storage_state=state)  # type: ignore[arg-type]
            page = await context.new_page()
            for name, path in pages.items():
                await page.goto(f"{url}{path}" if path else link)
                taken = Image.open(io.BytesIO(await page.screenshot(full_page=True)))
                few = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
                few.save(into / f"{NAME}-{name}-{size}-{theme}.png", optimize=True)
            await context.close()


@asynccontextmanager
async def _reader(chromium: Browser, link: str, *, signs_in: bool) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    if signs_in:
        page = await context.new_page()
        await page.goto(link)
        await page.get_by_role("button", name="Sign in").click()
    yield context
    await context.close()
