"""A throw-away PostgreSQL server for tests, from the binaries on this machine."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import asyncpg

from storage.migrate import MARK
from storage.postgres import PostgresDriver
from storage.store import SqlStore
from tests.clock import SetClock

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
SOCKET = ".s.PGSQL.5432"
OPTIONS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "deadlock_timeout": "100ms",
}
"""The data is disposable, so speed matters more than durability."""
START_S = 120
"""Only ends a hang."""


class NoServer(Exception):
    """There are no server binaries."""


def binaries() -> Path:
    """Return the folder with initdb, pg_ctl and postgres. Raises NoServer."""
    found = [path for pattern in PLACES for path in Path("/").glob(pattern.removeprefix("/"))]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    for folder in sorted(found, reverse=True):
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise NoServer("the programs initdb, pg_ctl and postgres are not on this machine: install PostgreSQL's server")


def somebody() -> Mapping[str, Any]:
    """Return the user for subprocess to run the server as: it refuses to run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass
class Server:
    """One database with a schema for each test that needs an empty one, and a migrated one that is reused."""

    folder: Path
    restart: Callable[[], None]
    names: Iterator[str] = field(default_factory=lambda: (f"empty{number}" for number in count(1)))
    kept: str | None = None
    emptying: str = ""

    def url(self, schema: str) -> str:
        return f"postgresql://troubadour@/postgres?host={self.folder}&search_path={schema}"

    async def do(self, text: str) -> Sequence[Any]:
        connection = await asyncpg.connect(self.url("public"))
        try:
            return list(await connection.fetch(text)) if text.startswith("SELECT") else [await connection.execute(text)]
        finally:
            await connection.close()

    async def empty(self) -> str:
        """Return the address of a database without tables."""
        name = next(self.names)
        await self.do(f"CREATE SCHEMA {name}")
        return self.url(name)

    async def ready(self) -> str:
        """Return the address of the migrated database, without rows; there is only one."""
        if self.kept is None:
            self.kept = await self.empty()
            store = SqlStore(PostgresDriver(self.kept), SetClock())
            await store.open()
            await store.close()
            schema = self.kept.rpartition("=")[2]
            tables = await self.do(
                f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> '{MARK}'"
            )
            deletions = [f"DELETE FROM {schema}.{row['tablename']}" for row in tables]
            guarded = [f"ALTER TABLE {schema}.{name} ENABLE TRIGGER USER" for name in ("ledger", "audit")]
            self.emptying = "; ".join(["SET session_replication_role = replica", *deletions, *guarded])
        await self.do(self.emptying)
        return self.kept


class Detour:
    """A proxy to a database that can break connections unnoticed by the server."""

    def __init__(self, url: str, folder: Path) -> None:
        (self._home,) = parse_qs(urlsplit(url).query)["host"]
        self._folder = folder
        self.url = url.replace(self._home, str(folder))
        self._pumps: set[asyncio.Task[None]] = set()
        self._here: list[asyncio.StreamWriter] = []
        self._there: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._folder / SOCKET)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()
        for end in self._there:
            end.close()

    async def _serve(self, reader: asyncio.StreamReader, here: asyncio.StreamWriter) -> None:
        from_there, there = await asyncio.open_unix_connection(f"{self._home}/{SOCKET}")
        self._here.append(here)
        self._there.append(there)
        for source, sink in ((reader, there), (from_there, here)):
            self._pumps.add(asyncio.create_task(self._pump(source, sink)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    def forget(self) -> None:
        """Stop forwarding on the open connections, as a firewall that has dropped them does."""
        while self._pumps:
            self._pumps.pop().cancel()

    def hang_up(self) -> None:
        """Break the open connections."""
        self.forget()
        while self._here:
            self._here.pop().close()


@contextmanager
def server(options: Mapping[str, str] | None = None, where: Path | None = None) -> Iterator[Server]:
    """Start a server on a Unix socket and stop it; `options` override OPTIONS. Raises NoServer."""
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=where))  # a short path: a socket's is limited to 107 bytes
    who = somebody()
    if who:
        os.chown(folder, who["user"], who["group"])

    def do(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=program == "initdb", timeout=START_S, **who, check=False,
                              stdout=None if program == "initdb" else subprocess.DEVNULL)  # fmt: skip
        assert done.returncode == 0, f"{program} failed: {done.stderr!r}; see {folder}/log"

    # Text does not sort byte by byte here, as on many real servers.
    language = ("--locale-provider=icu", "--icu-locale=en-US") if _speaks_icu(programs) else ("--locale=C.UTF-8",)
    do("initdb", "--auth=trust", "--username=troubadour", "--no-sync", "--encoding=UTF8", *language)
    told = " ".join(f"-c {name}={value}" for name, value in {**OPTIONS, **(options or {})}.items())

    def run(how: str) -> None:
        do(
            "pg_ctl",
            "-w",
            "-t",
            str(START_S),
            "-m",
            "immediate",
            "-l",
            str(folder / "log"),
            "-o",
            f"-k {folder} {told}",
            how,
        )

    run("start")
    try:
        yield Server(folder, lambda: run("restart"))
    finally:
        do("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _speaks_icu(programs: Path) -> bool:
    told = subprocess.run([str(programs / "initdb"), "--help"], capture_output=True, text=True, check=True)
    return "--icu-locale" in told.stdout
