"""How columns become values."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

from core.quota import Limits
from storage.driver import Row

T = TypeVar("T")


def joined(words: Sequence[str]) -> str:
    """Write a list as `,a,b,`, so that `LIKE '%,a,%'` finds a word."""
    return "," + "".join(f"{word}," for word in words)


def split(text: str | None) -> tuple[str, ...] | None:
    """Read what `joined` wrote."""
    return None if text is None else tuple(word for word in text.split(",") if word)


def limits_of(row: Row) -> Limits:
    """Read a community's limits from a row that has its columns."""
    return Limits(
        longest_text=row["longest_text"],
        in_flight=row["in_flight"],
        cooldown_s=row["cooldown_s"],
        confirm_micros=row["confirm_micros"],
        products=split(row["products"]),
        channels=split(row["channels"]),
    )


def read_as(kind: type[T], row: Row) -> T:
    """Build a flat value from the columns that have its fields' names."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
