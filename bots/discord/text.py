"""Plain sentences made safe to post."""

import discord

CONTENT_LIMIT = 2000
"""Characters in a message (Discord's documentation, "Create Message")."""


def plain(text: str) -> str:
    """Escape what would format or mention, whoever wrote it, and keep within one message."""
    escaped = discord.utils.escape_mentions(discord.utils.escape_markdown(text))
    return escaped if len(escaped) <= CONTENT_LIMIT else f"{escaped[: CONTENT_LIMIT - 1]}…"
