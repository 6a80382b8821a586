"""Lists of statements on SQLite, many in one commit: each happens whole or not at all."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.domain.errors import Conflict
from storage.driver import Row, Statement, Unexpected

Outcome = list[list[Row]] | Exception
Bound = Sequence[tuple[Statement, Mapping[str, Any]]]
REFUSED = (Unexpected, sqlite3.IntegrityError, sqlite3.ProgrammingError, ValueError, OverflowError)
"""What is wrong with a list alone, and not with its batch."""


def apply(connection: sqlite3.Connection, batch: Sequence[Bound], begin: str) -> list[Outcome]:
    """Run lists in one commit: one that is refused is undone alone; what else fails undoes all and is raised.

    Few are refused, and a savepoint copies every page that its list changes: so the first try goes without.
    """
    try:
        return _committed(connection, batch, begin, _whole)
    except REFUSED:
        return _committed(connection, batch, begin, _saved)


def _committed(
    connection: sqlite3.Connection,
    batch: Sequence[Bound],
    begin: str,
    run: Callable[[sqlite3.Connection, Bound], Outcome],
) -> list[Outcome]:
    connection.execute(begin)
    try:
        outcomes = [run(connection, statements) for statements in batch]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _saved(connection: sqlite3.Connection, statements: Bound) -> Outcome:
    connection.execute("SAVEPOINT one")
    try:
        return _whole(connection, statements)
    except REFUSED as error:
        connection.execute("ROLLBACK TO one")
        return Conflict(str(error)) if isinstance(error, sqlite3.IntegrityError) else error
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE one")


def _whole(connection: sqlite3.Connection, statements: Bound) -> list[list[Row]]:
    rows: list[list[Row]] = []
    returned: dict[str, list[Row]] = {}
    for statement, args in statements:
        is_due = statement.when is None or statement.when.holds(returned)
        rows.append(_execute(connection, statement, args) if is_due else [])
        returned[statement.sql] = rows[-1]
    return rows


def _execute(connection: sqlite3.Connection, statement: Statement, args: Mapping[str, Any]) -> list[Row]:
    cursor = connection.execute(statement.sql, args)
    rows: list[Row] = cursor.fetchall()
    if statement.expect is not None:
        met = len(rows) if cursor.description else cursor.rowcount
        if met != statement.expect:
            raise Unexpected(f"{met} rows instead of {statement.expect}: {statement.sql}")
    return rows
