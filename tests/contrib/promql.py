"""As much of PromQL as shows which series an expression asks for; promtool knows all of it: `make numbers`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_GROUPED = re.compile(r"\b(?:by|on|ignoring|without)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(\(|\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_KEYWORDS = frozenset(
    {"and", "or", "unless", "bool", "offset", "group_left", "group_right", "sum", "max", "min", "count"}
)


@dataclass(frozen=True)
class Selector:
    """A series, and what its labels must be."""

    name: str
    matchers: tuple[tuple[str, str, str], ...] = ()
    """Label, operator and value of each."""


def selectors(expr: str) -> Iterator[Selector]:
    """Yield what an expression selects."""
    bare = _GROUPED.sub(" ", _RANGE.sub(" ", expr))
    for name, follows, matchers in _SELECTOR.findall(bare):
        if follows != "(" and name not in _KEYWORDS:
            yield Selector(name, tuple(_MATCHER.findall(matchers)))


def grouped(expr: str) -> set[str]:
    """Return the labels by which an expression groups or joins."""
    lists = _GROUPED.findall(_STRING.sub("", expr))
    return {label.strip() for labels in lists for label in labels.split(",")}
