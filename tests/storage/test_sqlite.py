"""The SQLite driver: durability settings, one process, whole lists or nothing, cancelled callers."""

import asyncio
import csv
import errno
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from core.domain.errors import Conflict, SchemaTooNew, StoreAway, StoreBusy, StoreError
from storage.backup import backup
from storage.driver import Statement, Unexpected
from storage.migrate import migrate, migrations, statements
from storage.sqlite import SqliteDriver, audit_file, export_file, look_at_file
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission

INSERT = "INSERT INTO things (name) VALUES (:name)"


@pytest.fixture
def engine() -> str:
    """What this file is about."""
    return "sqlite"


@pytest.fixture
async def things(driver: SqliteDriver) -> AsyncIterator[SqliteDriver]:
    await driver.open()
    await driver.run([Statement("CREATE TABLE things (name TEXT PRIMARY KEY)")])
    yield driver
    await driver.close()


async def names(driver: SqliteDriver) -> list[str]:
    (rows,) = await driver.run([Statement("SELECT name FROM things ORDER BY name")])
    return [row["name"] for row in rows]


async def test_commits_are_synced_to_disk(things: SqliteDriver) -> None:
    rows = await things.run([Statement("PRAGMA synchronous"), Statement("PRAGMA journal_mode")])
    assert [next(iter(tuple(r[0]))) for r in rows] == [2, "wal"]


async def test_a_second_process_is_kept_out(things: SqliteDriver, tmp_path: Path) -> None:
    for asked in (SqliteDriver(tmp_path / "books.db").open(), look_at_file(tmp_path / "books.db", whole=False)):
        with pytest.raises(StoreBusy, match=f"Another process .*process {os.getpid()} on .* has .*books.db. Stop it"):
            await asked


async def test_a_second_process_is_kept_out_by_whatever_name(things: SqliteDriver, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "books.db")
    with pytest.raises(StoreBusy):
        await SqliteDriver(tmp_path / "elsewhere" / "link.db").open()


async def test_the_lock_ends_with_its_holder(driver: SqliteDriver, tmp_path: Path) -> None:
    await driver.open()
    await driver.close()
    again = SqliteDriver(tmp_path / "books.db")
    await again.open()
    await again.close()


async def test_a_reader_looks_on_and_can_change_nothing(things: SqliteDriver, tmp_path: Path) -> None:
    await things.run([Statement(INSERT, {"name": "a"})])
    reader = SqliteDriver(tmp_path / "books.db", read_only=True)
    await reader.open()
    assert await names(reader) == ["a"]
    with pytest.raises(StoreError):
        await reader.run([Statement(INSERT, {"name": "b"})])
    await reader.close()


async def test_a_list_is_whole_or_nothing_and_its_neighbours_stand(things: SqliteDriver) -> None:
    def put(*words: str, expect: int | None = None) -> list[Statement]:
        return [Statement(INSERT, {"name": word}, expect) for word in words]

    results = await asyncio.gather(
        things.run(put("a")),
        things.run(put("b", "b")),
        things.run(put("c", expect=2)),
        things.run(put("d")),
        things.run([Statement(INSERT, {"name": 2**70})]),
        return_exceptions=True,
    )
    assert [type(r) for r in results] == [list, Conflict, Unexpected, list, StoreError]
    assert await names(things) == ["a", "d"]


async def test_a_cancelled_caller_breaks_nothing(things: SqliteDriver) -> None:
    tasks = [asyncio.create_task(things.run([Statement(INSERT, {"name": f"{n:03}"})])) for n in range(300)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    kept = await names(things)
    assert {f"{n:03}" for n in range(1, 300, 2)} <= set(kept)
    await things.run([Statement(INSERT, {"name": "after"})])
    assert "after" in await names(things)


async def test_only_what_the_database_says_counts_as_an_outage(things: SqliteDriver) -> None:
    with pytest.raises(StoreError) as ours:
        await things.run([Statement(INSERT, {"name": "first"}, otherwise=True)])
    assert not isinstance(ours.value, StoreAway)
    await things.run([Statement("PRAGMA max_page_count = 1")])
    with pytest.raises(StoreAway, match="full"):
        await things.run([Statement(INSERT, {"name": "long" * 10_000})])
    await things.run([Statement("PRAGMA max_page_count = 1000000"), Statement(INSERT, {"name": "after"})])
    assert await names(things) == ["after"]


async def test_closing_commits_what_waits(driver: SqliteDriver, tmp_path: Path) -> None:
    await driver.open()
    await driver.run([Statement("CREATE TABLE things (name TEXT PRIMARY KEY)")])
    waiting = [asyncio.create_task(driver.run([Statement(INSERT, {"name": f"{n:04}"})])) for n in range(1000)]
    await asyncio.sleep(0)
    await driver.close()
    await asyncio.gather(*waiting)
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1000,)


async def test_nothing_is_taken_after_closing(things: SqliteDriver) -> None:
    await things.close()
    with pytest.raises(StoreError, match="closed"):
        await names(things)


async def test_migrations_are_recorded_and_run_once(driver: SqliteDriver) -> None:
    await driver.open()
    latest = await migrate(driver, 1)
    assert await migrate(driver, 2) == latest
    (rows,) = await driver.run([Statement("SELECT version, applied_ms FROM migrations")])
    assert [(r["version"], r["applied_ms"]) for r in rows] == [(version, 1) for version, _, _ in migrations()]
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


async def test_a_backup_is_whole_while_orders_go_on(store: SqlStore, tmp_path: Path) -> None:
    await store.admit(admission())
    target = tmp_path / "copy.db"
    orders = [asyncio.create_task(store.admit(admission())) for _ in range(50)]
    await asyncio.to_thread(backup, tmp_path / "books.db", target)
    await asyncio.gather(*orders)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM jobs").fetchone()[0] >= 1
        (jobs, holds) = copy.execute("SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM holds)").fetchone()
        assert jobs == holds


async def test_a_backup_and_its_name_are_on_disk_before_it_counts(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    fsync, target = os.fsync, tmp_path / "copy.db"

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, target.exists()))

    monkeypatch.setattr("os.fsync", noted)
    await asyncio.to_thread(backup, tmp_path / "books.db", target)
    assert synced == [("copy.db.partial", False), (tmp_path.name, True)]


@pytest.mark.parametrize(
    ("name", "why"), [("foreign", "not a database of Troubadour"), ("damaged", "damaged|malformed")]
)
async def test_what_could_not_be_gone_back_to_is_no_backup(
    store: SqlStore, tmp_path: Path, name: str, why: str
) -> None:
    for _ in range(50):
        await store.admit(admission())
    backup(tmp_path / "books.db", tmp_path / "damaged")
    with (tmp_path / "damaged").open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 20_000)
    with closing(sqlite3.connect(tmp_path / "foreign")) as foreign:
        foreign.execute("CREATE TABLE jobs (id)")
    with pytest.raises(StoreError, match=why):
        backup(tmp_path / name, tmp_path / "copy")
    assert list(tmp_path.glob("copy*")) == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("books.db", "it is the database itself"),
        ("books.db-wal", "SQLite keeps files of such names"),
        ("books.db-journal", "SQLite keeps files of such names"),
        ("books.db.lock", "it exists already"),
        ("notes", "it exists already"),
        ("folder", "it is a folder; name a file in it"),
        ("nowhere/x", "there is no folder .*nowhere; make it"),
        ("link", "it exists already"),
        ("/proc/x", "No such file or directory; choose another folder"),
    ],
)
async def test_a_backup_goes_to_a_new_file_only(store: SqlStore, tmp_path: Path, target: str, why: str) -> None:
    await store.admit(admission())
    (tmp_path / "notes").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=f"can't be written: {why}"):
        backup(tmp_path / "books.db", tmp_path / target)
    assert (tmp_path / "notes").read_text() == "mine"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]
    await store.admit(admission())
    assert len(await store.unfinished()) == 2


async def test_a_backup_says_that_the_disk_is_full(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="the disk is full; make room"):
        backup(tmp_path / "books.db", tmp_path / "copy")
    assert list(tmp_path.glob("copy*")) == []


async def test_a_damaged_file_is_told_in_one_sentence(
    store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where it is damaged in the middle, which only looking at all of it finds."""
    for _ in range(50):
        await store.admit(admission())
    (tmp_path / "junk.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    backup(tmp_path / "books.db", tmp_path / "middle.db")
    with (tmp_path / "middle.db").open("r+b") as file:
        file.seek(40_000)
        file.write(b"\xff" * 20_000)
    for asked in (audit_file(tmp_path / "junk.db"), look_at_file(tmp_path / "junk.db", whole=False)):
        with pytest.raises(
            StoreError, match=r"junk.db is damaged, or no database at all .*: put a backup in its place"
        ):
            await asked
    with pytest.raises(StoreError, match=r"is damaged .*: put a backup in its place"):
        await look_at_file(tmp_path / "middle.db", whole=True)
    await look_at_file(tmp_path / "missing.db", whole=True)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_foreign_database_is_left_alone(driver: SqliteDriver, tmp_path: Path, clock: SetClock) -> None:
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        connection.execute("CREATE TABLE jobs (mine TEXT)")
    with pytest.raises(StoreError, match="left alone"):
        await SqlStore(driver, clock).open()
    with pytest.raises(StoreError, match="not a database of Troubadour"):
        await audit_file(tmp_path / "books.db")
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("jobs",)]


async def test_the_whole_ledger_as_csv(store: SqlStore, tmp_path: Path) -> None:
    jobs = [(await store.admit(admission())).job for _ in range(2)]
    out = StringIO()
    await asyncio.to_thread(export_file, tmp_path / "books.db", out)
    rows = list(csv.DictReader(out.getvalue().splitlines()))
    assert [(row["kind"], row["job_id"]) for row in rows] == [("hold", job.job_id) for job in jobs if job]
