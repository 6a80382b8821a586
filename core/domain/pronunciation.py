"""How words are said: a member's list and their community's, applied to a text in one pass. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.allowed import Rule, allowed
from core.domain.parameters import refuse_controls
from core.domain.refusals import InvalidInput

LONGEST_ENTRY = 50
"""Characters of what is written, and of what is spoken."""
MOST_ENTRIES = 200
"""Of a member, and of a community."""
MOST_GROWTH = 2
PRONUNCIATION = "pronunciation"
"""What refusals call it."""

_TAG = r"\[[^\[\]]*\]"
_BLANKLESS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts without blanks between words: beside them a word may end anywhere."""


def folded(written: str) -> str:
    """Return a word or a few as they are looked up: in any case, with whatever blanks."""
    return " ".join(written.casefold().split())


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """What is spoken where a word or a few are written."""

    written: str
    spoken: str
    is_mine: bool = True
    """The member's own, not their community's."""

    @classmethod
    def of(cls, written: str, spoken: str) -> "Pronunciation":
        """Return an entry as it is kept. Raises InvalidInput."""
        words = (" ".join(written.split()), " ".join(spoken.split()))
        for word in words:
            refuse_controls(PRONUNCIATION, word)
            if not 0 < len(word) <= LONGEST_ENTRY or not any(map(str.isalnum, word)):
                raise InvalidInput(PRONUNCIATION, word[:LONGEST_ENTRY], allowed(Rule.ENTRY, most=LONGEST_ENTRY))
        return cls(*words)

    @property
    def folded(self) -> str:
        """What is written, in any case."""
        return folded(self.written)


class Pronouncer:
    """Says words as a member and their community want: whole words in any case, the longest first, once each."""

    def __init__(self, entries: Sequence[Pronunciation]) -> None:
        """The member's own go before their community's."""
        self._entries = {each.folded: each for each in sorted(entries, key=lambda each: each.is_mine)}
        longest = sorted(self._entries.values(), key=lambda each: -len(each.written))
        self._words = re.compile("|".join([_TAG, *(_whole(each.written) for each in longest)]), re.IGNORECASE)

    def say(self, text: str) -> str:
        """Return what is spoken of a text; tags stay. Raises InvalidInput where it grows too much."""
        added: dict[str, int] = {}

        def said(found: re.Match[str]) -> str:
            entry = self._entries.get(folded(found[0]))
            if entry is None:
                return found[0]
            added[entry.folded] = added.get(entry.folded, 0) + len(entry.spoken) - len(found[0])
            return entry.spoken

        spoken = self._words.sub(said, text) if self._entries else text
        if len(spoken) > MOST_GROWTH * len(text):
            worst = self._entries[max(added, key=lambda each: added[each])]
            raise InvalidInput(PRONUNCIATION, worst.written, allowed(Rule.ENTRY_GROWS, most=MOST_GROWTH))
        return spoken


def _whole(written: str) -> str:
    """Match a word that is no part of another one."""
    before = r"(?<![^\W_])" if written[0].isalnum() and not _BLANKLESS.match(written[0]) else ""
    after = r"(?![^\W_])" if written[-1].isalnum() and not _BLANKLESS.match(written[-1]) else ""
    return before + r"\s+".join(map(re.escape, written.split())) + after


def no_room(entry: Pronunciation) -> InvalidInput:
    """Refuse an entry beyond the limit."""
    return InvalidInput(PRONUNCIATION, entry.written, allowed(Rule.ENTRIES, most=MOST_ENTRIES))
