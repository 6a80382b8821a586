"""What a chat's own settings forbid, before a command ever reaches the bot."""

from dataclasses import dataclass
from enum import Enum, auto


class About(Enum):
    """What a setting is about."""

    MEMBER = auto()
    ROLE = auto()
    EVERYBODY = auto()
    CHANNEL = auto()
    CHANNELS = auto()
    """All that have no setting of their own."""
    RIGHT = auto()
    """The right to use any bot's commands."""


@dataclass(frozen=True, slots=True)
class Forbidding:
    """A setting that keeps a member from a command."""

    about: About
    shown: str = ""
    """The role or channel, as the chat shows it."""
