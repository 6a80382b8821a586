"""What an engine must do for the store: run lists of statements, each list whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.errors import StoreError

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `:name` placeholders.

    `expect`: how many rows it must return or change, or else the whole list is undone.
    """

    sql: str
    args: Mapping[str, Any] = field(default_factory=dict)
    expect: int | None = None


class Unexpected(StoreError):
    """A statement met another number of rows than it expects; its list was undone."""


class Driver(Protocol):
    """One engine. Callers hand over a list and never hold a transaction."""

    async def open(self) -> None:
        """Connect. Raises StoreBusy when another process has the database to itself."""
        ...

    async def run(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run a list in one transaction and return each statement's rows.

        When this returns, the commit is durable. A caller that is cancelled can't know whether it happened.
        Raises Unexpected, or StoreError when the engine can't do it; nothing of the list has happened then.
        """
        ...

    async def tables(self) -> frozenset[str]:
        """Return the names of the tables that are there."""
        ...

    async def close(self) -> None:
        """Finish what is waiting and disconnect."""
        ...
