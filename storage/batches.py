"""Lists of statements on SQLite, many in one commit: each happens whole or not at all."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.errors import Conflict
from storage.driver import Row, Statement, Unexpected

Outcome = list[list[Row]] | Exception
Bound = Sequence[tuple[Statement, Mapping[str, Any]]]
REFUSED = (Unexpected, sqlite3.IntegrityError, sqlite3.ProgrammingError, ValueError, OverflowError)
"""What is wrong with a list alone, and not with its batch."""


def apply(connection: sqlite3.Connection, batch: Sequence[Bound], begin: str) -> list[Outcome]:
    """Run lists in one commit: one that is refused is undone alone; what else fails undoes all and is raised."""
    connection.execute(begin)
    try:
        outcomes = [_apply_one(connection, statements) for statements in batch]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _apply_one(connection: sqlite3.Connection, statements: Bound) -> Outcome:
    if len(statements) == 1 and statements[0][0].expect in {None, 1}:
        return _alone(connection, *statements[0])
    return _whole(connection, statements)


def _alone(connection: sqlite3.Connection, statement: Statement, args: Mapping[str, Any]) -> Outcome:
    """Run one statement, which SQLite undoes where it fails: a savepoint would take half as long as that."""
    before = connection.total_changes
    try:
        return [_execute(connection, statement, args)] if statement.when is None or statement.when.holds({}) else [[]]
    except REFUSED as error:
        if connection.total_changes != before:  # it changed several rows instead of one
            raise
        return _told(error)


def _whole(connection: sqlite3.Connection, statements: Bound) -> Outcome:
    connection.execute("SAVEPOINT one")
    try:
        rows: list[list[Row]] = []
        returned: dict[str, list[Row]] = {}
        for statement, args in statements:
            is_due = statement.when is None or statement.when.holds(returned)
            rows.append(_execute(connection, statement, args) if is_due else [])
            returned[statement.sql] = rows[-1]
    except REFUSED as error:
        connection.execute("ROLLBACK TO one")
        return _told(error)
    finally:
        if connection.in_transaction:
            connection.execute("RELEASE one")
    return rows


def _told(error: Exception) -> Exception:
    return Conflict(str(error)) if isinstance(error, sqlite3.IntegrityError) else error


def _execute(connection: sqlite3.Connection, statement: Statement, args: Mapping[str, Any]) -> list[Row]:
    cursor = connection.execute(statement.sql, args)
    rows: list[Row] = cursor.fetchall()
    if statement.expect is not None:
        met = len(rows) if cursor.description else cursor.rowcount
        if met != statement.expect:
            raise Unexpected(f"{met} rows instead of {statement.expect}: {statement.sql}")
    return rows
