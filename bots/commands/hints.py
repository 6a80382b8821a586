"""What is said to whoever plainly speaks to the bot, but uses no command that it knows."""

from collections.abc import Iterable

from bots.commands.parse import Command, meant, near
from bots.commands.table import words
from bots.text import greetings, replies
from core.domain.models import shown
from core.domain.products import Catalog

LONGEST_LINE = 700
"""Characters of a line to type."""


def hint(text: str, command: Command | None, catalog: Catalog, *, more: Iterable[str] = ()) -> str:
    """Say what to type; `more`: what else may follow the slash."""
    known = [*words(catalog), *more]
    if command is not None:
        like = near(command.name, known)
        return replies.unknown_command(command.name, like and f"/{like}")
    line = meant(text, known)
    return replies.write(shown(line, LONGEST_LINE)) if line else greetings.no_command(catalog, "/speak")
