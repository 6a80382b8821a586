"""Who decides where orders are taken: whoever adds the bot to a group of their own is its admin there."""

from enum import StrEnum


class Approval(StrEnum):
    """What the operators have decided about a community."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"


class Communities(StrEnum):
    """Where orders are taken besides communities that were approved; never where one was declined."""

    ASK = "ask"
    """Nowhere."""
    LIST = "list"
    """In those that a setting names."""
    OPEN = "open"
    """Everywhere."""
