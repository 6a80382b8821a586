"""Plain sentences made safe to post."""

import re
from datetime import UTC, datetime

import discord

CONTENT_LIMIT = 2000
"""Characters in a message (Discord's documentation, "Create Message")."""


def escaped(text: str) -> str:
    """Escape what would format or mention, whoever wrote it."""
    return discord.utils.escape_mentions(discord.utils.escape_markdown(text))


def size(text: str) -> int:
    """Return how many characters of a message a text takes."""
    return len(escaped(text))


def plain(text: str) -> str:
    """Escape a text and keep it within one message."""
    safe = escaped(text)
    return safe if len(safe) <= CONTENT_LIMIT else f"{safe[: CONTENT_LIMIT - 1]}…"


def stamp(at_ms: int, is_time: bool) -> str:
    """Write a moment so that Discord shows it in each reader's language and time zone."""
    return discord.utils.format_dt(datetime.fromtimestamp(at_ms / 1000, UTC), "T" if is_time else "f")


_EMOJI = re.compile(r"<a?:(\w{2,32}):\d{1,20}>", re.ASCII)


def spoken(text: str) -> str:
    """Return a text with the names of the server's own emoji in their places, which can be said."""
    return _EMOJI.sub(lambda emoji: emoji[1].replace("_", " "), text)
