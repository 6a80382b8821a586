"""From a file to PostgreSQL: everything arrives, or nothing does."""

import io
from pathlib import Path

import asyncpg
import pytest

from bots.__main__ import main
from core.domain.errors import StoreError
from core.domain.lifecycle import State
from storage import moving
from storage.driver import Statement
from storage.engines import audit_of, export_of
from storage.migrate import MARK
from storage.moving import move_store
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, order
from tests.storage.damage import damage
from tests.storage.jobs import HELD_PATH, brought_to
from tests.worlds.postgres import Server

HOSTILE = 'O\'Brien "quoted"\\ \t,\n{}\\N 🎵 \u202e é'


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A community with jobs in every state, a wish, an offer, and a member whose name is hard to copy."""
    path = tmp_path / "old.db"
    store = SqlStore(SqliteDriver(path), SetClock())
    await store.open()
    for state in HELD_PATH:
        await brought_to(store, state)
    await store.admit(admission(order(caller("odd"), HOSTILE), cost=2))
    await store.ask("wish", caller("odd"), 5)
    await store.offer("offer", order(caller("odd")), 5, SetClock().now_ms() + 1000)
    hostile = {"name": HOSTILE, "huge": 2**62}
    for text in (
        "UPDATE members SET name = :name WHERE member = 'test:odd'",
        (
            "INSERT INTO audit (audit_id, at_ms, community_id, actor, act, target, before_value, after_value, outcome) "
            "VALUES ('a', :huge, 1, 'x', 'quota', 'a' || char(0) || 'b', '', '', 'done')"
        ),
    ):
        await store._driver.run([Statement(text, hostile)])
    await store.close()
    return path


@pytest.fixture
async def url(postgres: Server) -> str:
    return await postgres.empty()


async def rows(url: str) -> int:
    """Count the rows of every table."""
    connection = await asyncpg.connect(url)
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    counts = [await connection.fetchval(f"SELECT count(*) FROM {name}") for (name,) in names if name != MARK]
    await connection.close()
    return sum(counts)


async def written(address: Path | str) -> str:
    out = io.StringIO()
    await export_of(address, out)
    return out.getvalue()


async def test_everything_arrives_and_goes_on(file: Path, url: str) -> None:
    before = SqlStore(SqliteDriver(file), SetClock())
    await before.open()
    jobs = await before.unfinished()
    tables = await before._driver.tables()
    counts = {table: f"SELECT count(*) AS rows FROM {table}" for table in tables - {MARK}}
    expected = {table: (await before._driver.run([Statement(text)]))[0][0]["rows"] for table, text in counts.items()}
    await before.close()
    moved = await move_store(file, url)
    assert moved == expected
    assert all(moved[table] for table in ("audit", "offers", "credit_requests", "ledger", "jobs", "members"))
    assert sum(moved.values()) == await rows(url) > len(State)
    assert await written(url) == await written(file)
    assert (await audit_of(url)).findings == (await audit_of(file)).findings
    after = SqlStore(PostgresDriver(url), SetClock())
    await after.open()
    assert await after.unfinished() == jobs
    await after.move(next(job for job in jobs if job.stage is State.QUEUED), 1, State.CANCELLED)
    await after.close()
    assert (await audit_of(url)).balance


async def test_a_target_with_rows_is_refused(file: Path, url: str) -> None:
    await move_store(file, url)
    count = await rows(url)
    with pytest.raises(StoreError, match="holds rows already"):
        await move_store(file, url)
    assert await rows(url) == count


async def test_a_target_with_other_tables_is_refused(file: Path, url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(StoreError, match="holds other tables"):
        await move_store(file, url)
    await connection.execute("DROP TABLE customers")
    await connection.close()
    await move_store(file, url)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE customers (name TEXT)")
    await connection.close()
    with pytest.raises(StoreError, match="other tables than the file"):
        await move_store(file, url)


async def test_a_file_in_use_is_refused(file: Path, url: str) -> None:
    user = SqliteDriver(file)
    await user.open()
    with pytest.raises(StoreError, match="Another process is using"):
        await move_store(file, url)
    await user.close()


async def test_a_file_of_somebody_else_is_refused(tmp_path: Path, url: str) -> None:
    other = SqliteDriver(tmp_path / "other.db")
    await other.open()
    with pytest.raises(StoreError, match="not a database of Troubadour"):
        await move_store((tmp_path / "empty.db"), url)
    await other.close()


async def test_books_that_do_not_balance_stay(file: Path, url: str) -> None:
    driver = SqliteDriver(file)
    await driver.open()
    await damage(driver, "DELETE FROM ledger WHERE kind = 'charge'")
    await driver.close()
    with pytest.raises(StoreError, match="do not balance"):
        await move_store(file, url)


@pytest.mark.parametrize("spoilt", ["a value", "a row"])
async def test_what_does_not_arrive_as_it_was_sent_is_not_kept(
    file: Path, url: str, spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = "NEW.name := 'x'; RETURN NEW;" if spoilt == "a value" else "RETURN NULL;"
    await moving._bring_up_to_date(url, frozenset(await tables_of(file)))
    connection = await asyncpg.connect(url)
    await connection.execute(
        f"CREATE FUNCTION spoil() RETURNS trigger AS $$ BEGIN {trigger} END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER spoil BEFORE INSERT ON members FOR EACH ROW EXECUTE FUNCTION spoil()"
    )
    await connection.close()
    with pytest.raises(StoreError, match="members did not arrive"):
        await move_store(file, url)
    assert await rows(url) == 0


async def tables_of(file: Path) -> frozenset[str]:
    driver = SqliteDriver(file)
    await driver.open()
    names = await driver.tables()
    await driver.close()
    return names - {MARK}


async def test_an_interruption_leaves_the_target_empty(file: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(moving, "_prove", broken)
    with pytest.raises(KeyboardInterrupt):
        await move_store(file, url)
    assert await rows(url) == 0
    monkeypatch.undo()
    await move_store(file, url)


def test_the_command_says_what_moved(file: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate-store", f"sqlite:///{file}", url]) == 0
    said = capsys.readouterr().out
    assert "jobs" in said
    assert "Every row arrived" in said


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("old.db", "postgresql://localhost/x", "must begin with"),
        ("postgresql://localhost/x", "sqlite:///old.db", "moves from SQLite to PostgreSQL"),
        ("sqlite:///missing.db", "postgresql://localhost/x", "no database at missing.db"),
    ],
)
def test_what_can_not_be_moved_is_said(
    source: str, target: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["migrate-store", source, target]) == 2
    assert said in capsys.readouterr().err
