"""A copy that takes the database's place: only a good one, only while nobody uses it, and whole at every instant."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.changes import MoveChanges
from core.domain.errors import StoreBusy, StoreError
from core.domain.lifecycle import JobState, Late, Reason, State
from core.engine.restoring import settle, unfinished
from storage.admin_store import SqlAdminStore
from storage.backup import backup
from storage.driver import Driver, Statement
from storage.engines import audit_of, restoring
from storage.postgres import PostgresDriver
from storage.restore import restored_by_others
from storage.sqlite import SqliteDriver
from storage.sqlite_files import files_of
from storage.store import SqlStore
from tests.clock import SetClock
from tests.e2e.children import Nursery
from tests.makers import admission, caller, order
from tests.moves import PENDING, SENDING, SENT, UNDELIVERABLE
from tests.storage.crew import Crew
from tests.storage.jobs import brought_to, entries
from tests.template import prepared
from tests.worlds.postgres import Server, binaries

MOST_STEPS = 100


async def ordered(store: SqlStore, orders: int = 1) -> None:
    for _ in range(orders):
        await store.admit(admission())


@pytest.fixture
async def house(tmp_path: Path) -> Path:
    """A folder as a kill has left it, with one order in `copy.db` and two in the database, most of it in its -wal."""
    written = tmp_path / "written" / "troubadour.db"
    store = SqlStore(SqliteDriver(prepared(written)), SetClock())
    await store.open()
    await ordered(store)
    house = tmp_path / "house"
    house.mkdir()
    backup(written, house / "copy.db")
    await ordered(store)
    for file in files_of(written)[:2]:
        shutil.copy(file, house)
    await store.close()
    return house


def jobs(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
    return int(found)


def kept(house: Path) -> list[Path]:
    return [path for path in house.glob("troubadour.db.before-*") if not path.name.endswith(("-wal", "-shm"))]


async def restore(house: Path, source: str = "copy.db") -> str:
    async with restoring(house / "troubadour.db", house / source, SetClock()) as copy:
        await settle(copy.store, await unfinished(copy.store))
        return await copy.finish()


async def test_the_copy_takes_its_place_and_the_former_one_is_kept(house: Path) -> None:
    said = await restore(house)
    (aside,) = kept(house)
    assert str(aside) in said
    assert (jobs(house / "troubadour.db"), jobs(aside), jobs(house / "copy.db")) == (1, 2, 1)
    assert {path.name for path in house.iterdir()} == {"copy.db", "troubadour.db", "troubadour.db.lock", aside.name}
    assert (await audit_of(house / "troubadour.db")).balance
    assert (house / "troubadour.db").stat().st_mode & 0o777 == 0o600


async def test_it_goes_to_a_machine_that_has_no_database(house: Path, tmp_path: Path) -> None:
    async with restoring(tmp_path / "new" / "troubadour.db", house / "copy.db", SetClock()) as copy:
        assert await copy.finish() == ""
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"troubadour.db", "troubadour.db.lock"}


async def test_whoever_disagrees_has_all_as_it_was(house: Path) -> None:
    before = {path: path.read_bytes() for path in house.iterdir()}
    async with restoring(house / "troubadour.db", house / "copy.db", SetClock()) as copy:
        assert len((await unfinished(copy.store)).waiting) == 1
    assert {path: path.read_bytes() for path in house.iterdir() if path.suffix != ".lock"} == before


def _newer(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'from tomorrow', 0)")


def _unbalanced(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE usage SET used_micros = used_micros + 1")


ANOTHER = "name another copy that `troubadour backup` made.$"


def _torn(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 20_000)


def _foreign(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE jobs (id)")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_newer, "Install the newer release"),
        (_unbalanced, "The books of the copy do not balance"),
        (_torn, f"copy.db is damaged(, or no database at all)?: {ANOTHER}"),
        (_foreign, f"copy.db is not a database of Troubadour: {ANOTHER}"),
        (
            lambda copy: copy.write_text("no database at all, but long enough to look at"),
            f"copy.db is damaged, or no database at all: {ANOTHER}",
        ),
        (lambda copy: copy.unlink(), "There is no file .*copy.db: name a copy"),
    ],
)
async def test_only_a_good_copy_is_restored(house: Path, spoil: Callable[[Path], object], why: str) -> None:
    spoil(house / "copy.db")
    before = (house / "troubadour.db").read_bytes()
    with pytest.raises(StoreError, match=why):
        await restore(house)
    assert (house / "troubadour.db").read_bytes() == before
    assert not [path for path in house.iterdir() if "partial" in path.name]
    assert kept(house) == []


async def test_the_database_is_no_copy_of_itself(house: Path) -> None:
    with pytest.raises(StoreError, match="is the database itself"):
        await restore(house, "troubadour.db")


async def test_what_a_killed_restore_has_left_is_no_copy(house: Path) -> None:
    left = house / "troubadour.db.partial"
    shutil.copy(house / "copy.db", left)
    with pytest.raises(StoreError, match="a restore that did not end"):
        await restore(house, left.name)
    assert jobs(left) == 1


async def test_it_waits_for_nobody_who_uses_the_database(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqlStore(SqliteDriver(house / "troubadour.db"), SetClock())
    await store.open()
    with pytest.raises(StoreBusy, match="Another process is using this database"):
        await restore(house)
    await ordered(store)
    monkeypatch.setattr("storage.sqlite_files.BUSY_S", 0)
    with closing(sqlite3.connect(house / "troubadour.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jobs").fetchone()
        await ordered(store)
        await store.close()
        with pytest.raises(StoreBusy, match="such as a backup or an audit: wait for its end"):
            await restore(house)
    assert jobs(house / "troubadour.db") == 4


async def test_a_disk_without_second_names_has_a_copy(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unknown)
    await restore(house)
    (aside,) = kept(house)
    assert (jobs(house / "troubadour.db"), jobs(aside)) == (1, 2)


async def test_a_kill_at_any_step_leaves_one_of_the_two_whole_and_it_runs_again(house: Path, tmp_path: Path) -> None:
    found = []
    async with Nursery() as nursery:
        for step in range(1, MOST_STEPS):
            here = tmp_path / f"killed-{step}"
            shutil.copytree(house, here)
            command = ("restore", str(here / "copy.db"), "--yes")
            environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(here)}
            child = nursery.start(here, environment, (str(step), *command), program="tests.storage.dying")
            status = await child.ended()
            if status == 0:
                break
            assert status == -signal.SIGKILL, (here / "log").read_text()
            assert (await audit_of(here / "troubadour.db")).balance
            found.append(jobs(here / "troubadour.db"))
            assert await nursery.start(here, environment, command).ended() == 0, (here / "log").read_text()
            assert jobs(here / "troubadour.db") == 1
            assert 2 in map(jobs, kept(here))
            assert [path for path in here.iterdir() if path.stat().st_nlink > 1 or "partial" in path.name] == []
    assert set(found) == {1, 2}
    assert found == sorted(found, reverse=True)


async def test_what_may_have_happened_since_is_not_done_again(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    """On both engines; the store's own fixture looks at the books."""
    stages = (State.QUEUED, State.SUBMITTING, State.RUNNING, PENDING, SENDING)
    queued, *others = [await brought_to(store, stage) for stage in stages]
    others.append(await store.move_delivery(await brought_to(store, SENDING), SENT))
    late: MoveChanges = {"reason": Reason.TOO_SLOW, "late": Late.AWAITED, "upstream_micros": 1400}
    expired = await store.close_job(await store.move(await brought_to(store, State.RUNNING), 1, State.EXPIRED, **late))
    found = await unfinished(store)
    assert [len(each) for each in (found.waiting, found.submitted, found.sending, found.awaited)] == [1, 2, 2, 1]
    assert found.waiting_micros == 1400
    await settle(store, found)
    after = [await store.job(job.job_id) for job in (queued, *others, expired)]
    assert [(job.stage, job.why, job.restored) for job in after if job] == [
        (JobState.CANCELLED, Reason.RESTORED, True),
        (State.SUBMITTING, None, True),
        (State.RUNNING, None, True),
        (UNDELIVERABLE, Reason.RESTORED, False),
        (UNDELIVERABLE, Reason.RESTORED, False),
        (SENT, None, False),
        (JobState.EXPIRED, Reason.TOO_SLOW, True),
    ]
    assert (await entries(driver, queued)).keys() == {"hold", "void", "upstream"}
    await settle(store, await unfinished(store))  # as after a kill in the middle


async def test_a_part_that_waits_is_cancelled_and_the_others_are_waited_for(store: SqlStore) -> None:
    job = (await store.admit(admission(parts=3))).job
    assert job is not None
    for to in (State.SUBMITTING, State.RUNNING):
        job = await store.move(job, 2, to)
    found = await unfinished(store)
    assert (len(found.waiting), len(found.waiting_in_part), len(found.submitted)) == (0, 1, 1)
    await settle(store, found)
    now = await store.again(job)
    assert [made.state for made in now.generations] == [State.CANCELLED, State.RUNNING, State.CANCELLED]
    now = await store.move(now, 2, State.FAILED, reason=Reason.GATEWAY_FAILED)
    assert now.state is JobState.FAILED


async def test_every_audit_has_a_line_and_sessions_end(driver: Driver, clock: SetClock) -> None:
    store = SqlStore(driver, clock)
    session = "INSERT INTO sessions (digest, member, name, locale, begun_ms, until_ms) VALUES ('d', 'm', '', '', 0, 9)"
    await store.open()
    await ordered(store)
    await driver.run([Statement(session)])
    await store.close()
    async with restored_by_others(driver, clock) as copy:
        assert copy.holds.startswith("1 job, 1 entry")
        assert copy.newest_ms == clock.now_ms()
        await copy.finish()
    await store.open()
    (entry,) = await SqlAdminStore(driver, clock, store).audit("test:band", 9)
    assert (entry.act, entry.actor_name) == ("restore", "terminal")
    assert (await driver.run([Statement("SELECT * FROM sessions")])) == [[]]


async def test_an_order_that_was_to_go_with_an_approval_stays(driver: Driver, clock: SetClock) -> None:
    store = SqlStore(driver, clock)
    await store.open()
    await store.keep_order("kept", order(), 1400)
    await store.ask("request", caller(), 1400, "kept", goes=True)
    await store.close()
    async with restored_by_others(driver, clock) as copy:
        await copy.finish()
    await store.open()
    found = await store.kept_with("request", "test:band")
    await store.close()
    assert found
    assert (found.order_id, found.goes) == ("kept", False)


async def test_on_postgresql_it_wants_a_database_that_nobody_works_on(crew: Crew, tmp_path: Path) -> None:
    clock = SetClock()
    with pytest.raises(StoreError, match="pg_restore"):
        async with restoring(crew.url, Path("dump"), clock):
            pass
    await crew.worker("one")
    with pytest.raises(StoreBusy, match="A worker has this database"):
        async with restoring(crew.url, None, clock):
            pass
    await crew.leases.pop().stop()
    async with Nursery() as nursery:
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": crew.url}
        assert await nursery.start(tmp_path, environment, ("restore", "--yes")).ended() == 0
    assert "What is loaded in the database is whole, and its books balance: 0 jobs" in (tmp_path / "log").read_text()


async def test_a_dump_of_postgresql_is_treated_alike(crew: Crew, postgres: Server, tmp_path: Path) -> None:
    job_id, dump = await crew.order(), tmp_path / "dump"

    def run(program: str, database: str, *options: str) -> None:
        address = f"--dbname=postgresql://troubadour@/{database}?host={postgres.folder}"
        subprocess.run([binaries() / program, address, *options], check=True)

    schema = crew.url.rpartition("=")[2]
    await asyncio.to_thread(run, "pg_dump", "postgres", "--format=custom", f"--schema={schema}", f"--file={dump}")
    await postgres.do("CREATE DATABASE again")
    await asyncio.to_thread(run, "pg_restore", "again", "--no-owner", str(dump))
    driver = PostgresDriver(crew.url.replace("/postgres?", "/again?"))
    async with restoring(crew.url.replace("/postgres?", "/again?"), None, SetClock()) as copy:
        await settle(copy.store, await unfinished(copy.store))
        await copy.finish()
    store = SqlStore(driver, SetClock())
    await store.open()
    job = await store.job(job_id)
    await store.close()
    assert job is not None
    assert (job.state, job.reason) == (JobState.CANCELLED, Reason.RESTORED)
