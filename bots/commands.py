"""What a typed command asks for, where a platform hands over nothing but text. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from core.products import Catalog

_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?!\S)\s*", re.ASCII)

_NAME = re.compile(r"@\S+|id:\S+")


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `bot` is the name in `/speak@name`, and `body` the text after it with its lines and quotes kept."""

    name: str
    bot: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Named:
    """The words after a command of admins, and whom they name: the first @name or `id:` among them."""

    handle: str | None
    """Without the @."""
    member_id: str | None
    words: tuple[str, ...]
    """The others."""


def read(text: str) -> Command | None:
    """Return the command that begins a message, its name in small letters, or None."""
    found = _COMMAND.match(text)
    return Command(found[1].lower(), found[2], text[found.end() :].rstrip()) if found else None


def voice_and_text(body: str, catalog: Catalog) -> tuple[str, str]:
    """Take the first word for the voice where it names one, and speak with the default voice otherwise."""
    first, *rest = body.split(maxsplit=1) or [""]
    named = catalog.voice(first)
    return (named, "".join(rest)) if named else (catalog.default_voice, body)


def named(body: str) -> Named:
    """Take the words after a command apart."""
    words = body.split()
    name = next((word for word in words if _NAME.fullmatch(word)), None)
    others = tuple(word for word in words if word is not name)
    handle, member_id = (None, None) if name is None else (name[1:], None) if name[0] == "@" else (None, name[3:])
    return Named(handle, member_id, others)


def amount_and_period(words: Sequence[str]) -> tuple[str, str]:
    """Return "5000 chars" and "week" of `5000 chars week`. Raises InvalidInput."""
    if len(words) < 2:
        raise InvalidInput("period", "", "given after the amount: day, week or month")
    return " ".join(words[:-1]), words[-1]
