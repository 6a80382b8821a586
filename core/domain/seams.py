"""Where a long text may be cut to be spoken in parts, and how good a place each is, in any script. Pure."""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum, auto
from itertools import accumulate

from icu4py.breakers import CharacterBreaker, LineBreaker, SentenceBreaker, WordBreaker

from core.domain.abbreviations import abbreviates


class Seam(IntEnum):
    """Between what a text is cut, the best first."""

    PARAGRAPH = auto()
    SENTENCE = auto()
    CLAUSE = auto()
    BLANK = auto()
    """Between words that blanks part."""
    WORD = auto()
    """Also where a script has no blanks, and within an address or a word with hyphens."""
    GRAPHEME = auto()


LONGEST_TAG = 200
"""Characters of what is kept whole in brackets."""
LONGEST_HEADING = 80
"""Characters up to which a paragraph without a full stop stays with the next."""
_LOCALE = "root"
"""The rules of Unicode alone, whatever language the machine has."""
_HELD = "\u034f"
"""The combining grapheme joiner: no boundary of any kind stands before it."""
_TAGS = re.compile(rf"(?<![ \t])[ \t]*+(?:\[[^\[\]\r\n]{{1,{LONGEST_TAG}}}\][ \t]*+)++")
_ADDRESS = re.compile(r"(?:https?://|www\.)[\w.~:/?#@!$&'*+,;=%-]*[\w/#&=~-]", re.ASCII | re.IGNORECASE)
_TIED = re.compile(r"(?:(?<=\s«)|(?<=\A«))[ \u00a0\u202f]|(?<!\s)[ \u00a0\u202f](?=[!?:;»]+(?:\s|\Z))")
"""The blank that French puts within its quotation marks and before stops."""
_LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_GAP = re.compile(r"\s+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n|\r\n?[^\S\r\n]*\r|[\f\u2029]")
_UNBREAKABLE = re.compile("[\u00a0\u2007\u202f]+")
_CLOSING = "\"'\u201d\u2019\u00bb\u203a)]}\u300d\u300f\uff09\u300b\u3009\u3011" + _HELD
_OPENING = "([{\u00ab\u2018\u201c\u201e\u3008\u300a\u300c\u300e\u3010\uff08"
_ENDING = frozenset(".!?\u2026\u3002\uff01\uff1f\u061f\u0964\u0965")
_MARKS = _ENDING | frozenset(
    ",;:-\u2013\u2014\u060c\u061b\u3001\uff0c\uff1b\uff1a\u1363\u1364\u1365\u0387\u055d\u0f0d\u0f14"
)
_WIDE_PAUSE = re.compile(
    "[\u3001\uff0c\uff1b\uff1a\u2026\u2014]+[\u300d\u300f\u201d\u2019\uff09\u300b\u3009\u3011]*(?=[\\w\u3008\u300a\u300c\u300e\u3010\u201c\u2018\uff08])"
)
_NEXT_LETTER = re.compile(r"[\W_]{0,8}(\w)")
_SPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff]")
"""Thai, Lao and Khmer put a blank where others put a comma or a full stop."""


def masked(text: str, longest: int) -> str:
    """Return a text of the same length for `seams`: tags are blanks before what follows them, addresses one word.

    A tag at the end of a line stays with what is before it. An address of more than `longest` characters may be cut.
    """

    def hold(found: re.Match[str]) -> str:
        return found[0] if len(found[0]) > longest else "XX".ljust(len(found[0]), _HELD)

    def lay(found: re.Match[str]) -> str:
        begins, ends = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
        if begins and not _LINE_BREAKS.match(begins) and (not ends or _LINE_BREAKS.match(ends)):
            return (_HELD * len(found[0].rstrip())).ljust(len(found[0]))
        return " " * len(found[0])

    return _TIED.sub(_HELD, _TAGS.sub(lay, _ADDRESS.sub(hold, text)))


def seams(text: str) -> Iterator[tuple[int, Seam]]:
    """Yield where a masked text may be cut down to blanks, in order, never after one."""
    ends = set(_sentence_ends(text))
    wide = {found.end(): Seam.CLAUSE for found in _WIDE_PAUSE.finditer(text)}
    wide |= {place: Seam.SENTENCE for place in ends if not text[place : place + 1].isspace()}
    gaps = dict(_at_gaps(text, ends))
    yield from sorted((wide | gaps).items())


def _at_gaps(text: str, ends: set[int]) -> Iterator[tuple[int, Seam]]:
    paragraph = 0
    for gap in _GAP.finditer(text):
        place, after = gap.span()
        is_line = _LINE_BREAKS.search(gap[0]) is not None
        last = text[max(0, place - LONGEST_TAG - 16) : place].rstrip(_CLOSING)[-1:]
        if is_line and _BLANK_LINE.search(gap[0]):
            is_heading = last not in _ENDING and place - paragraph <= LONGEST_HEADING
            paragraph = after
            yield place, Seam.CLAUSE if is_heading else Seam.PARAGRAPH
        elif _UNBREAKABLE.fullmatch(gap[0]) or abbreviates(text[max(0, place - 40) : place], text[after : after + 1]):
            continue
        elif place in ends and not _goes_on(text, after):
            yield place, Seam.PARAGRAPH if is_line else Seam.SENTENCE
        else:
            is_clause = is_line or last in _MARKS or (_SPACED.match(text, place - 1) and _SPACED.match(text, after))
            yield place, Seam.CLAUSE if is_clause else Seam.BLANK


def _sentence_ends(text: str) -> Iterator[int]:
    """Yield where sentences end by Unicode's rules, whatever the lines are, and before what opens the next."""
    for place in _ends(SentenceBreaker(_LINE_BREAKS.sub(" ", text), _LOCALE)):
        before = text[max(0, place - 4) : place]
        yield place - len(before) + len(before.rstrip(_OPENING))


def _goes_on(text: str, after: int) -> bool:
    """Say whether a sentence goes on in small letters, as after "Oh!" in direct speech."""
    found = _NEXT_LETTER.match(text, after)
    return found is not None and found[1].islower()


def words(text: str) -> Iterator[int]:
    """Yield where a word ends that may end a line, and no mark stands after it that belongs to it."""
    lines = set(_ends(LineBreaker(text, _LOCALE)))
    return (place for place in _ends(WordBreaker(text, _LOCALE)) if place in lines)


def graphemes(text: str) -> Iterator[int]:
    """Yield where what readers take for one character ends."""
    return accumulate(map(len, CharacterBreaker(text, _LOCALE)))


def _ends(segments: Iterable[str]) -> Iterator[int]:
    """Yield where segments end, without the blanks at their ends."""
    place = 0
    for segment in segments:
        place += len(segment)
        yield place - len(segment) + len(segment.rstrip())
