"""What may be meant by a word that names nothing."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

MOST = 3
NEAR = 0.75
"""Of difflib: bbo is as near as that to bob."""


class Named(NamedTuple):
    """Something that people may mean: what to write for it, and what it is called."""

    key: str
    names: Sequence[str]


def did_you_mean(word: str, known: Sequence[Named], otherwise: str) -> str:
    """Ask about what holds a word in its names, or is almost called so; say something else where nothing is."""
    wanted = word.strip().casefold()
    called = {name.casefold(): each for each in known for name in (each.key, *each.names) if name}
    holding = [each for name, each in called.items() if wanted and wanted in name]
    near = [called[name] for name in get_close_matches(wanted, called, MOST, NEAR)]
    found = list(dict.fromkeys(map(_shown, (*holding, *near))))[:MOST]
    return f"did you mean {' or '.join(found)}?" if found else otherwise


def _shown(each: Named) -> str:
    title = next((name for name in each.names if name), "")
    return f"{each.key} (“{title}”)" if title else each.key
