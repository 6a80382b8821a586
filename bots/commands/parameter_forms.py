"""The forms in which people type parameters, found in a text and rated by how clear they are. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

from bots.commands.letters import plain

WORD = r"[^\W\d_][\w-]{0,39}"
DASHES = r"(?:-{1,2}|[\u2013\u2014])"  # phones replace two dashes by a long one
_NAME = rf"(?P<dashes>{DASHES}?)(?P<name>{WORD})"
EQUALS = r"[=\uff1d](?![=\uff1d>])"
# A comma ends a value where another parameter follows: "voice=Aria,speed=1.2".
_BARE = rf"(?:(?![,;]-{{0,2}}{WORD}[=:\uff1d\uff1a])[^\s\"])+"
_VALUE = rf"""(?P<value>"[^"\n]*"|{_BARE})"""
_FIRST_VALUE = rf"""(?P<value>"[^"]*"|{_BARE})"""  # a text in quotation marks may have several lines
_FIRST = re.compile(rf"\s*{_NAME}(?P<sign>\s?{EQUALS}\s?|[:\uff1a]\s?|\s){_FIRST_VALUE}[,;]?\s*")
_LAST = re.compile(
    rf"(?<![^\s,;])(?:{_NAME}(?P<sign>{EQUALS}|[:\uff1a])|(?P<marks>{DASHES})(?P<option>{WORD})\s){_VALUE}\Z"
)
_PERHAPS_LAST = re.compile(rf"(?<![^\s,;]){_NAME}(?P<sign>\s?(?:{EQUALS}|[:\uff1a])\s?){_VALUE}\Z")
_BARE_LAST = re.compile(rf"(?<![^\s,;]){_NAME}(?P<sign>\s){_VALUE}\Z")
GROUP = re.compile(r"\s*[\[({<](?P<inside>[^\[\](){}<>\n]{3,200})[\])}>][,:]?\s*")
_LAST_GROUP = re.compile(r"[\[({<](?P<inside>[^\[\](){}<>\n]{3,200})[\])}>]\Z")
QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u00ab": "\u00bb", "'": "'", "\u2018": "\u2019"}
"""Opening quotation marks, with those that close them."""
QUOTATION_MARKS = frozenset("".join((*QUOTES, *QUOTES.values())))
_FRACTION = re.compile(r"\d*[.,]\d")
JOINER = "\ue000"
"""In the place of each blank within a name of several words, so that it is one value."""
LONGEST_LAST = 240
"""Characters at the end of a text that are searched for its last parameter."""


def name_of(typed: str) -> str:
    """Return a parameter's name in the table's spelling."""
    return plain(typed).replace("-", "_")


class Place(Enum):
    """Where a parameter stands, and how clearly it is one."""

    FIRST = auto()
    IN_BRACKETS = auto()
    LAST = auto()
    PERHAPS_LAST = auto()
    """With blanks between its name and its value, as in prose."""


@dataclass(frozen=True, slots=True)
class Found:
    """A possible parameter."""

    typed: str
    name: str
    value: str
    sign: str
    is_marked: bool
    """Whether dashes precede it."""
    is_long: bool
    """Whether there are two dashes."""
    place: Place
    start: int
    """Its place in the text."""
    end: int
    value_start: int

    @classmethod
    def of(cls, match: re.Match[str], place: Place) -> "Found":
        part = match.groupdict()
        name = name_of(part["name"] or part["option"])
        value, sign = unicodedata.normalize("NFKC", part["value"]), unicodedata.normalize("NFKC", part["sign"] or " ")
        value = value.replace(JOINER, " ")
        value = value[1:-1] if value[0] == '"' else value.rstrip(",;:" if sign.isspace() else ",;")
        dashes = part["dashes"] or part.get("marks") or ""
        return cls(
            match[0].strip().replace(JOINER, " "),
            name,
            value,
            sign,
            is_marked=bool(dashes),
            is_long=dashes not in {"", "-"},
            place=place,
            start=match.start(),
            end=match.end(),
            value_start=match.start("value"),
        )

    @property
    def is_one(self) -> bool:
        """Whether it has the form of a parameter, rather than of two words with a blank."""
        return not self.sign.isspace() or self.is_marked or self.typed[-1] in ":\uff1a"

    @property
    def is_perhaps_one(self) -> bool:
        """Whether it is probably no prose although it has only a blank: "speed 1.2 hi", not "speed 2 is a film"."""
        return "_" in self.name or bool(_FRACTION.match(self.value))

    @property
    def is_apart(self) -> bool:
        """Whether its apparent value may be the text: "voice= Hello", "output_format lo-fi"."""
        return (self.sign.startswith("=") and self.sign.endswith(" ")) or not self.is_one

    @property
    def is_firm(self) -> bool:
        """Whether its form is unlikely in prose."""
        return self.is_long or self.sign in {"=", ":"}


def first(text: str, place: Place = Place.FIRST) -> Found | None:
    """Find a possible parameter at the beginning of a text."""
    match = _FIRST.match(text)
    return Found.of(match, place) if match else None


def last(text: str) -> Found | None:
    """Find a possible parameter at the end of a text; a doubtful one may not be the whole text."""
    start = max(0, len(text) - LONGEST_LAST)
    if match := _LAST.search(text, start):
        return Found.of(match, Place.LAST)
    match = _PERHAPS_LAST.search(text, start) or _BARE_LAST.search(text, start)
    return Found.of(match, Place.PERHAPS_LAST) if match and match.start() else None


def last_group(text: str) -> re.Match[str] | None:
    """Find brackets at the end of a text."""
    return _LAST_GROUP.search(text, max(0, len(text) - LONGEST_LAST))
