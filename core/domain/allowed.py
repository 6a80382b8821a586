"""What may be given in the place of what can't be used: a rule with its values. The chats have the words for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto


class Rule(StrEnum):
    """What a parameter, an amount or a name must be; in the comments, the values that come with it."""

    AMOUNT = auto()
    SUM = auto()
    SUM_THEN_REASON = auto()
    NOT_TOO_MUCH = auto()
    WISH = auto()  # most_micros
    POSITIVE = auto()
    LEFT_OUT = auto()
    MONTHLY = auto()
    PERIOD = auto()
    TIME = auto()
    SECONDS = auto()
    COUNT = auto()  # low, high
    REASON = auto()  # most
    ONE_OF = auto()  # choices
    SOME_OF = auto()  # choices
    CHANNELS = auto()
    SHORT = auto()  # most
    SHORTER = auto()  # most, has
    SHORTER_ORDER = auto()  # most, has
    FEWER_PARTS = auto()  # most, has
    NUMBER = auto()  # low, high
    TRUTH = auto()
    AUDIBLE = auto()
    PLAIN = auto()
    PARAMETER = auto()  # product, choices
    REQUIRED = auto()
    ENTRY = auto()  # most
    ENTRIES = auto()  # most
    ENTRY_GROWS = auto()  # most


@dataclass(frozen=True, slots=True)
class Allowed:
    """A rule with its values."""

    rule: Rule
    values: Mapping[str, object] = field(default_factory=dict)


def allowed(rule: Rule, **values: object) -> Allowed:
    """Say what is allowed."""
    return Allowed(rule, values)
