"""`troubadour backup --every`, as a real process beside a service that has the database."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots.__main__ import main
from bots.cli.backups import STAMP, Backups
from storage.sqlite import SqliteDriver, audit_file
from storage.store import SqlStore
from tests.clock import SetClock
from tests.e2e.children import Child, Nursery
from tests.makers import admission
from tests.template import prepared
from tests.waiting import until


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as nursery:
        yield nursery


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """The database of a service that runs."""
    store = SqlStore(SqliteDriver(prepared(tmp_path / "data" / "troubadour.db")), SetClock())
    await store.open()
    await store.admit(admission())
    yield store
    await store.close()


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


def name(hours_ago: float) -> str:
    return f"troubadour-{datetime.now(UTC) - timedelta(hours=hours_ago):{STAMP}}.db"


def begin(nursery: Nursery, folder: Path, *options: str) -> Child:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder / "data")}
    return nursery.start(folder, environment, ("backup", str(folder / "copies"), *options))


async def logged(folder: Path, done: Callable[[str], bool]) -> str:
    await until(lambda: done((folder / "log").read_text() if (folder / "log").exists() else ""), 0.02)
    return (folder / "log").read_text()


async def terminated(child: Child) -> int:
    child.signal(signal.SIGTERM)
    return await child.ended()


async def test_a_copy_is_made_verified_and_the_oldest_goes(
    store: SqlStore, nursery: Nursery, tmp_path: Path, copies: Path
) -> None:
    older = [name(hours) for hours in (24, 18, 12)]
    for each in older:
        (copies / each).write_text("a copy of former days")
    not_ours = ["notes.db", "troubadour-20260231T000000Z.db", "other-20200101T000000Z.db", name(30) + "-wal"]
    for each in not_ours:
        (copies / each).write_text("mine")
    (copies / f"{name(3)}.unverified.partial").write_text("what a kill has left")
    (copies / f"{name(2)}.unverified").write_text("what a kill has left")
    told = ("--textfile", str(tmp_path / "backup.prom"))
    child = begin(nursery, tmp_path, "--every", "6h", "--keep", "3", *told)
    log = await logged(tmp_path, lambda text: "copies are kept" in text)
    assert await terminated(child) == 0
    assert "troubadour_backup_timestamp_seconds " in (tmp_path / "backup.prom").read_text()
    (made,) = {path.name for path in copies.iterdir()} - {*older, *not_ours}
    assert {path.name for path in copies.iterdir()} == {made, *older[1:], *not_ours}
    assert f"{copies / made} is whole" in log
    assert "its books balance: 1 job, 1 entry" in log
    assert "3 copies are kept" in log
    assert (await audit_file(copies / made)).balance
    assert (copies / made).stat().st_mode & 0o777 == 0o600
    assert len(await store.unfinished()) == 1


async def test_a_restart_waits_until_the_newest_copy_is_old_enough(
    store: SqlStore, nursery: Nursery, tmp_path: Path, copies: Path
) -> None:
    (copies / name(1)).write_text("an hour old")
    (copies / name(-48)).write_text("of a clock that was wrong")
    child = begin(nursery, tmp_path, "--every", "6h")
    log = await logged(tmp_path, lambda text: "the next in " in text)
    assert 17_900 < float(log.split("the next in ")[1].split(" s")[0]) <= 18_000
    assert await terminated(child) == 0
    assert len(list(copies.iterdir())) == 2


async def test_a_copy_whose_books_do_not_balance_is_none_and_the_former_stay(
    store: SqlStore, nursery: Nursery, tmp_path: Path, copies: Path
) -> None:
    (copies / name(12)).write_text("a good one")
    with closing(sqlite3.connect(tmp_path / "data" / "troubadour.db")) as database, database:
        database.execute("UPDATE usage SET used_micros = used_micros + 1")
    child = begin(nursery, tmp_path, "--every", "6h", "--keep", "1")
    log = await logged(tmp_path, lambda text: "the backup failed" in text)
    assert "every day's usage equals the ledger's sum" in log
    assert "ERROR" in log
    assert await terminated(child) == 0
    assert [path.read_text() for path in copies.iterdir()] == ["a good one"]


async def test_a_failure_is_tried_again_at_the_next(
    store: SqlStore, tmp_path: Path, copies: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In this process, where an interval need not be a minute."""
    tries: list[Path] = []

    def copy(target: Path, step: Callable[[], None]) -> None:
        tries.append(target)
        if len(tries) == 1:
            raise OSError(28, "No space left on device")
        target.write_text("a copy")
        if len(tries) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    async def verify(_: Path) -> str:
        return "1 job"

    assert await Backups(tmp_path / "data/troubadour.db", copies, 0.01, 3, copy=copy, verify=verify).run() == 0
    assert "No space left on device" in caplog.text
    assert len(tries) == 2


async def test_it_ends_in_the_middle_of_a_copy(tmp_path: Path, copies: Path) -> None:
    def copy(target: Path, step: Callable[[], None]) -> None:
        target.write_text("the beginning of a copy")
        os.kill(os.getpid(), signal.SIGTERM)
        while True:
            step()

    async def verify(_: Path) -> str:
        raise AssertionError

    assert await Backups(tmp_path / "data/troubadour.db", copies, 0.01, 3, copy=copy, verify=verify).run() == 0
    assert list(copies.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "often"], "'often' is no time: write such as 30m, 6h or 1d"),
        (["--every", "5s"], "'5s' is too often: write 1m or more"),
        (["--every", "6h", "--keep", "0"], "'0' is no number of copies"),
        (["--keep", "3"], "--keep goes with --every"),
    ],
)
async def test_slips_get_a_sentence(
    store: SqlStore, tmp_path: Path, copies: Path, options: list[str], said: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    try:
        status = await asyncio.to_thread(main, ["backup", str(copies), *options])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert said in capsys.readouterr().err
    assert list(copies.iterdir()) == []
