"""A backup is whole, on disk before it counts, and something one can go back to."""

import asyncio
import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.domain.errors import StoreError
from storage.backup import backup
from storage.store import SqlStore
from tests.makers import admission


@pytest.fixture
def engine() -> str:
    """What this file is about."""
    return "sqlite"


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
    *steps, last = synced
    assert set(steps) == {("copy.db.partial", False)}
    assert last == (tmp_path.name, True)


async def test_a_backup_is_of_one_moment_however_many_steps_it_takes(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is ordered between two steps is left out, and does not make it begin again."""
    monkeypatch.setattr("storage.backup.STEP_PAGES", 1)
    await store.admit(admission())
    loop, fsync = asyncio.get_running_loop(), os.fsync
    steps = 0

    def ordering(descriptor: int) -> None:
        nonlocal steps
        steps += 1
        fsync(descriptor)
        if steps <= 20:
            asyncio.run_coroutine_threadsafe(store.admit(admission()), loop).result()

    monkeypatch.setattr("os.fsync", ordering)
    await asyncio.to_thread(backup, tmp_path / "books.db", tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (pages,) = copy.execute("PRAGMA page_count").fetchone()
    assert 20 < steps <= pages + 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("foreign", "not a database of Troubadour"),
        (
            "damaged",
            "damaged(, or no database at all)?: stop the service and put a backup in its place, with `troubadour restore",
        ),
    ],
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
