"""How words look: equal except for case, accents, width or script, or nearly equal. Pure."""

import unicodedata
from functools import lru_cache

SHORT_NAME = 5
"""Names of at most this length differ if two letters are changed."""
LONG_NAME = 8
"""Names of at least this length may have two slips."""


def resembles(word: str, name: str) -> bool:
    """Say whether a word is a name with one letter omitted, added, changed or moved, or two in a long name."""
    slips = 2 if len(name) >= LONG_NAME else 1
    if abs(len(word) - len(name)) > slips:
        return False
    changed = sum(a != b for a, b in zip(word, name, strict=False)) if len(word) == len(name) else 0
    if len(name) <= SHORT_NAME and changed > 1 and sorted(word) != sorted(name):  # Lisa is not Liam
        return False
    return not _shortened(word, slips).isdisjoint(_shortened(name, slips))


@lru_cache(maxsize=256)
def _shortened(word: str, most: int) -> frozenset[str]:
    """Return the word with up to `most` letters left out: similar words share a form."""
    forms = frozenset({word})
    for _ in range(most):
        forms |= {form[:i] + form[i + 1 :] for form in forms for i in range(len(form))}
    return forms


def plain(text: str) -> str:
    """Fold the case and width of a text; keep accents and combining marks, as in Hindi."""
    return unicodedata.normalize("NFKC", text).casefold()


def bare(word: str) -> str:
    """Fold the case and width of a word, and drop accents and invisible characters."""
    letters = (c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) not in {"Mn", "Cf"})
    return "".join(letters).casefold()


_LOOKS_LATIN = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u04cf\u051b\u051d\u0475\u03b1\u03b9\u03bf\u03c1\u03bd\u03c5\u0131\u0261",
    "abekmhopctyxijsdlqwvaiopvuig",
)
"""Cyrillic, Greek and other letters that look like Latin ones."""


def as_it_looks(word: str) -> str:
    """Fold a word, with look-alikes of Latin letters replaced."""
    return bare(word).translate(_LOOKS_LATIN)
