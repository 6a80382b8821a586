"""What every driver does: batches are whole or undone, rows are counted, and files that are no database are let go."""

import asyncio
from pathlib import Path

import pytest

from core.domain.errors import SchemaTooNew, StoreAway, StoreBusy, StoreError
from core.domain.lifecycle import State
from storage.backup import backup
from storage.books import audit
from storage.driver import STREAMS, Driver, Statement
from storage.migrate import migrate
from storage.sqlite import SqliteDriver, audit_file
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission
from tests.storage.damage import damage
from tests.storage.money import (
    TO_GENERATED,
    moved,
    placed,
    table,
)
from tests.waiting import WAIT_S


async def test_what_comes_while_closing_is_answered(driver: Driver) -> None:
    await driver.open()
    before = asyncio.create_task(driver.run([Statement("SELECT 1 AS x")]))
    await asyncio.sleep(0)
    closing = asyncio.create_task(driver.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="closed"):
        async with asyncio.timeout(WAIT_S):
            await driver.run([Statement("SELECT 1 AS x")])
    await closing
    assert len(await before) == 1


async def test_a_store_that_can_not_be_opened_lets_go_of_the_file(tmp_path: Path) -> None:
    driver = SqliteDriver(tmp_path / "new" / "books.db")
    store = SqlStore(driver, SetClock())
    await store.open()
    await driver.run([Statement("INSERT INTO migrations VALUES (9999, 'later', 0)")])
    await store.close()
    failed = SqlStore(SqliteDriver(tmp_path / "new" / "books.db"), SetClock())
    with pytest.raises(SchemaTooNew):
        await failed.open()
    again = SqliteDriver(tmp_path / "new" / "books.db")
    await again.open()
    await again.close()


async def test_a_folder_in_the_place_of_a_database_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"can't be opened: it is a folder, so put a file in DATABASE_URL\.$"):
        await SqliteDriver(tmp_path).open()
    with pytest.raises(StoreError, match="is a folder, no database: "):
        backup(tmp_path, tmp_path / "copy.db")


async def test_what_is_no_database_is_refused_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    path.write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="no database at all") as refused:
            await SqliteDriver(path).open()
        assert not isinstance(refused.value, StoreBusy)


async def test_a_batch_that_fails_is_undone_and_the_next_one_stands(driver: Driver) -> None:
    await driver.open()
    await driver.run([Statement("CREATE TABLE things (name TEXT PRIMARY KEY)")])
    put = [Statement("INSERT INTO things VALUES ('a')"), Statement("SELECT * FROM nowhere")]
    with pytest.raises(StoreError, match="nowhere"):
        await driver.run(put)
    await driver.run([Statement("INSERT INTO things VALUES ('b')")])
    assert await table(driver, "SELECT name FROM things") == [("b",)]
    await driver.close()


@pytest.mark.parametrize("expect", [0, 2])
async def test_rows_returned_are_counted_exactly(driver: Driver, expect: int) -> None:
    await driver.open()
    for text in ("SELECT 1 AS x", "SELECT 1 AS x UNION SELECT 2 UNION SELECT 3"):
        with pytest.raises(StoreError, match=f"instead of {expect}"):
            await driver.run([Statement(text, {}, expect)])
    await driver.run([Statement("SELECT 1 AS x", {}, 1)])
    await driver.close()


async def test_a_long_answer_comes_in_pieces_of_one_moment(driver: Driver) -> None:
    await driver.open()
    await driver.run([Statement("CREATE TABLE things (number INTEGER)")])
    put, ask = "INSERT INTO things VALUES (:n)", "SELECT number FROM things WHERE number > :n ORDER BY number"
    await driver.run([Statement(put, {"n": number}) for number in range(6)])
    pieces = []
    async for rows in driver.stream(Statement(ask, {"n": 0}), 2):
        pieces.append([row["number"] for row in rows])
        await driver.run([Statement(put, {"n": 6})])
    assert pieces == [[1, 2], [3, 4], [5]]
    with pytest.raises(StoreAway, match="nowhere"):
        await anext(driver.stream(Statement("SELECT * FROM nowhere")))
    taken = driver.stream(Statement(ask, {"n": 0}), 2)
    assert len(await anext(taken)) == 2
    await taken.aclose()
    await driver.close()


async def test_what_waits_to_come_in_pieces_is_refused_while_closing(driver: Driver) -> None:
    await driver.open()
    taken = [driver.stream(Statement("SELECT 1 AS x")) for _ in range(STREAMS)]
    assert [len(await anext(pieces)) for pieces in taken] == [1] * STREAMS
    waiting = asyncio.create_task(anext(driver.stream(Statement("SELECT 1 AS x"))))
    await asyncio.sleep(0)
    closing = asyncio.create_task(driver.close())
    await asyncio.sleep(0)
    for pieces in taken:
        await pieces.aclose()
    await closing
    with pytest.raises(StoreError, match="closed"):
        await waiting


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_reader_that_only_looks_leaves_no_lock(store: SqlStore, tmp_path: Path) -> None:
    await store.admit(admission())
    assert (await audit_file(tmp_path / "books.db")).balance
    with pytest.raises(StoreError):
        await audit_file(tmp_path / "nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()


async def test_an_audit_says_what_is_broken(tmp_path: Path, clock: SetClock) -> None:
    driver = SqliteDriver(tmp_path / "damaged.db")
    store = SqlStore(driver, clock)
    await store.open()
    failed = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(failed, 1, State.FAILED, upstream_micros=1000)
    await moved(store, await placed(store), *TO_GENERATED)
    (line,) = (await audit(driver)).findings
    assert line == "They balance: 2 jobs, 5 entries, $0.001 charged, $0.001 spent on jobs that nobody paid for."
    await driver.run([Statement("UPDATE usage SET used_micros = 9")])
    assert not (await audit(driver)).balance
    await store.close()


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("UPDATE jobs SET state = 'failed'", "a charge if it has audio"),
        ("DELETE FROM jobs", "exactly while its job is unresolved"),
        ("DELETE FROM ledger WHERE kind = 'hold'", "one hold entry"),
    ],
)
async def test_other_damage_is_named_too(tmp_path: Path, clock: SetClock, harm: str, rule: str) -> None:
    driver = SqliteDriver(tmp_path / "damaged.db")
    store = SqlStore(driver, clock)
    await store.open()
    await placed(store)
    await moved(store, await placed(store), *TO_GENERATED)
    await damage(driver, harm)
    assert any(rule in finding for finding in (await audit(driver)).findings)
    await store.close()


async def test_migrations_that_are_missing_are_applied_in_order(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [(1, "0001_a.sql", "CREATE TABLE a (x TEXT);\n"), (2, "0002_b.sql", "ALTER TABLE a ADD COLUMN y TEXT;\n")]
    await driver.open()
    for count in (1, 2, 2):
        monkeypatch.setattr("storage.migrate.migrations", lambda _, count=count: iter(steps[:count]))
        assert await migrate(driver, count) == count
    assert await table(driver, "SELECT version, applied_ms FROM migrations ORDER BY version") == [(1, 1), (2, 2)]
    await driver.close()
