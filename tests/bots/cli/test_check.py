"""`troubadour check` tries what only trying shows."""

import os
import shutil
import socket
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bots.cli.check import look, refuse
from bots.web.server import Web
from core.domain.errors import ConfigurationError
from core.engine.meters import Meters
from storage.engines import driver_of, reach
from tests import tokens
from tests.bots.app.readings import checked, reading


async def test_check_names_what_is_missing(tmp_path: Path) -> None:
    status, said = await checked(data_dir=tmp_path)
    assert status == 1
    assert "problem: Neither DISCORD_TOKEN nor TELEGRAM_TOKEN" in said
    assert "problem: GATEWAY_KEY is not set" in said


async def test_check_is_content_with_one_platform(tmp_path: Path) -> None:
    status, said = await checked(data_dir=tmp_path, telegram_token=tokens.TELEGRAM, gateway_url="sandbox")
    assert status == 0
    assert "DISCORD_TOKEN is not set: running without Discord" in said
    assert "audio is simulated" in said


async def test_check_says_when_the_disk_is_too_small_for_what_is_kept(tmp_path: Path) -> None:
    """What is kept already has its room."""
    (spool := tmp_path / "spool").mkdir()
    with (spool / "audio").open("wb") as file:
        file.truncate(5 * 10**9)
    room_mb = shutil.disk_usage(tmp_path).free // 10**6
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    status, said = await checked(**well, keep_mb=room_mb + 5_500)
    assert (status, f"note: KEEP_MB is {room_mb + 5_500}, and the disk of DATA_DIR has room for " in said) == (0, True)
    assert "KEEP_MB" not in (await checked(**well, keep_mb=room_mb + 4_500))[1]


async def test_check_tries_what_only_trying_shows(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "junk.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    bad: dict[str, dict[str, object]] = {
        "DATA_DIR: /proc/x can't be made or written": {"data_dir": "/proc/x"},
        "DATABASE_URL: /proc/x can't be made or written": {"database_url": "sqlite:////proc/x/books.db"},
        "HTTP_HOST foo.invalid is no name or address of this machine: put 127.0.0.1": {"http_host": "foo.invalid"},
        "HTTP_HOST 192.0.2.1 is no name or address of this machine": {"http_host": "192.0.2.1"},
        "is damaged, or no database at all": {"database_url": f"sqlite:///{tmp_path / 'junk.db'}"},
    }
    well: dict[str, object] = {
        "data_dir": tmp_path / "data",
        "telegram_token": tokens.TELEGRAM,
        "gateway_url": "sandbox",
    }
    for said, values in bad.items():
        status, lines = await checked(**well | values)
        problems = [line for line in lines.splitlines() if line.startswith("problem: ")]
        assert (status, len(problems)) == (1, 1), lines
        assert said in problems[0]
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        found = await look(reading(**well, http_port=unused_tcp_port), reach, running_is_fine=True)
        assert found.faults == [
            f"HTTP_PORT {unused_tcp_port} is in use on 127.0.0.1: stop what listens there, or put another port."
        ]
    assert not (tmp_path / "data").exists()


async def test_check_beside_the_running_service_finds_nothing_wrong(tmp_path: Path) -> None:
    """It has the database and the port, which is as it should be; a second one is refused."""
    driver = driver_of(tmp_path / "troubadour.db")
    await driver.open()
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    status, said = await checked(**well)
    assert (status, "note: The service is running" in said) == (0, True)
    with pytest.raises(ConfigurationError) as refused:
        await refuse(reading(**well), reach)
    await driver.close()
    assert str(refused.value).startswith(f"Another process is using this database: process {os.getpid()} on ")
    assert "\n" not in str(refused.value)


async def test_check_knows_its_own_port(tmp_path: Path) -> None:
    web = Web("127.0.0.1", 0, None, meters=Meters(), checks=AsyncMock(), metrics=AsyncMock(), hooks={})
    await web.start()
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    try:
        status, said = await checked(**well, http_port=web.port)
        assert (status, f"note: The service is running: it answers at HTTP_PORT {web.port}." in said) == (0, True)
        with pytest.raises(ConfigurationError, match="is in use"):
            await refuse(reading(**well, http_port=web.port), reach)
    finally:
        await web.stop()
