"""Somebody at a browser, who looks at each page for what assistive technology trips over."""

import gzip
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from contrib.screens.browser import PHONE

AXE = gzip.decompress((Path(__file__).parent / "axe.min.js.gz").read_bytes()).decode()
"""axe-core, by Deque Systems; see README.md."""
EXPECTED = (
    "401 (Unauthorized)",
    "403 (Forbidden)",
    "409 (Conflict)",
    "410 (Gone)",
    "Response Status Error Code 40",
    "[object Event]",
)
"""What the browser and htmx complain of where something is refused, and where a stream is cut."""
WIDE = """way => {
    document.documentElement.dir = way
    return document.documentElement.scrollWidth - document.documentElement.clientWidth
}"""
"""By how much a page that is written in this direction is too wide."""
PATIENCE_MS = 20_000


class Reader:
    """Somebody at a browser of their own."""

    def __init__(self, context: BrowserContext, page: Page, url: str, faults: list[str]) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.faults = faults
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    @classmethod
    async def at_browser(cls, chromium: Browser, url: str, faults: list[str], theme: Any, **more: Any) -> "Reader":
        """Open a browser that nobody has used."""
        context = await chromium.new_context(viewport=PHONE, color_scheme=theme, **more)  # type: ignore[arg-type]
        return cls(context, await context.new_page(), url, faults)

    def _heard(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not any(words in said.text for words in EXPECTED):
            self.faults.append(f"{self.page.url}: {said.text}")

    async def at(self, path: str) -> None:
        """Open a page, and look for what trips assistive technology."""
        await self.page.goto(f"{self.url}{path}")
        await self.looked_at()

    async def looked_at(self) -> None:
        """Look at the page that is open: by the rules of axe-core, and for what reaches beyond the screen."""
        await self.page.evaluate(AXE)
        found: list[dict[str, Any]] = await self.page.evaluate("async () => (await axe.run()).violations")
        for each in found:
            where = "; ".join(node["html"][:160] for node in each["nodes"][:3])
            self.faults.append(f"{self.page.url}: {each['id']}: {each['help']}: {where}")
        for way in ("rtl", "ltr"):
            wide = await self.page.evaluate(WIDE, way)
            if wide > 0:
                self.faults.append(f"{self.page.url}: {wide} pixels reach beyond the screen ({way})")

    async def says(self, words: str) -> None:
        """Wait for words on the page."""
        await expect(self.page.locator("body")).to_contain_text(words, timeout=PATIENCE_MS)

    async def press(self, name: str) -> None:
        """Press the first button of a name."""
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def sign_in(self, link: str) -> None:
        """Follow a link of the bot's and press its button."""
        await self.page.goto(link)
        await self.looked_at()
        await self.press("Sign in")
        await self.says("Our direct chat")
        await self.looked_at()

    async def set_quota(self, of: str, amount: str) -> None:
        """Set a member's quota for a day in the list."""
        row = self.page.get_by_role("row").filter(has_text=of)
        await row.locator("summary").click()
        await row.get_by_label("Amount").fill(amount)
        await row.get_by_role("button", name="Set").click()
