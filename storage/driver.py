"""What an engine must do for the store: run lists of statements, each list whole or not at all."""

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from core.domain.errors import StoreAway, StoreError


class Row(Protocol):
    """A row as both engines give it: columns by name, and iteration over the values, in the order of `keys()`."""

    def keys(self) -> Iterable[str]:
        """Return the columns' names."""
        ...

    def __getitem__(self, name: str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class When:
    """What a statement before it in its list, named by its text, must have returned: some rows, or none.

    One that is not in the list has returned none.
    `column`: in the first of these rows it must be another number than 0.
    """

    sql: str
    found: bool = True
    column: str = ""

    def holds(self, returned: Mapping[str, Sequence[Row]]) -> bool:
        """Decide on what each statement has returned so far, by its text."""
        rows = returned.get(self.sql, ())
        return bool(rows and rows[0][self.column]) if self.column else bool(rows) is self.found


_NOTHING: Mapping[str, Any] = {}


class Statement(NamedTuple):
    """SQL with `:name` placeholders.

    `expect`: how many rows it must return or change, or else the whole list is undone. `when`: on what condition it is
    run; where it is not, it returns nothing and nothing is expected of it.
    """

    sql: str
    args: Mapping[str, Any] = _NOTHING
    expect: int | None = None
    when: When | None = None


class Unexpected(StoreError):
    """A statement met another number of rows than it expects; its list was undone."""


class OutcomeUnknown(StoreAway):
    """The connection broke during a commit: the list has happened whole, or not at all."""


UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL takes no NUL in a text, and neither engine takes half a surrogate pair."""


def storable(args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put U+FFFD for what a text column can't hold, so that nobody's name or fault can make the store fail."""
    texts = "".join([value for value in args.values() if type(value) is str])
    if "\x00" not in texts and (texts.isascii() or not UNSTORABLE.search(texts)):
        return args
    return {name: UNSTORABLE.sub("\ufffd", value) if type(value) is str else value for name, value in args.items()}


def bindable(statements: Sequence[Statement]) -> list[tuple[Statement, Mapping[str, Any]]]:
    """Return each statement with what to bind; a mapping that several share is looked at once."""
    seen = {id(statement.args): statement.args for statement in statements}
    clean = {key: storable(args) for key, args in seen.items()}
    return [(statement, clean[id(statement.args)]) for statement in statements]


STREAMED, STREAMS = 1000, 2
"""How many rows of a long answer are in memory at a time, where nobody says otherwise; and of how many answers."""


class Driver(Protocol):
    """One engine. Callers hand over a list and never hold a transaction."""

    dialect: str
    """What its migrations are called, where the engines need different ones."""
    row_lock: str
    """How a query ends that lets nobody else change the rows it reads; nothing where there is one writer."""

    async def open(self) -> None:
        """Connect. Raises StoreBusy when another process has the database to itself."""
        ...

    async def run(
        self, statements: Sequence[Statement], *, alone: Sequence[str] = (), beside: Sequence[str] = ()
    ) -> list[list[Row]]:
        """Run a list in one transaction and return each statement's rows.

        `alone`: names of what no other list that names it may touch meanwhile, because a later statement builds on
        what an earlier one read. `beside`: names of what is touched in a way that only those `alone` must not meet.
        An engine with one writer need not look at either.

        When this returns, the commit is durable. A caller that is cancelled can't know whether it happened.
        Raises Unexpected, Conflict when a constraint refuses, StoreError when the engine can't do it, or StoreAway when
        it can't do anything just now; nothing of the list has happened then. Raises OutcomeUnknown when the
        connection broke during the commit.
        """
        ...

    async def reshape(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run a list that changes the schema, after those of all other processes. Raises as `run` does."""
        ...

    async def read(self, query: Statement) -> list[Row]:
        """Run one query, however long it takes, and make no change wait for it."""
        ...

    def stream(self, query: Statement, at_once: int = STREAMED) -> AsyncGenerator[list[Row]]:
        """Run one query and yield its rows, so many `at_once`, all of one moment, however slowly they are taken.

        Raises StoreAway.
        """
        ...

    async def tables(self) -> frozenset[str]:
        """Return the names of the tables that are there."""
        ...

    async def close(self) -> None:
        """Finish what is waiting and disconnect."""
        ...


TRIES = 3


async def run_once(
    driver: Driver, statements: Sequence[Statement], *, alone: Sequence[str], happened: Statement
) -> list[list[Row]] | None:
    """Run a list that must happen once; return None where it has happened but its answer was lost.

    `happened` returns a row if it has. It is asked with the same names `alone`, which a lost transaction keeps until
    its end.
    """
    for _ in range(TRIES - 1):
        try:
            return await driver.run(statements, alone=alone)
        except OutcomeUnknown:
            (rows,) = await driver.run([happened], alone=alone)
            if rows:
                return None
    return await driver.run(statements, alone=alone)
