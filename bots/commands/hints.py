"""Hints for people who address the bot without a command that it knows."""

from collections.abc import Iterable

from bots.commands.command import Asked, Who
from bots.commands.listing import audience
from bots.commands.parse import Command, meant, mistyped, near, slip
from bots.commands.table import rows, words
from bots.text import greetings, replies
from core.domain.products import Catalog
from core.domain.shown import shown

LONGEST_LINE = 700
"""Characters of a suggested line."""


def hint(text: str, catalog: Catalog, *, more: Iterable[str] = ()) -> str:
    """Say what to type in place of words without a command; `more`: further known commands."""
    return _to_type(meant(text, (*words(catalog), *more))) or greetings.no_command(catalog, "/speak")


async def unknown(asked: Asked, command: Command, *, more: Iterable[str] = ()) -> str:
    """Say what to type in place of an unknown command."""
    word = await nearest(asked, command.name, more=more)
    return replies.unknown_command(command.name, word and f"/{word}")


async def nearest(asked: Asked, name: str, *, more: Iterable[str] = ()) -> str | None:
    """Return the command that is meant by an unknown name, of those that the caller may use."""
    for word in near(name, asked.service.catalog, more=more):
        if await _is_open(asked, word):
            return word
    return None


async def _is_open(asked: Asked, word: str) -> bool:
    """Say whether the caller may use the commands that begin with a word."""
    found = rows(word)
    if asked.service.sessions is None and any(row.needs_console for row in found):
        return False
    return not found or found[0].who is Who.MEMBER or found[0].who in await audience(asked)


def overheard(text: str, command: Command | None, catalog: Catalog) -> str:
    """Return the hint for a message that names no bot, or "" if it may be for another one."""
    if command is None:
        return _to_type(slip(text, words(catalog)))
    word = mistyped(command.name, catalog)
    return replies.unknown_command(command.name, f"/{word}") if word else ""


def _to_type(line: str) -> str:
    return line and replies.write(shown(line, LONGEST_LINE))
