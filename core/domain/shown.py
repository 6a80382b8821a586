"""Strangers' texts as they can be shown beside the bot's own. Pure."""

import unicodedata

LONGEST_NAME = 64
MOST_MARKS = 4
"""Combining marks on one letter: no script needs more, and a pile of them covers the lines above and below."""
JOINERS = "\u200c\u200d"
"""The two controls that belong to the spelling of words, in Persian and Hindi for example, and of emoji."""
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of controls, overrides of the direction and line breaks."""


def shown_name(name: str) -> str:
    """Return a name that can be shown beside the bot's words."""
    return shown(name, LONGEST_NAME) or "somebody"


def shown(text: str, longest: int, keep: str = "") -> str:
    """Return one line of at most `longest` characters, which can't forge, reorder or cover the words beside it."""
    kept: list[str] = []
    marks = 0
    for c in text[: 16 * longest]:
        category = unicodedata.category(c)
        if category in _UNSHOWN and c not in keep:
            continue
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(c)
    return " ".join("".join(kept).split())[:longest]
