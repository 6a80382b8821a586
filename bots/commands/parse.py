"""Parse commands that arrive as plain text. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import ne

from bots.commands.letters import as_it_looks, resembles
from bots.commands.table import members_words, places, rows, synonyms, words
from core.domain.products import Catalog

_UNSEEN = "\u200b-\u200f\u2060\ufeff"
_COMMAND = re.compile(
    r"[/\uff0f]([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?"
    rf"(?:[:\uff1a,\uff0c\u3001]|[{_UNSEEN}.;!?\u2026\u3002\uff01\uff1f-]*(?!\S)|[{_UNSEEN}]+)\s*"
)
"""The slash may be the full-width one of East Asian keyboards.

Any blank ends the name, including wide, non-breaking and invisible ones, and so do a colon and a comma; other
punctuation ends it before a blank.
"""
_ALMOST = re.compile(
    r"(?:\s*(?:[!.\\?$#>\uff01\u3002\uffe5\uff3c-]+|[/\uff0f]{2,}|[/\uff0f](?=\s))|\s+[/\uff0f])"
    r"\s*([A-Za-z0-9_]{1,32})(?![^\s:,])(.*)",
    re.DOTALL,
)
"""A near miss: the prefix of another bot, or a slash with blanks or a second slash."""
_SLIP = re.compile(
    r"[/\uff0f](\w{1,32})(?:@\w+)?(?![\w/\uff0f])[-.:;,!?@=+>|&~\u2026\u3002\uff01\uff1f]*\s*(.*)", re.DOTALL
)
"""A command with punctuation stuck to its name, or with look-alike letters; no path."""

_NAME = re.compile(r"(?:@|id:)[^\s,;]\S*")
SHORTEST_BEGINNING = 4
"""Letters that identify the word that they begin."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `bot` is the name in `/speak@name`, and `body` the text after it with lines and quotes kept."""

    name: str
    bot: str | None
    body: str
    begins: str = ""
    """Tags that were chosen to stand before its text."""


@dataclass(frozen=True, slots=True)
class Named:
    """The words after an admin's command, and the member that they name by an @name or `id:`."""

    handle: str | None
    """Without the @."""
    member_id: str | None
    words: tuple[str, ...]
    """The other words."""

    @property
    def whom(self) -> str:
        """The member as people type it, or "" if none is named."""
        return f"@{self.handle}" if self.handle else f"id:{self.member_id}" if self.member_id else ""


def read(text: str) -> Command | None:
    """Return the command at the beginning of a message, its name in lower case, or None."""
    found = _COMMAND.match(text)
    return Command(found[1].lower(), found[2], text[found.end() :].rstrip()) if found else None


def read_mine(text: str, bot_name: str) -> Command | None:
    """Read a command unless it is for another bot; the bot's name may also follow after a blank."""
    command = read(text)
    if command is None or (command.bot is not None and command.bot.casefold() != bot_name.casefold()):
        return None
    name = re.match(rf"@\u2060?{re.escape(bot_name)}(?!\w)[:,]?\s*", command.body, re.IGNORECASE)
    takes_member = any(row.member for row in rows(command.name))
    return command if name is None or takes_member else Command(command.name, bot_name, command.body[name.end() :])


def meant(text: str, known: Iterable[str]) -> str:
    """Return the correct line for a near miss of a command, or "" if the text is none."""
    found, words = _ALMOST.match(text), frozenset(known)
    return f"/{found[1].lower()}{found[2]}" if found and found[1].lower() in words else slip(text, words)


def slip(text: str, known: Iterable[str]) -> str:
    """Do the same for a line that begins with a slash, and so with no other bot's prefix."""
    found = _SLIP.match(text)
    name = as_it_looks(found[1]) if found else ""
    return f"/{name} {found[2]}".rstrip() if found and name in known else ""


def naming(text: str, bot: str, known: Iterable[str]) -> str:
    """Return a text with its commands written as `/speak@bot`, except those in quotations."""
    return re.sub(rf"(?<![^\s(])/({'|'.join(known)})(?![\w@])", rf"/\1@{bot}", text)


def near(name: str, catalog: Catalog, *, more: Iterable[str] = ()) -> Iterator[str]:
    """Yield the commands that are close to an unknown one in spelling, then in meaning; `more`: further known words."""
    looks, commands = as_it_looks(name), [*words(catalog), *more]
    yield from (word for word in commands if resembles(looks, word) or _begins(looks, word))
    yield from (word for word in commands if any(resembles(looks, other) for other in synonyms(word, catalog)))


def mistyped(name: str, catalog: Catalog) -> str | None:
    """Return the command that a misspelt name surely means, even if it does not name this bot, or None.

    Swapped letters are always taken for a slip. One wrong letter may be a command of another bot, such as /lock or
    /quote, so it counts only for commands of members. A text may also follow its command without a blank.
    """
    ordering = list(catalog.by_command)
    used = (*ordering, *members_words())
    return (
        next((word for word in words(catalog) if _swapped(name, word)), None)
        or next((word for word in used if _one_letter_off(name, word)), None)
        or next((word for word in ordering if name.isalpha() and name.startswith(word)), None)
    )


def _begins(name: str, word: str) -> bool:
    """Say whether one begins the other, as in /hist and /helpme."""
    return min(len(name), len(word)) >= SHORTEST_BEGINNING and (name.startswith(word) or word.startswith(name))


def _swapped(name: str, word: str) -> bool:
    return any(name[:i] + name[i : i + 2][::-1] + name[i + 2 :] == word for i in range(len(name) - 1))


def _one_letter_off(name: str, word: str) -> bool:
    is_other = len(name) == len(word) and sum(map(ne, name, word)) == 1
    return is_other or name in _without_one(word) or word in _without_one(name)


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def named(command: Command) -> Named:
    """Split the words after a command; a name in any other place, such as in a reason, is an ordinary word."""
    words = command.body.replace("@\u2060", "@").split()  # as we write a name so that it calls nobody
    place = next((i for i in places(command.name) if i < len(words) and is_name(words[i])), None)
    if place is None:
        return Named(None, None, tuple(words))
    name, others = words[place].rstrip(",;"), (*words[:place], *words[place + 1 :])
    return Named(name[1:], None, others) if name[0] == "@" else Named(None, name[3:], others)


def is_name(word: str) -> bool:
    """Say whether a word names a member."""
    return _NAME.fullmatch(word) is not None
