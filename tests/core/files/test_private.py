"""What the service keeps is readable for nobody else, whatever the umask, and what was is made private."""

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.app.settings import SANDBOX
from core.files.private import tree
from storage.backup import backup
from tests.bots.discord.studio import Studio
from tests.e2e.process import process
from tests.service import service
from tests.worlds.telegram import TelegramWorld


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [f"{p.relative_to(folder)} {p.stat().st_mode & 0o777:o}" for p in tree(folder) if p.stat().st_mode & 0o077]


async def test_all_that_is_kept_is_private_and_becomes_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    old = data / "spool" / "old" / "0"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"audio")
    for ending in ("", ".lock"):
        (data / f"troubadour.db{ending}").touch()
    (data / "spool" / "elsewhere").symlink_to(tmp_path)
    data.chmod(0o700)
    async with TelegramWorld() as world, service(world, Studio(), data, gateway_url=SANDBOX):
        bob, seen = world.user("Bob"), set[str]()
        band = world.group("Band", bob)
        await band.says(bob, "/speak Hello")
        while not band.audios:
            seen |= {path.name for path in tree(data)}
            assert open_to_others(data) == []
            await asyncio.sleep(0.001)
        backup(data / "troubadour.db", data / "copy.db")
        assert open_to_others(data) == []
    assert {"troubadour.db", "troubadour.db-wal", "troubadour.db-shm", "spool", "0"} <= seen
    assert tmp_path.stat().st_mode & 0o777 == 0o700  # what a link leads to is not ours
    [line] = [r.getMessage() for r in caplog.records if r.name == "core.files.private" and r.levelno == logging.WARNING]
    assert line.startswith("5 files or folders were open to other users and are not any more: ")


async def test_what_the_program_writes_by_whatever_library_is_private(tmp_path: Path) -> None:
    async with process(tmp_path, "sandbox") as service:
        await service.start()
        status, _ = await service.cli("backup", str(tmp_path / "copy.db"))
        assert status == 0
        script, out = tmp_path / "script", tmp_path / "out"
        script.write_text("ann: /speak Hello\n")
        assert (await service.cli("demo", "--script", str(script), "--out", str(out)))[0] == 0
        written = [tmp_path / "copy.db", *tree(out)]
        assert [path for path in written if path.stat().st_mode & 0o077] == []
        script.chmod(0o600)  # it and the log the test wrote
        assert open_to_others(tmp_path) == []
