"""Either platform may be missing or out; the other one serves."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import tokens
from tests.bots.discord.studio import Studio
from tests.e2e.children import Nursery
from tests.e2e.process import Process, process
from tests.waiting import until
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def gateway() -> AsyncIterator[Studio]:
    async with Studio() as gateway:
        yield gateway


@pytest.mark.parametrize(
    ("token", "said"), [("", "DISCORD_TOKEN is not set"), (tokens.OTHER_DISCORD, "discord can't run")]
)
async def test_telegram_serves_without_discord(gateway: Studio, tmp_path: Path, token: str, said: str) -> None:
    async with process(tmp_path, gateway.url, DISCORD_TOKEN=token) as service:
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        await service.start(discord=False)
        await band.says(ann, "/speak Aria Hello everyone")
        await band.wait_for(lambda chat: chat.audios)
        await until(lambda: said in service.log, 0.02)
        alone = "can't run" in said
        await until(lambda: ("orders come from telegram alone now" in service.log) == alone, 0.02)
        _is_true(service.log)


@pytest.mark.parametrize(
    ("token", "said"), [("", "TELEGRAM_TOKEN is not set"), (tokens.OTHER_TELEGRAM, "telegram can't run")]
)
async def test_discord_serves_without_telegram(gateway: Studio, tmp_path: Path, token: str, said: str) -> None:
    async with process(tmp_path, gateway.url, TELEGRAM_TOKEN=token) as service:
        guild = service.discord.guild()
        bea, channel = guild.member("Bea"), guild.channel("general")
        await service.start(telegram=False)
        reply = await service.discord.command(bea, channel, "/speak", voice="Aria", text="Hello everyone")
        assert len(await reply.audio()) == 1
        await until(lambda: said in service.log, 0.02)
        _is_true(service.log)


def _is_true(log: str) -> None:
    """It is ready before it is connected, and what it does not use is not missing."""
    assert log.index("ready: connecting to ") < log.index(": logged in as ")
    assert not [word for word in ("PyNaCl", "davey") if word in log]


async def test_the_only_platform_that_can_not_run_is_all_that_is_said(gateway: Studio, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url, TELEGRAM_TOKEN=tokens.OTHER_TELEGRAM, DISCORD_TOKEN="") as service:
        status, said = await service.cli("run")
        assert status == 1
        assert "Telegram does not accept TELEGRAM_TOKEN\n" in said
        assert "no platform can run; see above. Stopping." in said
        assert not [words for words in ("go on", "alone now") if words in said]
        service.extra |= {"TELEGRAM_TOKEN": service.telegram.token}
        await service.start(discord=False)


async def test_without_any_token_it_says_what_is_missing(gateway: Studio, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url) as service:
        service.extra |= {"DISCORD_TOKEN": "", "TELEGRAM_TOKEN": ""}
        cold = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bots", "run", cwd=tmp_path, stderr=asyncio.subprocess.PIPE,
            env={**service.environment(), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        _, complaint = await cold.communicate()
        assert cold.returncode == 2
        assert complaint.startswith(b"Neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set")
        assert b"Traceback" not in complaint
        status, said = await service.cli("check")
        assert status == 1
        assert "problem: Neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set" in said
        service.extra |= {"DISCORD_TOKEN": service.discord.token}
        await service.start(telegram=False)


async def test_a_proxy_that_can_not_be_used_is_one_sentence_and_stops_nobody_who_needs_none(
    gateway: Studio, tmp_path: Path
) -> None:
    async with process(tmp_path, gateway.url, HTTPS_PROXY="socks5://ann:canary@127.0.0.1:9") as service:
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        await service.start()
        await band.says(ann, "/speak Aria Hello everyone")
        await band.wait_for(lambda chat: chat.audios)
        assert service.log.count("HTTPS_PROXY can't be used") == 1
        status, said = await service.cli("check")
        assert (status, said.count("problem: HTTPS_PROXY can't be used")) == (1, 1)
        service.extra |= {"GATEWAY_URL": "https://gateway.test"}
        status, said = await service.cli("run")
        assert status == 2
        for told in (service.log, said):
            assert "Traceback" not in told
            assert "canary@" not in told


async def test_a_second_service_on_the_same_database_is_refused(gateway: Studio, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url) as service:
        await service.start()
        status, said = await service.cli("run")
        assert status == 2
        assert said.startswith("Another process is using this database: process ")
        assert said.count("\n") == 1, said
        assert (await service.cli("check"))[0] == 0
        copy = tmp_path / "copy.db"
        status, said = await service.cli("backup", str(copy))
        assert (status, copy.exists()) == (0, True)


@pytest.mark.parametrize(
    ("database", "content", "command"),
    [
        ("foreign.db", b"no database at all, but long enough to look at", ("ledger", "verify")),
        ("foreign.db", b"no database at all, but long enough to look at", ("backup", "copy.db")),
        ("empty.db", b"", ("ledger", "verify")),
        ("empty.db", b"", ("ledger", "export")),
        ("empty.db", b"", ("backup", "nowhere/copy.db")),
        ("foreign.db", b"no database at all, but long enough to look at", ("run",)),
        ("missing/x/y.db", None, ("ledger", "verify")),
    ],
)
async def test_a_database_that_is_none_gets_a_sentence(
    gateway: Studio, tmp_path: Path, database: str, content: bytes | None, command: tuple[str, ...]
) -> None:
    async with Nursery() as nursery, DiscordWorld() as discord, TelegramWorld() as telegram:
        service = Process(
            tmp_path, discord, telegram, gateway.url, nursery, {"DATABASE_URL": f"sqlite:///{tmp_path / database}"}
        )
        if content is not None:
            (tmp_path / database).write_bytes(content)
        status, said = await service.cli(*command)
    assert status == 2
    assert "Traceback" not in said
    assert database.split("/", maxsplit=1)[0] in said or "can't be" in said
    assert not (tmp_path / "copy.db.partial").exists()
