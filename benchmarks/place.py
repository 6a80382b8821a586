"""Where it is measured: a disk that is one, and a PostgreSQL server that keeps what it acknowledges."""

import os
import platform
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from urllib.parse import quote

from tests.worlds.postgres import NoServer, Server, server

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
LIBRARIES = ("aiohttp", "aiosqlite", "asyncpg", "av", "dbos", "discord.py", "httpx", "procrastinate",
             "psycopg", "python-telegram-bot", "sqlalchemy")  # fmt: skip


@dataclass
class Place:
    """What the sides are given."""

    disk: Path
    server: Server | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def database(self) -> str:
        """Return the address of an empty database, or "" where no server could be started."""
        if self.server is None:
            return ""
        name = f"bench{next(self._numbers)}"
        await self.server.do(f"CREATE DATABASE {name}")
        return f"postgresql://troubadour@/{name}?host={quote(str(self.server.folder), safe='')}"


@contextmanager
def place(*, postgres: bool) -> Iterator[Place]:
    """Find a disk, and start a server there if one is wanted. Raises NoServer."""
    disk = real_disk()
    if not postgres:
        yield Place(disk)
        return
    with server(DURABLE, disk) as started:
        yield Place(disk, started)


def real_disk() -> Path:
    """Return a folder for temporary files that is not in memory, where an fsync would cost nothing."""
    folders = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()]  # noqa: S108 - only its file system matters
    return next((folder for folder in folders if filesystem(folder) not in IN_MEMORY), folders[0])


def filesystem(folder: Path) -> str:
    """Return the kind of file system that a folder is on, "" where the machine does not tell."""
    mounts = Path("/proc/mounts")
    found: dict[Path, str] = {}
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        _, point, kind, *_ = line.split()
        found[Path(point)] = kind
    return next((found[path] for path in (folder.resolve(), *folder.resolve().parents) if path in found), "")


def machine() -> dict[str, str]:
    """Describe this machine and what is installed, as far as figures depend on it."""
    info = {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "disk": filesystem(real_disk()),
    }
    for name in LIBRARIES:
        try:
            info[name] = version(name)
        except PackageNotFoundError:
            info[name] = "not installed"
    return info


def processor() -> str:
    """Name the processor."""
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", listed.read_text()) if listed.exists() else None
    return found[1].strip() if found else platform.processor() or "unknown"


__all__ = ["NoServer", "Place", "machine", "place"]
