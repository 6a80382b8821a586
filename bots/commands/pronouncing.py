"""Pronunciations as people type them: `nginx as engine x`, `"live as" as "leave as"`, `remove nginx`. Pure."""

import re

from bots.commands.parameter_forms import QUOTES
from bots.text.locale import _
from core.domain.limits import HERE
from core.domain.pronunciation import PRONUNCIATION, Pronunciation
from core.domain.refusals import InvalidInput

REMOVE = "remove"
_OPENING, _CLOSING = "".join(QUOTES), "".join(QUOTES.values())
_QUOTED = rf"[{_OPENING}](?P<{{0}}>[^{_OPENING}{_CLOSING}]+)[{_CLOSING}]"
_ENTRY = re.compile(
    rf"(?:{_QUOTED.format('quoted')}|(?P<written>.+?))\s+as\s+(?:{_QUOTED.format('said')}|(?P<spoken>.+))",
    re.IGNORECASE | re.DOTALL,
)


def for_all(line: str) -> tuple[bool, str]:
    """Return whether a line is about everybody here, and the rest of it."""
    first, _blank, rest = line.strip().partition(" ")
    return (True, rest.strip()) if first.casefold() == HERE else (False, line.strip())


def removed(line: str) -> str:
    """Return the words that are to be said as they are written, "" where none are."""
    first, _blank, rest = line.partition(" ")
    is_entry = _ENTRY.fullmatch(line) is not None
    return "" if first.casefold() != REMOVE or is_entry else rest.strip(f" {_OPENING}{_CLOSING}")


def read(line: str) -> Pronunciation:
    """Return an entry. Raises InvalidInput."""
    found = _ENTRY.fullmatch(line)
    if found is None:
        means = _("what is written and how it is said, as in nginx as engine x, or remove nginx")
        raise InvalidInput(PRONUNCIATION, line, means)
    return Pronunciation.of(found["quoted"] or found["written"], found["said"] or found["spoken"])
