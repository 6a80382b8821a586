"""What a typed command asks for, where a platform hands over nothing but text. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.products import Catalog

_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?!\S)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `bot` is the name in `/speak@name`, and `body` the text after it with its lines and quotes kept."""

    name: str
    bot: str | None
    body: str


@dataclass(frozen=True, slots=True)
class QuotaWords:
    """The words after /quota; `handle` is the first @name among them, without the @."""

    verb: str
    handle: str | None
    words: tuple[str, ...]
    """The others, which are an amount and a period."""


def read(text: str) -> Command | None:
    """Return the command that begins a message, its name in small letters, or None."""
    found = _COMMAND.match(text)
    return Command(found[1].lower(), found[2], text[found.end() :].rstrip()) if found else None


def voice_and_text(body: str, catalog: Catalog) -> tuple[str, str]:
    """Take the first word for the voice where it names one, and speak with the default voice otherwise."""
    first, *rest = body.split(maxsplit=1) or [""]
    named = catalog.voice(first)
    return (named, "".join(rest)) if named else (catalog.default_voice, body)


def quota(body: str) -> QuotaWords:
    """Take the words after /quota apart."""
    verb, *words = body.split() or [""]
    handle = next((word for word in words if word.startswith("@") and word[1:]), None)
    others = tuple(word for word in words if word is not handle)
    return QuotaWords(verb.lower(), handle[1:] if handle else None, others)


def amount_and_period(words: Sequence[str]) -> tuple[str, str]:
    """Return "5000 chars" and "week" of `5000 chars week`. Raises InvalidInput."""
    if len(words) < 2:
        raise InvalidInput("period", "", "given after the amount: day, week or month")
    return " ".join(words[:-1]), words[-1]
