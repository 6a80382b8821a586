"""A chat in the terminal: no tokens and no network."""

from bots.console.platform import Console

__all__ = ["Console"]
