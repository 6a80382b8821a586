"""What the console lists: one line of each list, amounts and counts, never members' words. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A community in which somebody was seen."""

    community: str
    title: str
