"""A database with the schema, made once in a process: most tests and histories begin with a copy of it."""

import asyncio
import shutil
import tempfile
from asyncio import events
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock


@cache
def template() -> Path:
    """Return the file; it goes away with the process."""
    folder = tempfile.TemporaryDirectory(prefix="troubadour-template-")
    _kept.append(folder)
    path = Path(folder.name) / "schema.db"
    if events._get_running_loop():
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _make(path)).result()
    else:
        asyncio.run(_make(path))
    return path


def prepared(path: Path) -> Path:
    """Return the path of a database that has all tables: a new one, or the one that is there as it is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        shutil.copyfile(template(), path)
    return path


async def _make(path: Path) -> None:
    store = SqlStore(SqliteDriver(path), SetClock())
    await store.open()
    await store.close()


_kept: list["tempfile.TemporaryDirectory[str]"] = []
