"""Plain sentences made safe to post."""

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
