"""The SQLite driver: durability settings, one process, whole lists or nothing, cancelled callers."""

import asyncio
import csv
import gc
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from core.domain.errors import Conflict, StoreAway, StoreBusy, StoreError
from storage.backup import backup
from storage.driver import Statement, Unexpected, When
from storage.sqlite import SqliteDriver, audit_file, look_at_file
from storage.sqlite_connections import Connection
from storage.sqlite_files import export_file
from storage.store import SqlStore
from tests.makers import admission

INSERT, ONE = "INSERT INTO things (name) VALUES (:name)", "SELECT 1 AS n"


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


async def test_what_was_read_last_is_not_kept(things: SqliteDriver) -> None:
    """Tens of thousands of jobs are read at a start, and nothing may be for a while after that."""
    rows = await things.run([Statement("SELECT 'drum' AS name")])
    assert [tuple(row) for row in rows[0]] == [("drum",)]
    del rows
    await asyncio.sleep(0)  # until then asyncio itself has them
    assert [row for row in gc.get_objects() if isinstance(row, sqlite3.Row) and tuple(row) == ("drum",)] == []


async def test_a_long_query_makes_no_commit_nor_other_query_wait_nor_an_end(things: SqliteDriver) -> None:
    begun = threading.Event()
    assert await things.read(Statement("SELECT name FROM things")) == []
    await things._readers._open[0].create_function("begun", 0, begun.set)
    endless = "WITH RECURSIVE n (i) AS (SELECT begun() UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
    reading = asyncio.create_task(things.read(Statement(endless)))
    await asyncio.to_thread(begun.wait)
    await things.run([Statement(INSERT, {"name": "drum"})])
    assert await names(things) == ["drum"]
    assert [row["name"] for row in await things.read(Statement("SELECT name FROM things"))] == ["drum"]
    await things.close()
    with pytest.raises(StoreAway, match="interrupted"):
        await reading


async def test_an_end_cuts_short_what_comes_in_pieces(things: SqliteDriver) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    pieces = things.stream(Statement(endless), 2)
    assert [row["i"] for row in await anext(pieces)] == [1, 2]
    closing = asyncio.create_task(things.close())
    with pytest.raises(StoreAway, match="interrupted"):
        async for _ in pieces:
            pass
    await closing
    with pytest.raises(StoreError, match="closed"):
        await anext(things.stream(Statement(ONE)))


async def test_what_was_cancelled_keeps_nothing_from_the_file(things: SqliteDriver, tmp_path: Path) -> None:
    """Its thread would hold the database as it was, and the -wal file would grow until that thread read again."""
    begun, go = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return go.wait()

    assert len(await things.read(Statement(ONE))) == 1
    await things._readers._open[0].create_function("begun", 0, wait)
    pieces = things.stream(Statement("SELECT begun() FROM sqlite_master"))
    reading = asyncio.create_task(anext(pieces))
    await asyncio.to_thread(begun.wait)
    reading.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await things.run([Statement(INSERT, {"name": "drum"})])
    with closing(sqlite3.connect(tmp_path / "books.db", timeout=0)) as beside:
        ((is_busy, *_),) = beside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not is_busy


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_stop_waits_for_a_reader_that_is_connecting(tmp_path: Path, *, cancelled: bool) -> None:
    begun, go, closed = threading.Event(), threading.Event(), threading.Event()

    class Told(sqlite3.Connection):
        def close(self) -> None:
            super().close()
            closed.set()

    def kind(connector: Callable[[], sqlite3.Connection], size: int) -> Connection:
        def slow() -> sqlite3.Connection:
            begun.set()
            go.wait()
            return sqlite3.connect(tmp_path / "books.db", factory=Told)

        return Connection(slow if driver._connection else connector, size)

    driver = SqliteDriver(tmp_path / "books.db", kind=kind)  # type: ignore[arg-type]
    await driver.open()
    reading = asyncio.create_task(driver.read(Statement(ONE)))
    await asyncio.to_thread(begun.wait)
    if cancelled:
        reading.cancel()
    closing = asyncio.create_task(driver.close())
    await asyncio.sleep(0)
    go.set()
    await closing
    with pytest.raises(asyncio.CancelledError if cancelled else StoreError):
        await reading
    assert closed.is_set()


async def test_a_reader_that_could_not_connect_is_tried_again(things: SqliteDriver, tmp_path: Path) -> None:
    file, aside = tmp_path / "books.db", tmp_path / "aside"
    file.rename(aside)
    with pytest.raises(StoreAway):
        await things.read(Statement(ONE))
    aside.rename(file)
    assert [row["n"] for row in await things.read(Statement(ONE))] == [1]


async def test_a_query_may_come_between_when_another_has_connected_a_reader(things: SqliteDriver) -> None:
    first = asyncio.create_task(things.read(Statement(ONE)))
    while not things._readers._open:
        await asyncio.sleep(0)
    for rows in (await things.read(Statement(ONE)), await first):
        assert [row["n"] for row in rows] == [1]


async def test_what_was_committed_is_read_at_once_and_never_changed(things: SqliteDriver) -> None:
    """Only one connection may write or checkpoint: SQLite before 3.51.3 can damage the file where two do."""
    await things.run([Statement(INSERT, {"name": "drum"})])
    assert [row["name"] for row in await things.read(Statement("SELECT name FROM things"))] == ["drum"]
    for change in (Statement("DELETE FROM things"), Statement("PRAGMA wal_checkpoint(TRUNCATE)")):
        with pytest.raises(StoreError):
            await things.read(change)
    assert await names(things) == ["drum"]


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


async def test_one_statement_that_changes_more_than_it_expects_changes_nothing(things: SqliteDriver) -> None:
    await things.run([Statement(INSERT, {"name": name}) for name in "ab"])
    with pytest.raises(StoreError):
        await things.run([Statement("UPDATE things SET name = name || '!'", expect=1)])
    assert await names(things) == ["a", "b"]


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
        await things.run([Statement(ONE), Statement(INSERT, {"name": "first"}, when=When(ONE, column="missing"))])
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
            StoreError, match=r"junk.db is damaged, or no database at all: stop the service and put a backup in its"
        ):
            await asked
    with pytest.raises(StoreError, match=r"middle.db is damaged: stop the service and put a backup in its place"):
        await look_at_file(tmp_path / "middle.db", whole=True)
    await look_at_file(tmp_path / "missing.db", whole=True)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_the_whole_ledger_as_csv(store: SqlStore, tmp_path: Path) -> None:
    jobs = [(await store.admit(admission())).job for _ in range(2)]
    out = StringIO()
    await asyncio.to_thread(export_file, tmp_path / "books.db", out)
    rows = list(csv.DictReader(out.getvalue().splitlines()))
    assert [(row["kind"], row["job_id"]) for row in rows] == [("hold", job.job_id) for job in jobs if job]
