"""Migrations run once, in order, whole or not at all."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.errors import SchemaTooNew, StoreError
from storage.driver import Statement
from storage.migrate import migrate, migrations, statements
from storage.sqlite import SqliteDriver, audit_file
from storage.store import SqlStore
from tests.clock import SetClock


@pytest.fixture
def engine() -> str:
    """What this file is about."""
    return "sqlite"


async def test_migrations_are_recorded_and_run_once(driver: SqliteDriver) -> None:
    await driver.open()
    latest = await migrate(driver, 1)
    assert await migrate(driver, 2) == latest
    (rows,) = await driver.run([Statement("SELECT version, applied_ms FROM migrations")])
    assert [(r["version"], r["applied_ms"]) for r in rows] == [(version, 1) for version, _, _ in migrations("sqlite")]
    await driver.close()


async def test_a_newer_schema_is_refused(driver: SqliteDriver, clock: SetClock) -> None:
    store = SqlStore(driver, clock)
    await store.open()
    await driver.run([Statement("INSERT INTO migrations VALUES (9999, 'later', 0)")])
    await store.close()
    with pytest.raises(SchemaTooNew, match=r"version 9999.*newer release"):
        await SqlStore(driver, clock).open()


async def test_a_migration_that_fails_leaves_nothing(driver: SqliteDriver) -> None:
    await driver.open()
    with pytest.raises(StoreError):
        await driver.run(
            [Statement(text) for text in statements("CREATE TABLE a (x TEXT);\nCREATE TABLE a (x TEXT);\n")]
        )
    (rows,) = await driver.run([Statement("SELECT name FROM sqlite_master WHERE name = 'a'")])
    assert rows == []
    await driver.close()


def test_statements_are_split_at_line_ends_only() -> None:
    text = "-- a; comment\nSELECT ';' AS x;\n\n  -- more;\nSELECT 2;\n"
    assert statements(text) == ["SELECT ';' AS x", "SELECT 2"]


async def test_a_foreign_database_is_left_alone(driver: SqliteDriver, tmp_path: Path, clock: SetClock) -> None:
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        connection.execute("CREATE TABLE jobs (mine TEXT)")
    with pytest.raises(StoreError, match="left alone"):
        await SqlStore(driver, clock).open()
    with pytest.raises(StoreError, match="not a database of Troubadour"):
        await audit_file(tmp_path / "books.db")
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("jobs",)]


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_no_two_migrations_have_the_same_number_and_none_is_left_out(dialect: str) -> None:
    versions = [version for version, *_ in migrations(dialect)]
    assert [version for version, times in Counter(versions).items() if times > 1] == []
    assert versions == list(range(1, len(versions) + 1))


def test_both_engines_come_to_the_same_version() -> None:
    assert max(migrations("sqlite"))[0] == max(migrations("postgres"))[0]
