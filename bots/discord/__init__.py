"""The Discord adapter: the only package that imports discord.py."""

from bots.discord.platform import Discord

__all__ = ["Discord"]
