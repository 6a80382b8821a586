"""Values about the approval of communities: anybody can add the bot to a group of their own, so operators decide."""

import re
from dataclasses import dataclass
from enum import StrEnum

KEY = re.compile(r"[a-z]{1,12}:-?\d{1,20}", re.ASCII)
"""A community's key, as far as its platform need not be asked."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A community about which the operators decide; its title and the names are strangers' own words."""

    community: str
    state: Approval = Approval.WAITING
    title: str = ""
    added_by: str = ""
    added_name: str = ""
    was_added: bool = False
    """Whether `added_by` added the bot; else they were the first to be heard there."""
    decided_name: str = ""
    told_ms: int | None = None
    """When the operators were told that it waits."""
