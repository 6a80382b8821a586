"""Either platform may be missing or out; the other one serves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.discord.studio import Studio
from tests.e2e.process import process


@pytest.fixture
async def gateway() -> AsyncIterator[Studio]:
    async with Studio() as gateway:
        yield gateway


@pytest.mark.parametrize(("token", "said"), [("", "DISCORD_TOKEN is not set"), ("not.the.token", "discord can't run")])
async def test_telegram_serves_without_discord(gateway: Studio, tmp_path: Path, token: str, said: str) -> None:
    async with process(tmp_path, gateway.url, DISCORD_TOKEN=token) as service:
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        await service.start(discord=False)
        await band.says(ann, "/speak Aria Hello everyone")
        await band.wait_for(lambda chat: chat.audios)
        assert said in service.log


@pytest.mark.parametrize(
    ("token", "said"), [("", "TELEGRAM_TOKEN is not set"), ("1:not-the-token", "telegram can't run")]
)
async def test_discord_serves_without_telegram(gateway: Studio, tmp_path: Path, token: str, said: str) -> None:
    async with process(tmp_path, gateway.url, TELEGRAM_TOKEN=token) as service:
        guild = service.discord.guild()
        bea, channel = guild.member("Bea"), guild.channel("general")
        await service.start(telegram=False)
        reply = await service.discord.command(bea, channel, "/speak", voice="Aria", text="Hello everyone")
        assert len(await reply.audio(20)) == 1
        assert said in service.log


async def test_without_any_token_it_says_what_is_missing(gateway: Studio, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url) as service:
        service.extra |= {"DISCORD_TOKEN": "", "TELEGRAM_TOKEN": ""}
        status, said = await service.cli("run")
        assert status == 2
        assert "Neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set" in said
        assert "Traceback" not in said
        status, said = await service.cli("check")
        assert status == 1
        assert "problem: neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set" in said
        service.extra |= {"DISCORD_TOKEN": service.discord.token}
        await service.start(telegram=False)


async def test_a_second_service_on_the_same_database_is_refused(gateway: Studio, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url) as service:
        await service.start()
        status, said = await service.cli("run")
        assert status == 2
        assert "Another process is using this database" in said
        copy = tmp_path / "copy.db"
        status, said = await service.cli("backup", str(copy))
        assert (status, copy.exists()) == (0, True)
