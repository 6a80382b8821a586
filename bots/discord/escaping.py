"""Make plain text safe to post as a message."""

from datetime import UTC, datetime

import discord

from bots.text.wording import Style

CONTENT_LIMIT = 2000
"""Maximum length of a message, in characters (Discord's documentation, "Create Message")."""


def escaped(text: str) -> str:
    """Escape Markdown and mentions."""
    return discord.utils.escape_mentions(discord.utils.escape_markdown(text))


def size(text: str) -> int:
    """Return the length of a text once escaped."""
    return len(escaped(text))


def plain(text: str, limit: int = CONTENT_LIMIT) -> str:
    """Escape a text and shorten it to fit one message."""
    safe = escaped(text)
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


_STYLES: dict[Style, discord.utils.TimestampStyle] = {Style.MOMENT: "f", Style.CLOCK: "T", Style.AGO: "R"}


def stamp(at_ms: int, style: Style) -> str:
    """Format a time as a tag that Discord shows in each reader's language and time zone."""
    return discord.utils.format_dt(datetime.fromtimestamp(at_ms / 1000, UTC), _STYLES[style])
