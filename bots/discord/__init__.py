"""The Discord adapter: the only importer of discord.py."""

from bots.discord.platform import Discord

__all__ = ["Discord"]
