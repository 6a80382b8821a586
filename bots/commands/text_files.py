"""Texts that come as a file, the same on every platform: which are taken, and what their bytes say."""

import asyncio
import codecs
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from bots.commands.mark_up import Clean, without_marks
from bots.text.locale import _
from core.domain.errors import TroubadourError
from core.domain.refusals import InvalidInput

log = logging.getLogger(__name__)

FILE = "file"
"""What refusals call it, and the platforms that have options."""
MOST_KIB = 256
MOST_BYTES = MOST_KIB * 1024
LONGEST_WAIT_S = 20
"""For all of a file, and for its turn to be fetched."""
AT_ONCE = 8
_ENDINGS = (".txt", ".md")
_KINDS = ("text/plain", "text/markdown")
_MARKDOWN = (".md", "text/markdown")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Fetch = Callable[[str, int], Awaitable[bytes]]
"""Returns what stands at `TextFile.where`, up to so many bytes. Raises FetchError."""


class FetchError(TroubadourError):
    """A platform does not hand over a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file that somebody sent, as its platform describes it; what it says of itself may be false."""

    name: str
    kind: str
    """The media type, "" where it is unknown."""
    size_bytes: int
    """0 where it is unknown."""
    where: str
    """By what its platform finds it."""
    is_meant: bool = True
    """It was given to be spoken; else it is only where nothing else is."""

    @property
    def is_text(self) -> bool:
        """Whether it calls itself a text."""
        return self.name.casefold().endswith(_ENDINGS) or self.kind.casefold().startswith(_KINDS)

    @property
    def clean(self) -> Clean:
        """What leaves of its text what is spoken: a plain text is as it should be."""
        is_markdown = self.name.casefold().endswith(_MARKDOWN[0]) or self.kind.casefold().startswith(_MARKDOWN[1])
        return without_marks if is_markdown else str

    def refuse(self, allowed: str, instead: str = "") -> NoReturn:
        """Refuse it. Raises InvalidInput."""
        raise InvalidInput(FILE, self.name or self.kind or "?", allowed, instead)

    def check(self) -> None:
        """Refuse what need not be fetched. Raises InvalidInput."""
        if not self.is_text:
            self.refuse(_("a text file, .txt or .md"))
        if self.size_bytes > MOST_BYTES:
            self._refuse_size()

    def _refuse_size(self) -> NoReturn:
        self.refuse(_("at most {most} KiB: send it in parts", most=MOST_KIB))

    def text(self, content: bytes) -> str:
        """Read its content: UTF-8, or UTF-16 with a byte order mark. Raises InvalidInput."""
        if len(content) > MOST_BYTES:
            self._refuse_size()
        try:
            text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            self.refuse(_("text in UTF-8 or UTF-16: open it in an editor, and save it as UTF-8"))
        text = text.replace("\r\n", "\n").strip()
        return text or self.refuse(_("a file with words in it"))


class TextFiles:
    """Reads the files that members send; their platform fetches them."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._room = asyncio.Semaphore(AT_ONCE)

    async def read(self, file: TextFile) -> str:
        """Return the text of a file. Raises InvalidInput."""
        file.check()
        try:
            async with asyncio.timeout(LONGEST_WAIT_S), self._room:
                content = await self._fetch(file.where, MOST_BYTES + 1)
        except (FetchError, TimeoutError) as error:
            log.warning("a member's file could not be fetched: %r", error)
            file.refuse(_("there to be fetched, which failed just now: please send it once more"))
        return file.text(content)
