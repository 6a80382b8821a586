"""Worker processes on machines of their own share audio: what one has fetched another sends, after a SIGKILL, too."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web

from core.domain.stored import BucketAddress
from tests.bots.discord.studio import Studio
from tests.e2e.children import Child, Nursery
from tests.e2e.process import Process
from tests.waiting import WAIT_S, until
from tests.worlds.discord import DiscordWorld
from tests.worlds.postgres import Server
from tests.worlds.s3 import KEY, SECRET, Store, environment, names_in
from tests.worlds.telegram import Fault, TelegramWorld, User


class Ledger(Studio):
    """A gateway that counts what is fetched from it."""

    fetched = 0

    async def _media(self, request: web.Request) -> web.Response:
        self.fetched += 1
        return await super()._media(request)


class Fleet:
    """A bot, and workers with folders of their own."""

    def __init__(self, folder: Path, service: Process, nursery: Nursery) -> None:
        self.folder, self.service, self._nursery = folder, service, nursery
        self._children: dict[str, Child] = {}

    def start(self, name: str) -> None:
        own = self.folder / name
        own.mkdir()
        given = {**self.service.environment(), "DATA_DIR": str(own)}
        self._children[name] = self._nursery.start(own, given, ("run", "--roles", name.rstrip("0123456789")))

    async def kill(self, name: str) -> None:
        """End it without a word, and its disk with it."""
        self._children[name].signal(signal.SIGKILL)
        await self._children.pop(name).ended()
        shutil.rmtree(self.folder / name / "spool")

    async def stop(self) -> str:
        for child in self._children.values():
            child.signal(signal.SIGTERM)
        assert [await child.ended() for child in self._children.values()] == [0] * len(self._children)
        return self.logs

    @property
    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*/log")))


@asynccontextmanager
async def _fleet(folder: Path, gateway: Studio, database: str, bucket: BucketAddress) -> AsyncIterator[Fleet]:
    async with Nursery() as nursery, DiscordWorld() as discord, TelegramWorld() as telegram:
        extra = {"DATABASE_URL": database, "LEASE_S": "2", "DRAIN_S": "5", "DISCORD_TOKEN": "", **environment(bucket)}
        fleet = Fleet(folder, Process(folder, discord, telegram, gateway.url, nursery, extra), nursery)
        try:
            fleet.start("worker1")
            fleet.start("bot")
            await telegram.until(lambda: telegram.calls_to("getUpdates"), "no poll")
            yield fleet
        except BaseException:
            print(fleet.logs[-8000:])  # noqa: T201 - pytest shows it with the failure
            raise


@pytest.fixture
async def gateway() -> AsyncIterator[Ledger]:
    async with Ledger() as gateway:
        yield gateway


@pytest.fixture
def bucket(s3: Store) -> BucketAddress:
    return s3.address()


@pytest.fixture
async def fleet(tmp_path: Path, gateway: Ledger, postgres: Server, bucket: BucketAddress) -> AsyncIterator[Fleet]:
    async with _fleet(tmp_path, gateway, await postgres.empty(), bucket) as fleet:
        yield fleet


async def shared(bucket: BucketAddress) -> None:
    await until(lambda: names_in(bucket), 0.05)


async def put_off(fleet: Fleet) -> None:
    """Wait until it is committed that the chat has refused an upload for now: a kill before that leaves a doubt."""
    connection = await asyncpg.connect(fleet.service.extra["DATABASE_URL"])
    try:
        async with asyncio.timeout(WAIT_S):
            while await connection.fetchval("SELECT state FROM deliveries WHERE attempts = 1") != "pending":
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


@pytest.fixture
def ann(fleet: Fleet) -> User:
    return fleet.service.telegram.user("Ann", "ann")


async def test_a_killed_workers_audio_is_sent_by_another_that_never_fetched_it(
    fleet: Fleet, gateway: Ledger, bucket: BucketAddress, ann: User
) -> None:
    telegram = fleet.service.telegram
    band = telegram.group("Band", ann)
    telegram.fail("sendVoice", Fault.flood(600))
    await band.says(ann, "/speak Aria Hello everyone")
    await telegram.until(lambda: telegram.calls_to("sendVoice"), "no upload")
    await shared(bucket)
    await put_off(fleet)
    await fleet.kill("worker1")
    fleet.start("worker2")
    await band.wait_for(lambda chat: chat.audios)
    assert len(band.audios) == 1
    assert gateway.fetched == len(gateway.orders) == 1
    logs = await fleet.stop()
    assert "was brought from the shared store" in logs
    assert [secret for secret in (KEY, SECRET) if secret in logs] == []


async def test_history_sends_from_another_machine_what_the_first_has_lost(
    fleet: Fleet, gateway: Ledger, bucket: BucketAddress, ann: User
) -> None:
    telegram = fleet.service.telegram
    band = telegram.group("Band", ann)
    telegram.fail("sendVoice", Fault.kicked())
    await band.says(ann, "/speak Aria Hello everyone")
    card = await band.wait_for(lambda chat: next((m for m in chat.sent if "Send again" in m.buttons), None))
    await shared(bucket)
    await fleet.kill("worker1")
    fleet.start("worker2")
    await telegram.press(ann, card, card.buttons["Send again"])
    await band.wait_for(lambda chat: chat.audios)
    assert gateway.fetched == 1
    await fleet.stop()
