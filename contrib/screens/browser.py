"""Pictures of pages, from a headless Chromium."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

PHONE = {"width": 390, "height": 320}
"""In CSS pixels; a picture is as high as its page."""
THEMES = ("light", "dark")
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What the browser needs in a container without a network."""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start the Chromium that is installed here. Raises SystemExit if there is none."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("Pictures need Chromium, such as Debian's package chromium, and none was found on the PATH.")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=list(OFFLINE))
        try:
            yield started
        finally:
            await started.close()


async def take(browser: Browser, html: str, into: Path) -> None:
    """Write a page as pictures of a phone, one in each theme."""
    for theme in THEMES:
        page = await browser.new_page(viewport=PHONE, device_scale_factor=2, color_scheme=theme)  # type: ignore[arg-type]
        await page.set_content(html)
        await page.screenshot(path=into.with_name(f"{into.name}-{theme}.png"), full_page=True)
        await page.close()
