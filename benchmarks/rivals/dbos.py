"""A job as a DBOS workflow of four steps."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine, event

from benchmarks.fakes import AUDIO
from benchmarks.harness import Figures, Watch, at_once
from benchmarks.orders import TEXT

CONNECTIONS = 10
KNOWS_SUBSEC = sqlite3.sqlite_version_info >= (3, 42)


@event.listens_for(Engine, "connect")
def teach(connection: Any, _: object) -> None:
    """Let an older SQLite know fractions of seconds, which DBOS counts on where Python is 3.12 or later."""
    if isinstance(connection, sqlite3.Connection) and not KNOWS_SUBSEC:
        connection.create_function("unixepoch", 1, lambda _: time.time())


@DBOS.step()
async def submit(number: int) -> str:
    """Return a request id."""
    return f"request-{number}"


@DBOS.step()
async def watch(request_id: str) -> str:
    """Return COMPLETED."""
    return f"http://gateway/{request_id}"


@DBOS.step()
async def collect(url: str, into: str) -> str:  # noqa: ARG001
    """Write a small file."""
    Path(into).write_bytes(AUDIO)  # noqa: ASYNC240 - five bytes
    return into


@DBOS.step()
async def deliver(path: str) -> int:
    """Read the audio and delete the file."""
    size = len(Path(path).read_bytes())  # noqa: ASYNC240 - five bytes
    await asyncio.to_thread(Path(path).unlink)
    return size


@DBOS.workflow()
async def life(number: int, folder: str, text: str) -> int:  # noqa: ARG001
    """Run one job."""
    request_id = await submit(number)
    return await deliver(await collect(await watch(request_id), f"{folder}/{number}"))


async def lives(*, folder: str, jobs: int, waiting: int, postgres: str = "", shared: str = "") -> Figures:  # noqa: ARG001
    """Run jobs, a number at a time; the warm-up is a tenth of them."""
    DBOS(config=_config(folder, postgres))
    DBOS.launch()
    try:

        async def one(number: int) -> None:
            handle: Any = await DBOS.start_workflow_async(life, number, folder, TEXT)
            await handle.get_result()

        await at_once(waiting, one, range(jobs // 10))
        with Watch() as watched:
            await at_once(waiting, one, range(jobs // 10, jobs // 10 + jobs))
        return watched.figures(jobs)
    finally:
        await asyncio.to_thread(DBOS.destroy)


def _config(folder: str, postgres: str) -> DBOSConfig:
    path = Path(folder) / "dbos.db"
    if not postgres:
        with closing(sqlite3.connect(path)) as connection:  # persists in the file; FULL is SQLite's default
            connection.execute("PRAGMA journal_mode=WAL")
    return {
        "name": "bench",
        "system_database_url": postgres.replace("postgresql://", "postgresql+psycopg://") or f"sqlite:///{path}",
        "sys_db_pool_size": CONNECTIONS,
        "log_level": "WARNING",
    }
