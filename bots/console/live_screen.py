"""A terminal with a line being typed at its foot, and everything else above it."""

from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import FileHistory

from bots.console.completion import Words, options
from bots.console.screen import BOLD, DIM, INDENT, PROMPT, Screen
from core.domain.products import Catalog
from core.domain.shown import shown

MOST_SHOWN = 5
"""Orders under way that are shown; then the newest."""


class LiveScreen(Screen):
    """Reads lines with history and completion; shows how far orders are right above the line, in place."""

    def __init__(self, out: TextIO, history: Path) -> None:
        """`history` keeps the lines for the next time."""
        super().__init__(out)
        self._words = Words()
        self._doing: dict[str, str] = {}
        self._session: PromptSession[str] = PromptSession(
            self._foot, history=FileHistory(str(history)), completer=self._words, complete_while_typing=False
        )

    def offer(self, catalog: Catalog) -> None:
        self._words.options = options(catalog)

    async def read(self) -> str | None:
        """Read a line; None at the end of input, and where an empty line is interrupted."""
        while True:
            try:
                return (await self._session.prompt_async()).strip()
            except EOFError:
                return None
            except KeyboardInterrupt:  # as in a shell: the line is dropped
                if not self._session.default_buffer.text:
                    return None

    def progress(self, about: str, text: str) -> None:
        """Show it above the line being typed, or on the screen where none is."""
        self._doing[about] = text.partition("\n")[0]
        if not self._redrawn():
            super().progress(about, text)

    def ended(self, about: str) -> None:
        self._doing.pop(about, None)
        self._redrawn()

    def _foot(self) -> ANSI:
        """Return what stands before the typed line; in what is left behind, without progress."""
        return ANSI("\n" + "".join(f"{line}\n" for line in self._lines()) + self._style(BOLD, PROMPT))

    def _lines(self) -> list[str]:
        if self._session.app.is_done:
            return []
        newest = list(self._doing.values())[-MOST_SHOWN:]
        return [self._style(DIM, INDENT + shown(text, self._width - len(INDENT))) for text in newest]

    def _redrawn(self) -> bool:
        """Draw the foot again; return whether there is one."""
        app = self._session.app
        if app.is_running:
            app.invalidate()
        return app.is_running
