"""`make browse`: use the console in a real browser, at the size of a phone, while the chats go on.

Sign in, set a quota and see the refusal in the chat, grant a request, look at the picture, download the table, sign out;
and look at every page for what assistive technology trips over.
"""

import asyncio
import gzip
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import ConsoleMessage, Page

from contrib.screens.browser import PHONE, browser
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer, pressed
from tests.bots.web.console.house import House, opened

AXE = gzip.decompress((Path(__file__).parent / "axe.min.js.gz").read_bytes()).decode()
"""axe-core, by Deque Systems; see README.md."""
EXPECTED = "401 (Unauthorized)"
"""What the browser complains of after signing out."""


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


class Reader:
    """Somebody at a browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _heard(self, said: ConsoleMessage) -> None:
        if said.type == "error" and EXPECTED not in said.text:
            self.faults.append(f"{self.page.url}: {said.text}")

    async def at(self, path: str) -> None:
        """Open a page, and look for what trips assistive technology."""
        await self.page.goto(f"{self._url}{path}")
        await self.looked_at()

    async def looked_at(self) -> None:
        """Look at the page that is open: by the rules of axe-core, and for what reaches beyond the screen."""
        await self.page.evaluate(AXE)
        found: list[dict[str, Any]] = await self.page.evaluate("async () => (await axe.run()).violations")
        for each in found:
            where = "; ".join(node["html"][:160] for node in each["nodes"][:3])
            self.faults.append(f"{self.page.url}: {each['id']}: {each['help']}: {where}")
        wide = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.faults.append(f"{self.page.url}: {wide} pixels reach beyond the screen")

    async def says(self, words: str) -> None:
        """Expect words on the page."""
        text = await self.page.inner_text("body")
        assert words in text, f"{self.page.url} does not say {words!r}:\n{text}"


async def sign_in(reader: Reader, link: str) -> None:
    """Follow a link of the bot's and press its button."""
    await reader.page.goto(link)
    await reader.looked_at()
    await reader.page.get_by_role("button", name="Sign in").click()
    await reader.looked_at()


async def administer(reader: Reader, house: House) -> None:
    """Do what an admin does."""
    page, here = reader.page, f"/c/telegram:{house.band.id}"
    await sign_in(reader, await house.link(house.alice))
    await reader.at(f"{here}/members")
    row = page.get_by_role("row").filter(has_text="Bob")
    await row.locator("summary").click()
    await row.get_by_label("Amount").fill("0.002")
    await row.get_by_role("button", name="Set").click()
    await reader.says("Bob may now spend: $0.002 a day.")
    refused = await house.band.reply_to(await house.band.says(house.bob, "/speak Aria Hello everyone, again and again"))
    assert "more than you may spend here now" in refused.text, refused.text
    await pressed(house.world, house.bob, refused, "Ask an admin")
    await reader.at(f"{here}/requests")
    await page.get_by_role("button", name="Approve").click()
    await reader.says("Bob was granted")
    await house.ordered("Aria Hello everyone, again and again")
    await reader.at(f"{here}/usage")
    drawn = await page.locator("img.chart").evaluate("image => image.naturalWidth")
    assert drawn > 0, "there is no picture"
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="CSV").click()
    table = Path(await (await saved.value).path()).read_text("utf-8-sig")
    assert "Bob,speech," in table, table
    for end in ("", f"members/telegram:{house.bob.id}", "quotas", "limits", "words", "audit"):
        await reader.at(f"{here}/{end}".rstrip("/"))
    await reader.says("Alice set the quota of Bob")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await reader.says("You are not signed in")


async def own(reader: Reader, house: House) -> None:
    """Do what a member does, and the operator."""
    await sign_in(reader, await house.link(house.bob))
    await reader.at("/orders")
    played = await reader.page.locator("audio").first.evaluate(
        "async audio => { audio.muted = true; await audio.play(); return audio.duration }"
    )
    assert played > 0, "nothing can be heard"
    await reader.page.get_by_role("button", name="Send again").first.click()
    await reader.says("Sending it again.")
    await reader.at("/data")
    await reader.page.get_by_role("button", name="Sign out everywhere").click()
    await sign_in(reader, await house.link(house.carol))
    for path in ("/operator", "/operator/communities", "/operator/jobs", "/operator/settings"):
        await reader.at(path)


async def browse() -> list[str]:
    """Tell the story in each theme; return what was wrong."""
    port, faults = free_port(), []
    url = f"http://127.0.0.1:{port}"
    async with browser() as chromium:
        for theme in ("light", "dark"):
            with TemporaryDirectory() as folder:
                async with Studio() as studio, opened(studio, Path(folder), url, port) as house:
                    house.world.private(house.bob)
                    await answer(house.band, house.bob, "/balance")
                    await house.ordered()
                    context = await chromium.new_context(viewport=PHONE, color_scheme=theme)  # type: ignore[arg-type]
                    reader = Reader(await context.new_page(), url)
                    await administer(reader, house)
                    await own(reader, house)
                    faults += reader.faults
                    await context.close()
    return faults


found = asyncio.run(browse())
sys.stdout.write("\n".join(found) or "The story went as it should, and no page trips assistive technology.\n")
sys.exit(1 if found else 0)
