"""Where benchmarks run: a real disk, and a PostgreSQL server with durable commits."""

import os
import platform
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    """The resources of the sides."""

    disk: Path
    server: Server | None = None
    why: str = ""
    """Why there is no server."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def database(self) -> str:
        """Return the address of an empty database, or "" without a server."""
        if self.server is None:
            return ""
        name = f"bench{next(self._numbers)}"
        await self.server.do(f"CREATE DATABASE {name}")
        return f"postgresql://troubadour@/{name}?host={quote(str(self.server.folder), safe='')}"


@contextmanager
def place(*, postgres: bool) -> Iterator[Place]:
    """Find a disk, and start a server on it if requested, where this machine has one."""
    disk, why = real_disk(), "not asked for"
    with ExitStack() as stack:
        started = None
        if postgres:
            try:
                started = stack.enter_context(server(DURABLE, disk))
            except NoServer as error:
                why = str(error)
        yield Place(disk, started, why)


def real_disk() -> Path:
    """Return a folder for temporary files that is on a disk: in memory an fsync costs nothing."""
    folders = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()]  # noqa: S108 - only its file system matters
    return next((folder for folder in folders if filesystem(folder) not in IN_MEMORY), folders[0])


def filesystem(folder: Path) -> str:
    """Return the type of a folder's file system, "" if unknown."""
    mounts = Path("/proc/mounts")
    found: dict[Path, str] = {}
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        _, point, kind, *_ = line.split()
        found[Path(point)] = kind
    return next((found[path] for path in (folder.resolve(), *folder.resolve().parents) if path in found), "")


def machine() -> dict[str, str]:
    """Describe what figures depend on: this machine and the installed versions."""
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
    """Return the processor's name."""
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", listed.read_text()) if listed.exists() else None
    return found[1].strip() if found else platform.processor() or "unknown"
