"""Each part of the service starts with the secrets that it needs, and serves without the others."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from bots.cli.check import NO_CHAT, NO_KEY
from tests.bots.discord.studio import Studio
from tests.e2e.children import Child, Nursery
from tests.needs import NEEDED, SECRETS
from tests.ports import free_port
from tests.waiting import WAIT_S
from tests.worlds.postgres import Server
from tests.worlds.telegram import TelegramWorld


class House:
    """A chat, a gateway and a database, and processes that are given their secrets as files."""

    def __init__(self, folder: Path, telegram: TelegramWorld, gateway: Studio, database: str, nursery: Nursery) -> None:
        self.folder, self.telegram, self.gateway, self.nursery = folder, telegram, gateway, nursery
        self.values = dict(zip(SECRETS, (database, telegram.token, "canary-gateway-key"), strict=True))

    def start(self, role: str, secrets: tuple[str, ...], settings: Mapping[str, str]) -> Child:
        here = self.folder / role
        (here / "secrets").mkdir(parents=True)
        for name in SECRETS:  # an empty file is none
            (here / "secrets" / name.lower()).write_text(self.values[name] if name in secrets else "")
        environment = {
            "PATH": os.environ["PATH"],
            "SECRETS_DIR": str(here / "secrets"),
            "DATA_DIR": str(here / "data"),
            "TELEGRAM_API_URL": self.telegram.api_url,
            "GATEWAY_URL": self.gateway.url,
            "HTTP_PORT": "0",
            "COMMUNITIES": "open",
            "POLL_MIN_S": "0.05",
            "POLL_MAX_S": "0.1",
            "DRAIN_S": "5",
            **settings,
        }
        return self.nursery.start(here, environment, ("run", "--roles", role))

    def log(self, role: str) -> str:
        return (self.folder / role / "log").read_text()


@pytest.fixture
async def house(tmp_path: Path, postgres: Server) -> AsyncIterator[House]:
    database = await postgres.ready()
    async with Nursery() as nursery, TelegramWorld() as telegram, Studio() as gateway:
        yield House(tmp_path, telegram, gateway, database, nursery)


async def ready(port: int) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_an_order_is_carried_by_parts_that_have_what_they_need_and_no_more(house: House) -> None:
    port = free_port()
    for role, secrets in NEEDED.items():
        house.start(role, secrets, {"HTTP_PORT": str(port)} if role == "web" else {})
    ann = house.telegram.user("Ann", "ann")
    band = house.telegram.group("Band", ann)
    await house.telegram.until(lambda: house.telegram.calls_to("getUpdates"), "no poll")
    await band.says(ann, "/speak Aria Hello everyone")
    await band.wait_for(lambda chat: chat.audios)
    async with asyncio.timeout(WAIT_S):
        while not await ready(port):
            await asyncio.sleep(0.05)
    assert "running without" not in house.log("web")
    assert [o["text"] for o in house.gateway.orders] == ["Hello everyone"]


@pytest.mark.parametrize(
    ("role", "left_out", "settings", "said"),
    [
        ("worker", "GATEWAY_KEY", {}, NO_KEY),
        ("worker", "TELEGRAM_TOKEN", {}, NO_CHAT),
        ("bot", "TELEGRAM_TOKEN", {}, NO_CHAT),
        ("bot", "GATEWAY_KEY", {"PREVIEW_BUDGET": "1.00"}, NO_KEY),
        ("web", "GATEWAY_KEY", {"PUBLIC_URL": "https://bot.example.org"}, NO_KEY),
        ("web", "TELEGRAM_TOKEN", {"CONSOLE_URL": "https://console.example.org"}, NO_CHAT),
    ],
)
async def test_what_is_needed_and_missing_is_said(
    house: House, role: str, left_out: str, settings: Mapping[str, str], said: str
) -> None:
    child = house.start(role, tuple(name for name in SECRETS if name != left_out), settings)
    assert await child.ended() == 2
    assert said in house.log(role)
