"""A database with the schema, made once in a process: most histories begin with a copy of it."""

import asyncio
import tempfile
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
    asyncio.run(_make(path))
    return path


async def _make(path: Path) -> None:
    store = SqlStore(SqliteDriver(path), SetClock())
    await store.open()
    await store.close()


_kept: list["tempfile.TemporaryDirectory[str]"] = []
