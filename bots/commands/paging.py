"""Pages of a list in a message, with a row of buttons for each item."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
ON_A_PAGE = 4
"""Discord has room for one more row (its documentation, "Components")."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; pages and items count from 1."""

    items: Sequence[T]
    first: int
    """The number of its first item in the list."""
    number: int
    count: int
    """How many pages there are."""


def page_of(items: Sequence[T], wanted: int) -> Page[T]:
    """Return the page of a list, which is not empty, that is nearest to the one wanted."""
    count = -(-len(items) // ON_A_PAGE)
    number = max(1, min(wanted, count))
    start = (number - 1) * ON_A_PAGE
    return Page(items[start : start + ON_A_PAGE], start + 1, number, count)
