"""Dialogues, with one line per speaker: `Aria: Hello` / `George: [laughs] Hi`. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import groupby
from operator import itemgetter
from typing import NoReturn

from bots.commands.voice_names import LONGEST_NAME, ORDINARY_WORDS, beginning, voice_named, voices_near
from bots.text import product_words
from bots.text.locale import _
from core.domain.models import Turn
from core.domain.parameters import says_something
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput
from core.domain.voices import Cast

_TAGS = r"(?:\[[^\[\]]*\]\s*+)*+"
_LABEL = re.compile(
    rf"""[\s*_~`>\u2022\u2013\u2014-]*+(?P<before>{_TAGS})[*_~`]*+
        (?P<name>[^\W\d_][^\s:\uff1a\[\]*~`]{{0,{LONGEST_NAME - 1}}})[*~`]*+\s*+(?P<after>{_TAGS})
        (?P<colon>[:\uff1a])[*_~`]*+(?P<blank>\s*+)(?P<said>.*)""",
    re.VERBOSE,
)
"""A possible name, its colon and the text; also in bold, as in **Aria:** Hello."""
LONGEST_SHOWN = 40
"""Characters of a line that a refusal quotes."""


class _Begins(Enum):
    """The beginning of a line."""

    TEXT = auto()
    VOICE = auto()
    SLIP = auto()
    """The misspelt name of a voice."""
    STRANGER = auto()
    """Apparently a name, but no voice's."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    said: str
    begins: _Begins = _Begins.TEXT
    name: str = ""
    """The name as written."""
    voice: str = ""
    """The voice, exact or guessed."""


def turns(text: str, product: Product, catalog: Catalog, narrator: str, *, may_call: bool = False) -> tuple[Turn, ...]:
    """Return the speakers and their texts, or nothing if the text is no dialogue.

    In a dialogue at least two lines begin with the name of a voice and a colon; all but one of the names may be
    misspelt. A line without a name continues the previous speaker, or else the narrator. Raises InvalidInput with the
    line's number for any other name, and for a speaker without text; `Aria: Note: hi` speaks the second name.
    `may_call`: the first words may name another narrator, as those of any text may name its voice.
    """
    lines = [_read(number, line, catalog.cast) for number, line in enumerate(text.splitlines(), start=1)]
    begin = [line.begins for line in lines]
    if _Begins.VOICE not in begin or begin.count(_Begins.VOICE) + begin.count(_Begins.SLIP) < 2:
        return ()
    if may_call and lines[0].begins is _Begins.TEXT:
        lines[0] = _called(lines[0], catalog.cast)
    return tuple(_turns(lines, product, catalog, narrator))


def _read(number: int, line: str, cast: Cast) -> _Line:
    found = _LABEL.fullmatch(line)
    if found is None:
        return _Line(number, line)
    name = found["name"].rstrip("_")
    said = " ".join(filter(None, (found["before"].strip(), found["after"].strip(), found["said"].strip())))
    if voice := voice_named(name, cast):
        return _Line(number, said, _Begins.VOICE, name, voice)
    if near := voices_near(name, cast):
        return _Line(number, said, _Begins.SLIP, name, near[0])
    is_apart = found["blank"] or not found["said"] or found["colon"] != ":"
    if is_apart and _is_name(name):
        return _Line(number, said, _Begins.STRANGER, name)
    return _Line(number, line)


def _called(line: _Line, cast: Cast) -> _Line:
    """Read the name of the narrator, if the line begins with it; a doubtful one is a slip."""
    found = beginning(line.said, cast)
    if not found.voices:
        return line
    begins, name = _Begins.TEXT if found.plain else _Begins.SLIP, line.said.split(maxsplit=1)[0]
    return replace(line, said=found.rest, begins=begins, name=name, voice=found.voices[0])


def _is_name(word: str) -> bool:
    """Say whether a word before a colon is written like a name and is no common beginning of a sentence."""
    return len(word) > 1 and word.isalpha() and not word.islower() and word.casefold() not in ORDINARY_WORDS


def _turns(lines: Sequence[_Line], product: Product, catalog: Catalog, narrator: str) -> Iterator[Turn]:
    speaker, spoken = narrator, []
    for line in lines:
        if line.begins in {_Begins.SLIP, _Begins.STRANGER}:
            _refuse_name(line, speaker, product, catalog)
        speaker = line.voice or speaker
        spoken.append((speaker, line))
    for voice, found in groupby(spoken, key=itemgetter(0)):
        theirs = [line for _, line in found]
        said = "\n".join(line.said for line in theirs).strip()
        if says_something(said):
            yield Turn(voice, said)
        elif theirs[0].begins is _Begins.VOICE:
            _refuse_silence(theirs[0], said, product)


def _refuse_name(line: _Line, speaker: str, product: Product, catalog: Catalog) -> NoReturn:
    """Refuse a name; the refusal says how to have it spoken anyway."""
    said = line.said if 0 < len(line.said) <= LONGEST_SHOWN else f"{line.said[:LONGEST_SHOWN]}…"
    right, literal = f"{line.voice or catalog.default_voice}: {said}", f"{speaker}: {line.name}: {said}"
    allowed = _("the name of a voice in line {n}: {choices}", n=line.number, choices=", ".join(catalog.voices))
    raise InvalidInput(product.speaker, line.name, allowed, product_words.as_it_stands(product.name, right, literal))


def _refuse_silence(line: _Line, said: str, product: Product) -> NoReturn:
    allowed = _("words that {voice} says in line {n}", voice=line.voice, n=line.number)
    raise InvalidInput(product.billed, said, allowed)
