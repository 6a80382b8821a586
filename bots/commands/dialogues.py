"""Dialogues, with one line per speaker: `Aria: Hello` / `George: [laughs] Hi`. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import groupby
from operator import itemgetter
from typing import NoReturn

from bots.commands.voice_names import (
    LONGEST_NAME,
    MOST_GUESSES,
    NARRATORS,
    ORDINARY_WORDS,
    PAIRS,
    beginning,
    voice_named,
    voices_near,
)
from bots.text.locale import _
from core.domain.orders import Turn
from core.domain.parameters import says_something
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput
from core.domain.voices import Cast

_MARKS = r"[\s*_~`>\u2022\u2013\u2014-]*+(?:\d{1,3}[.)]\s++)?[*_~`]*+"
_TAGS = r"(?:\[[^\[\]]*\]\s*+)*+"
_REST = r"[^\s:\uff1a\[\]()<>{}\"\u201c\u201d\u201e\u00ab\u00bb*~`]"
_NAME = rf"(?P<name>[^\W\d_]{_REST}*+(?:[^\S\n]++{_REST}++){{0,7}}+)"
_HOW = r"(?:\((?P<how>[^()\n:]{1,60})\)\s*+)?"
_LABEL = re.compile(
    rf"""{_MARKS}(?P<before>{_TAGS})[*_~`]*+(?P<open>["\u201c\u201e\u00ab'\u2018(<])?+\s*+{_NAME}\s*+
        (?(open)(?P<close>["\u201c\u201d\u00bb)>]?+))[*~`]*+\s*+{_HOW}(?P<after>{_TAGS})
        (?P<colon>[:\uff1a])(?(open)(?P<late>["\u201c\u201d\u00bb'\u2019)>]?+))[*_~`]*+(?P<blank>\s*+)(?P<said>.*)""",
    re.VERBOSE,
)
"""A possible name, its colon and the text; also in bold, as in **Aria:** Hello, quoted, numbered, with a direction."""
_BOXED = re.compile(
    rf"{_MARKS}[\[<]\s*+{_NAME}\s*+[\]>][*~`]*+\s*+{_HOW}(?P<after>{_TAGS})[:\uff1a]?[*_~`]*+\s*+(?P<said>.*)"
)
"""A possible name in brackets, with or without a colon: no tag has the name of a voice."""
TOGETHER = " & "
"""Between the voices of one reading."""


class _Begins(Enum):
    """The beginning of a line."""

    TEXT = auto()
    VOICE = auto()
    SLIP = auto()
    """The misspelt name of a voice."""
    NARRATOR = auto()
    STRANGER = auto()
    """Apparently a name, but no voice's."""


_UNCLEAR = frozenset({_Begins.SLIP, _Begins.NARRATOR, _Begins.STRANGER})


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    whole: str
    said: str
    begins: _Begins = _Begins.TEXT
    name: str = ""
    """The name as written."""
    voices: tuple[str, ...] = ()
    """The voice, or those that may be meant."""


Turns = tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a text is as a dialogue: who says what, or who may say what; neither, if it is none."""

    turns: Turns = ()
    is_narrated: bool = False
    """Whether the narrator says anything."""
    casts: Mapping[str, Turns] = field(default_factory=dict)
    """Where names are no voices': the turns of each reading, by its voices; "" takes those names as words."""
    unclear: tuple[str, ...] = ()
    """Those names."""


def script(
    text: str, product: Product, catalog: Catalog, narrator: str, *, may_call: bool = False, is_given: bool = False
) -> Script:
    """Read a dialogue.

    At least two lines begin with the name of a voice and a colon; names may be misspelt, or one the narrator. A line
    without a name continues the previous speaker, or else the narrator. Where a name is no voice's, there is a reading
    for each guess, and one that speaks the name. Raises InvalidInput for a speaker without text; `Aria: Note: hi`
    speaks the second name. `may_call`: the first words may name another narrator, as those of any text may name its
    voice; `is_given`: the narrator was chosen, and so reads what is labelled as the narrator's.
    """
    lines = [_read(number, line, catalog.cast) for number, line in enumerate(text.splitlines(), start=1)]
    begin = [line.begins for line in lines]
    named = begin.count(_Begins.VOICE) + begin.count(_Begins.SLIP)
    if not named or named + begin.count(_Begins.NARRATOR) < 2:
        return _one_name(lines, catalog) if may_call and begin.count(_Begins.VOICE) == 1 else Script()
    if may_call and lines[0].begins is _Begins.TEXT:
        lines[0] = _called(lines[0], catalog.cast)
    if is_given:
        lines = [_as(line, (narrator,)) if line.begins is _Begins.NARRATOR else line for line in lines]
    unclear: dict[str, _Line] = {}
    for line in lines:
        if line.begins in _UNCLEAR:
            unclear.setdefault(line.name.casefold(), line)
    if not unclear:
        first = next(n for n, line in enumerate(lines) if line.begins is _Begins.VOICE)
        is_narrated = first > 0 and says_something("\n".join(line.said for line in lines[:first]))
        return Script(tuple(_turns(lines, product, narrator)), is_narrated=is_narrated)
    casts = {}
    for cast in _castings([*unclear.values()], lines, catalog, narrator):
        spoken = _turns([_cast(line, cast) for line in lines], product, narrator)
        casts[TOGETHER.join(dict.fromkeys(cast.values()))] = tuple(spoken)
    literal = [_literal(line) for line in lines]
    casts[""] = tuple(_turns(literal, product, narrator)) if _Begins.VOICE in begin else ()
    return Script(casts=casts, unclear=tuple(line.name for line in unclear.values()))


def _cast(line: _Line, cast: Mapping[str, str]) -> _Line:
    return _as(line, (cast[line.name.casefold()],)) if line.begins in _UNCLEAR else line


def _literal(line: _Line) -> _Line:
    return _Line(line.number, line.whole, line.whole.strip()) if line.begins in _UNCLEAR else line


def _as(line: _Line, voices: tuple[str, ...]) -> _Line:
    return replace(line, begins=_Begins.VOICE, voices=voices)


def _one_name(lines: Sequence[_Line], catalog: Catalog) -> Script:
    """Read a name that stands alone before one line with a name: `Aria` / `George: Hi`."""
    first, *others = (line for line in lines if line.whole.strip())
    called = beginning(first.said, catalog.cast)
    is_alone = first.begins is _Begins.TEXT and called.plain and not says_something(called.rest)
    if not is_alone or not others or others[0].begins is not _Begins.VOICE:
        return Script()
    wholes, saids = ("\n".join(each).strip() for each in zip(*((o.whole, o.said) for o in others), strict=True))
    [speaker] = others[0].voices
    if not says_something(saids) or speaker == called.voices[0]:
        return Script()
    return Script(casts={called.voices[0]: (Turn(called.voices[0], wholes),), speaker: (Turn(speaker, saids),), "": ()})


def _castings(
    unclear: Sequence[_Line], lines: Sequence[_Line], catalog: Catalog, narrator: str
) -> Iterator[Mapping[str, str]]:
    """Yield who may be meant by the unclear names, the likeliest first."""
    likely = {line.name.casefold(): line.voices for line in unclear if line.begins is _Begins.SLIP}
    strangers = [line.name.casefold() for line in unclear if line.begins is not _Begins.SLIP]
    used = {voice for line in lines for voice in line.voices[:1]}
    free = [voice for voice in dict.fromkeys((narrator, *catalog.voices)) if voice not in used] or list(catalog.voices)
    most = MOST_GUESSES if strangers else max(map(len, likely.values())) if len(likely) == 1 else 1
    for guess in range(most):
        slips = {name: voices[guess % len(voices) if not strangers else 0] for name, voices in likely.items()}
        others = {name: free[(guess * len(strangers) + n) % len(free)] for n, name in enumerate(strangers)}
        yield {name: (slips | others)[name] for name in (line.name.casefold() for line in unclear)}


def _read(number: int, line: str, cast: Cast) -> _Line:
    boxed = _BOXED.fullmatch(line)
    if boxed and (voice := voice_named(_plain(boxed["name"]), cast)):
        return _Line(number, line, _said(boxed, ""), _Begins.VOICE, boxed["name"], (voice,))
    found = _LABEL.fullmatch(line)
    text = _Line(number, line, line)
    if found is None or len(found["name"]) > LONGEST_NAME:
        return text
    said, closing = found["said"].strip(), PAIRS.get(found["open"] or "", "")
    is_closed = found["close"] or found["late"] or found["name"].endswith(tuple(closing))
    if closing and not is_closed:  # "Aria: Hello"
        if not said.endswith(tuple(closing)):
            return text
        said = said[:-1]
    name, said = _plain(found["name"]), _said(found, found["before"], said)
    is_apart = bool(found["blank"] or not found["said"] or found["colon"] != ":")
    begins, voices = _meant(name, cast, is_apart=is_apart)
    return text if begins is _Begins.TEXT else _Line(number, line, said, begins, name, voices)


def _meant(name: str, cast: Cast, *, is_apart: bool) -> tuple[_Begins, tuple[str, ...]]:
    """Return what begins with a name, and the voices that it may mean."""
    if voice := voice_named(name, cast):
        return _Begins.VOICE, (voice,)
    if near := voices_near(name, cast):
        return _Begins.SLIP, near
    if name.casefold() in NARRATORS:
        return _Begins.NARRATOR, ()
    return _Begins.STRANGER if is_apart and _is_name(name) else _Begins.TEXT, ()


def _plain(name: str) -> str:
    return name.rstrip("_'\u2019")


def _said(found: re.Match[str], before: str, said: str | None = None) -> str:
    """Return what is said, with the tags and the direction beside the name before it."""
    how = f"[{found['how'].strip()}]" if found["how"] and found["how"].strip() else ""
    text = found["said"].strip() if said is None else said
    return " ".join(filter(None, (before.strip(), how, found["after"].strip(), text)))


def _called(line: _Line, cast: Cast) -> _Line:
    """Read the name of the narrator, if the line begins with it; a doubtful one is a slip."""
    found = beginning(line.said, cast)
    if not found.voices:
        return line
    begins, name = _Begins.TEXT if found.plain else _Begins.SLIP, line.said.split(maxsplit=1)[0]
    return replace(line, said=found.rest, begins=begins, name=name, voices=found.voices)


def _is_name(word: str) -> bool:
    """Say whether a word before a colon is written like a name and is no common beginning of a sentence."""
    return len(word) > 1 and word.isalpha() and not word.islower() and word.casefold() not in ORDINARY_WORDS


def _turns(lines: Sequence[_Line], product: Product, narrator: str) -> Iterator[Turn]:
    speaker, spoken = narrator, []
    for line in lines:
        speaker = line.voices[0] if line.voices else speaker
        spoken.append((speaker, line))
    for voice, found in groupby(spoken, key=itemgetter(0)):
        theirs = [line for _, line in found]
        said = "\n".join(line.said for line in theirs).strip()
        if says_something(said):
            yield Turn(voice, said)
        elif theirs[0].begins is _Begins.VOICE:
            _refuse_silence(theirs[0], said, product)


def _refuse_silence(line: _Line, said: str, product: Product) -> NoReturn:
    allowed = _("words that {voice} says in line {n}", voice=line.voices[0], n=line.number)
    raise InvalidInput(product.billed, said, allowed)
