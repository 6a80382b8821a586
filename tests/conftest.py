import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.bots.discord.studio import Studio
from tests.worlds.postgres import NoServer, Server, server
from tests.worlds.s3 import NoStore, Store, s3_server

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30

if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    # On a disk the suite waits longer for syncs than it computes. tests.proofs.power proves that syncs are asked for.
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


def pytest_collection(session: pytest.Session) -> None:
    """Import a worker's share first: with its asserts rewritten a module is cached, and the other workers read that."""
    if worker := getattr(session.config, "workerinput", None):
        paths = sorted(Path(__file__).parent.rglob("test_*.py"))
        for path in paths[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
            import_module(".".join(path.relative_to(session.config.rootpath).with_suffix("").parts))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of this process. Where there can be none, CI fails and anybody else is told."""
    try:
        # What has been counted decides a plan, and when it is counted depends on how long the tests take.
        with server({"autovacuum": "off"}) as started:
            yield started
    except NoServer as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no PostgreSQL to test with: {error}")


@pytest.fixture(scope="session")
def s3() -> Iterator[Store]:
    """One store for all tests of this process."""
    try:
        with s3_server() as started:
            yield started
    except NoStore as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no S3-compatible store to test with: {error}")


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    async with Studio() as studio:
        yield studio
