"""What words look like: the same but for case, accents, widths or the script, or nearly the same. Pure."""

import unicodedata
from functools import lru_cache

SHORT_NAME = 5
"""Letters up to which a name in which two letters are others is another name."""
LONG_NAME = 8
"""Letters from which on a name may be misspelt twice."""


def resembles(word: str, name: str) -> bool:
    """Say whether a word is a name with a letter left out, put in, changed or moved; in a long name, two."""
    slips = 2 if len(name) >= LONG_NAME else 1
    if abs(len(word) - len(name)) > slips:
        return False
    changed = sum(a != b for a, b in zip(word, name, strict=False)) if len(word) == len(name) else 0
    if len(name) <= SHORT_NAME and changed > 1 and sorted(word) != sorted(name):  # Lisa is not Liam
        return False
    return not _shortened(word, slips).isdisjoint(_shortened(name, slips))


@lru_cache(maxsize=256)
def _shortened(word: str, most: int) -> frozenset[str]:
    """Return the word with up to so many of its letters left out: words that are near each other share a form."""
    forms = frozenset({word})
    for _ in range(most):
        forms |= {form[:i] + form[i + 1 :] for form in forms for i in range(len(form))}
    return forms


def plain(text: str) -> str:
    """Return a text without case and widths; accents, and marks upon letters as in Hindi, stay."""
    return unicodedata.normalize("NFKC", text).casefold()


def bare(word: str) -> str:
    """Return a word without case, accents, widths and invisible characters."""
    letters = (c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) not in {"Mn", "Cf"})
    return "".join(letters).casefold()


_LOOKS_LATIN = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u04cf\u051b\u051d\u0475\u03b1\u03b9\u03bf\u03c1\u03bd\u03c5\u0131\u0261",
    "abekmhopctyxijsdlqwvaiopvuig",
)
"""Cyrillic, Greek and other letters that look as Latin ones do."""


def as_it_looks(word: str) -> str:
    """Return the Latin letters that a word seems to be written in."""
    return bare(word).translate(_LOOKS_LATIN)
