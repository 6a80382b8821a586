"""Lists of statements as functions of a session: each takes one round trip, and holds its locks no longer than that.

A session makes the functions that it needs in its own `pg_temp`: nothing of them is left when it ends, and no release
meets those of another.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import asyncpg

from storage.driver import Row, Statement
from storage.postgres_sql import Bound, Locks, numbered, renumbered

log = logging.getLogger(__name__)

UNEXPECTED = "TB001"
"""What a function raises where a statement meets another number of rows than it expects."""
MOST_FUNCTIONS = 200
"""Lists of other shapes than the first so many have none."""
MOST_STATEMENTS = 30
MOST_ARGUMENTS = 100
"""Of a function, unless the server was built otherwise."""
_VERBS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
_PLAIN = frozenset({"int2", "int4", "int8", "text", "varchar", "bool"})
"""Types whose values are the same when they come as JSON."""

Shape = tuple[Any, ...]
"""What lists must have in common to share a function."""


class _Row(dict[str, Any]):
    """A row that iterates over its values, as a driver's rows do."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())


class Function:
    """A list's function: its definition, and how its values are handed over."""

    def __init__(self, ready: Sequence[Bound], types: Sequence[Sequence[str]], returns: Sequence[bool]) -> None:
        """`types`: of each statement's values; `returns`: whether it returns rows."""
        self._sources: dict[tuple[int, str, str], tuple[int, int]] = {}
        """Of each argument: which statement's value it is, and which of that one's."""
        texts = [self._renumbered(n, *each) for n, each in enumerate(zip(ready, _sharing(ready), types, strict=True))]
        kinds = ", ".join(["bigint[]", "boolean[]", *(kind for *_, kind in self._sources)])
        body = _body([one[2] for one in ready], texts, returns)
        self.name = f"pg_temp.list_{blake2b((kinds + body).encode(), digest_size=12).hexdigest()}"
        self.definition = (
            f"CREATE OR REPLACE FUNCTION {self.name}({kinds}) RETURNS json LANGUAGE plpgsql AS $list${body}$list$"
        )
        self.arguments = 2 + len(self._sources)

    def calls(self, many: int) -> str:
        """Return a query that calls it for so many lists, one after the other; if one fails, none has happened."""
        places = [range(n * self.arguments, (n + 1) * self.arguments) for n in range(many)]
        return f"SELECT {', '.join(f'{self.name}({_numbers(each)})' for each in places)}"

    def _renumbered(self, n: int, one: Bound, shared: int, types: Sequence[str]) -> str:
        """Give the statement's values their numbers among the arguments; the locks are the first two."""
        keys = [(shared, *each) for each in zip(numbered(one[2].sql)[1], types, strict=True)]
        for place, key in enumerate(keys):
            self._sources.setdefault(key, (n, place))
        order = list(self._sources)
        return renumbered(one[0], [3 + order.index(key) for key in keys])

    def values(self, ready: Sequence[Bound], locks: Locks) -> list[Any]:
        """Return what the call takes."""
        keys, shared = [key for key, _ in locks], [is_shared for _, is_shared in locks]
        return [keys, shared, *(ready[n][1][place] for n, place in self._sources.values())]


class Functions:
    """The functions of a database's lists, as far as they are known."""

    def __init__(self) -> None:
        self._known: dict[Shape, Function | None] = {}
        self._barred = False

    def may_have(self, shape: Shape) -> bool:
        """Say whether lists of this shape may have a function, as far as is known."""
        if self._barred or len(shape) > MOST_STATEMENTS:
            return False
        return self._known[shape] is not None if shape in self._known else len(self._known) < MOST_FUNCTIONS

    async def of(self, connection: Any, ready: Sequence[Bound]) -> Function | None:
        """Return a list's function, which is there in this session; None where it has none."""
        shape = shape_of(ready)
        if not self.may_have(shape):
            return None
        if shape not in self._known:
            self._known[shape] = await _described(connection, ready)
        function = self._known[shape]
        if function is None or function.name in connection.made:
            return function
        try:
            await connection.execute(function.definition)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError) as error:
            log.warning("each statement takes a round trip, since this user may make no temporary objects: %s", error)
            self._barred = True
            return None
        connection.made.add(function.name)
        return function


async def _described(connection: Any, ready: Sequence[Bound]) -> Function | None:
    """Ask which types a list has, and return its function; None where it can't have one."""
    if not all(one[0].lstrip().startswith(_VERBS) for one in ready):
        return None
    types, returns = [], []
    for one in ready:
        described = await connection.prepare(one[0])
        columns = described.get_attributes()
        if not all(column.type.name in _PLAIN for column in columns):
            return None
        types.append([kind.name for kind in described.get_parameters()])
        returns.append(bool(columns))
    function = Function(ready, types, returns)
    return function if function.arguments <= MOST_ARGUMENTS else None


def shape_of(ready: Sequence[Bound]) -> Shape:
    """Return what a list has in common with those that are the same but for their values."""
    return (_sharing(ready), *((one[0], one[2].expect, one[2].when) for one in ready))


def _numbers(places: Iterable[int]) -> str:
    return ", ".join(f"${place + 1}" for place in places)


def _sharing(ready: Sequence[Bound]) -> tuple[int, ...]:
    """Return for each statement the first with the same mapping: only there are equal names the same value."""
    first: dict[int, int] = {}
    return tuple(first.setdefault(id(one[2].args), n) for n, one in enumerate(ready))


def _body(statements: Sequence[Statement], texts: Sequence[str], returns: Sequence[bool]) -> str:
    """Write the function: it takes the locks, after which each statement sees all that was committed before."""
    places: dict[str, int] = {}
    steps = []
    for n, each in enumerate(zip(statements, texts, returns, strict=True)):
        steps.append(_step(n, *each, places))
        places[statements[n].sql] = n
    results = [f"rows_{n}" for n in range(len(steps))]
    declared = "".join(f"{name} json[] := '{{}}'; " for name in results)
    answer = ", ".join(f"array_to_json({name})" for name in results)
    return f"""
#variable_conflict use_column
DECLARE {declared} found_row record; met bigint;
BEGIN
    FOR n IN 1 .. cardinality($1) LOOP
        IF $2[n] THEN PERFORM pg_advisory_xact_lock_shared($1[n]); ELSE PERFORM pg_advisory_xact_lock($1[n]); END IF;
    END LOOP;
    {"".join(steps)}
    RETURN json_build_array({answer});
END
"""


def _step(n: int, statement: Statement, text: str, returns: bool, places: dict[str, int]) -> str:
    step = f"{text}\n; GET DIAGNOSTICS met = ROW_COUNT;"
    if returns:
        step = (
            f"met := 0; FOR found_row IN {text}\nLOOP"
            f" met := met + 1; rows_{n} := rows_{n} || row_to_json(found_row); END LOOP;"
        )
    if statement.expect is not None:
        told = f"'% rows instead of {statement.expect} in statement {n + 1}', met USING ERRCODE = '{UNEXPECTED}'"
        step += f" IF met <> {statement.expect} THEN RAISE EXCEPTION {told}; END IF;"
    return f"{step}\n" if statement.when is None else f"IF {_condition(statement, places)} THEN {step} END IF;\n"


def _condition(statement: Statement, places: dict[str, int]) -> str:
    """Write what `When.holds` decides."""
    when = statement.when
    if when is None or when.sql not in places:
        return "true" if when is None or not (when.found or when.column) else "false"
    rows = f"rows_{places[when.sql]}"
    if when.column:
        return f"coalesce({rows}[1] ->> '{when.column}', '0') NOT IN ('0', 'false', '')"
    return f"cardinality({rows}) {'>' if when.found else '='} 0"


def read(answer: str) -> list[list[Row]]:
    """Read what a function has returned."""
    rows: list[list[Row]] = json.loads(answer, object_hook=_Row)
    return rows
