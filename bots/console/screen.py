"""Show a conversation in a terminal: plain text, with styles where the terminal supports them."""

import os
import shutil
import textwrap
from typing import TextIO

from core.domain.products import Catalog

WIDEST = 100
INDENT = "    "
BOLD, DIM, GREEN, OFF = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[0m"
CLEAR_LINE = "\r\x1b[K"
PROMPT = "you: "


class Screen:
    """Writes to a terminal or a file; uses styles only in a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._styled = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._width = min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)
        self._prompting = False
        self.failure: OSError | None = None
        """Why writing failed, such as a closed pipe; further output is dropped."""

    def said(self, name: str, text: str) -> None:
        """Show a member's message."""
        self._write(f"\n{self._style(BOLD, name)}: {visible(text)}")

    def answer(self, text: str) -> None:
        """Show the bot's answer."""
        self._write(self._block(text))

    def aside(self, text: str) -> None:
        """Show a less important text, dimmed."""
        self._write(self._style(DIM, self._block(text)))

    def good(self, text: str) -> None:
        """Show a success; never wrapped, since it is a file's path."""
        self._write(self._style(GREEN, INDENT + text))

    def plain(self, text: str = "") -> None:
        """Write a text as it is."""
        self._write(text)

    def line(self, text: str) -> None:
        """Write one line under a heading; never wrapped, since it may contain a file's path."""
        self._write(INDENT + text)

    def progress(self, about: str, text: str) -> None:  # noqa: ARG002
        """Show how far an order is."""
        self.aside(text)

    def offer(self, catalog: Catalog) -> None:
        """Note what may be typed."""

    def ended(self, about: str) -> None:
        """Note that an order has ended."""

    def heading(self, text: str) -> None:
        """Start a section."""
        self._write(f"\n{self._style(BOLD, text)}")

    def ask(self) -> None:
        """Show the prompt, and keep it below other output until `asked`."""
        self._put(f"\n{PROMPT}")
        self._prompting = True

    def asked(self) -> None:
        """Note that the line was entered."""
        self._prompting = False

    def _block(self, text: str) -> str:
        lines = visible(text).splitlines()
        return "\n".join(
            textwrap.fill(
                line,
                self._width,
                initial_indent=INDENT,
                subsequent_indent=INDENT,
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in lines
        )

    def _style(self, style: str, text: str) -> str:
        return f"{style}{text}{OFF}" if self._styled else text

    def _write(self, text: str) -> None:
        """Write in place of the prompt, if it is shown, and show it again below."""
        before, after = (CLEAR_LINE if self._styled else "\r", PROMPT) if self._prompting else ("", "")
        self._put(f"{before}{text}\n{after}")

    def _put(self, text: str) -> None:
        if self.failure:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except OSError as error:
            self.failure = error


def visible(text: str) -> str:
    """Remove control characters, which could control the terminal."""
    return "".join(character for character in text if character.isprintable() or character == "\n")
