"""A browser without scripts: it keeps cookies, follows what it is led to, and sends forms as they stand on a page."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.waiting import WAIT_S

URL = "http://127.0.0.1:1"
"""What the console believes to be its address, wherever it listens in a test."""


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(Form(given.get("action") or ""))
        elif tag in {"input", "select"} and self.forms:
            self.forms[-1].fields[str(given["name"])] = given.get("value") or ""
        elif tag == "a":
            self.links.append(str(given["href"]))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@dataclass
class Seen:
    """What an answer is."""

    status: int
    text: str
    headers: Any
    path: str

    @property
    def page(self) -> _Page:
        return _Page(self.text)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.page.words).split())


class Browser:
    def __init__(self, port: int, *, site: str = "same-origin") -> None:
        """`site`: where the browser says that forms come from."""
        self._base = f"http://127.0.0.1:{port}"
        self._headers = {"Sec-Fetch-Site": site}
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.seen = Seen(0, "", {}, "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._session.cookie_jar}

    async def open(self, path: str, **headers: str) -> Seen:
        return await self._call("GET", path, headers)

    async def send(
        self,
        action: str,
        typed: Mapping[str, str] | None = None,
        *,
        nth: int = 0,
        form: Form | None = None,
        **more: str,
    ) -> Seen:
        """Send the form of the page that does this, with what is typed into it."""
        if form is None:
            form = [form for form in self.seen.page.forms if form.action in {action, ""}][nth]
        return await self._call("POST", action, {}, data={**form.fields, **(typed or {}), **more})

    @asynccontextmanager
    async def watch(self, path: str) -> AsyncIterator[Callable[[], Awaitable[tuple[str, str]]]]:
        """Open a stream of events; yield what waits for the next one, whose name is "" where the stream is over."""
        async with self._session.get(self._base + path, headers=self._headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")

            async def event() -> tuple[str, str]:
                name, data = "", list[str]()
                async with asyncio.timeout(WAIT_S):
                    async for line in answer.content:
                        field, _, value = line.decode().rstrip("\n").partition(":")
                        if field == "event":
                            name = value.strip()
                        elif field == "data":
                            data.append(value.removeprefix(" "))
                        elif name and not field:
                            break
                return name, "\n".join(data)

            yield event

    async def _call(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Seen:
        url = self._base + path.removeprefix(URL)
        async with self._session.request(method, url, headers=self._headers | headers, **more) as answer:
            body = await answer.read()
            self.seen = Seen(answer.status, body.decode(errors="replace"), answer.headers, answer.url.path_qs)
        return self.seen


async def signed_in(browser: Browser, link: str) -> Browser:
    """Follow a link of the bot's."""
    await browser.open(link)
    await browser.send(link.removeprefix(URL))
    return browser
