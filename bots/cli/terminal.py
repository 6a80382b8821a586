"""The terminal that a command asks and tells in."""

import getpass
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bots.app.typos import bare
from core.domain.errors import ConfigurationError


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a question at once: asyncio only cancels its task, and then waits for a thread that still asks."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Terminal:
    """Asks and tells whoever sits there."""

    def __init__(self, *, agrees: bool) -> None:
        """`agrees`: to every change that would be asked about."""
        self._agrees = agrees
        self.is_there = sys.stdin is not None and sys.stdin.isatty()

    def say(self, text: str = "") -> None:
        """Tell."""
        print(text, flush=True)

    async def ask(self, question: str, *, secretly: bool = False) -> str:
        """Ask; what is typed secretly is not shown. Raises ConfigurationError where nobody answers any more."""
        try:
            with _interruptible():
                return bare((getpass.getpass if secretly else input)(f"{question} "))
        except EOFError:
            raise ConfigurationError("Nothing was written: the answer is missing.") from None

    async def agrees(self, question: str) -> bool:
        """Ask for yes or no; without a terminal the answer is no."""
        if self._agrees or not self.is_there:
            return self._agrees
        return (await self.ask(f"{question} [y/N]")).casefold() in {"y", "yes"}
