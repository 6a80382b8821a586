"""A text that is too long for one request, in stretches of about the same length. Pure."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.allowed import Rule, allowed
from core.domain.parameters import refuse_controls, sounds
from core.domain.refusals import NothingToSay
from core.domain.seams import Seam, graphemes, masked, seams, words

FILL = 0.9
"""Of the limit at most, on average: what is left over lets a stretch end where a sentence does."""
_REACHES = ((Seam.PARAGRAPH, 0.25), (Seam.SENTENCE, 0.5), (Seam.CLAUSE, 0.5), (Seam.BLANK, 0.5), (Seam.BLANK, math.inf))
"""How far from an even share of the text a seam is looked for, as a part of the share; better ones count, too."""
_AHEAD = 64
"""Characters beyond the limit that tell what may stand before them."""
_BLANKS = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text as it stands there, and what it ends with."""

    text: str
    seam: Seam


def split(name: str, text: str, limit: int) -> tuple[Stretch, ...]:
    """Split the text of a parameter into stretches of at most `limit` characters that each say something.

    In order they are the text; what is left out between them, and around a text that is split, is blanks alone. No
    grapheme is cut. The same text is always split in the same way, in time that grows as its length does. Raises
    InvalidInput for control characters, and NothingToSay where more than a stretch has no sound.
    """
    if len(text) <= limit:
        return (Stretch(text, Seam.PARAGRAPH),)
    refuse_controls(name, text)
    return tuple(_Text(name, text.strip(), limit).stretches())


class _Text:
    """A text, where it may be cut, and where it is heard."""

    def __init__(self, name: str, text: str, limit: int) -> None:
        self._name, self._text, self._limit = name, text, limit
        self._masked = masked(text, limit)
        self._seams = tuple(seams(self._masked))
        self._sounds = tuple(sounds(text))

    def stretches(self) -> Iterator[Stretch]:
        start = 0
        while len(self._text) - start > self._limit:
            place, seam = self._cut(start)
            yield Stretch(self._text[start:place], seam)
            start = _after_blanks(self._text, place)
        yield Stretch(self._text[start:], Seam.PARAGRAPH)

    def _cut(self, start: int) -> tuple[int, Seam]:
        """Choose where the stretch ends that begins there, and with what. Raises NothingToSay."""
        left = len(self._text) - start
        share = left / math.ceil(left / (self._limit * FILL))
        for possible, worst, reach in self._possible(start):
            near = [(abs(place - start - share), place, seam) for place, seam in possible if seam <= worst]
            off, place, seam = min(near, default=(math.inf, 0, worst))
            if near and off <= reach * share:
                return place, seam
        excerpt = self._text[start : start + 20]
        raise NothingToSay(self._name, f"{excerpt}…", allowed(Rule.AUDIBLE))

    def _possible(self, start: int) -> Iterator[tuple[list[tuple[int, Seam]], Seam, float]]:
        """Yield where a stretch may end such that it and the rest say something, the worst seam taken and how far."""
        window = self._masked[start : start + self._limit + _AHEAD]
        whole = set(graphemes(window))
        heard = bisect_left(self._sounds, start)
        if heard == len(self._sounds):
            return
        first, last = self._sounds[heard] + 1, min(start + self._limit, self._sounds[-1])
        between = slice(bisect_left(self._seams, (first,)), bisect_right(self._seams, (last, Seam.GRAPHEME)))
        known = [(place, seam) for place, seam in self._seams[between] if place - start in whole]
        for worst, reach in _REACHES:
            yield known, worst, reach
        for seam, found in ((Seam.WORD, whole.intersection(words(window))), (Seam.GRAPHEME, whole)):
            yield [(start + p, seam) for p in found if first <= start + p <= last], seam, math.inf


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place
