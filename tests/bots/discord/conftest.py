"""The whole service, as `troubadour run` puts it together, between a local Discord and a studio."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bots.app.compose import build
from bots.app.environment import load
from bots.app.life import App
from bots.app.settings import Settings
from bots.discord import Discord
from bots.discord.delivery import DiscordDelivery
from bots.discord.identity import Address
from core.domain.lifecycle import DeliveryState, State
from core.domain.models import Artifact, Job
from core.domain.quota import Period, Quota, QuotaSource, Standing
from core.domain.receipts import Receipt
from tests.audio import PROBE, Shapes
from tests.bots.discord.studio import Studio, sound
from tests.makers import job as made
from tests.moves import in_delivery
from tests.template import prepared
from tests.worlds.discord import Channel, DiscordWorld, Guild, Member, Reply
from tests.worlds.discord.places import LOADING


@dataclass
class Stage:
    """A guild with a channel, an admin and two members."""

    world: DiscordWorld
    guild: Guild
    channel: Channel
    boss: Member
    ana: Member
    bea: Member


@pytest_asyncio.fixture
async def world() -> AsyncIterator[DiscordWorld]:
    async with DiscordWorld() as world:
        yield world
        for request in world.requests:
            if isinstance(request.json, dict) and "content" in request.json:
                assert request.json["allowed_mentions"]["parse"] == [], request


@pytest.fixture
def stage(world: DiscordWorld) -> Stage:
    guild = world.guild()
    channel = guild.channel("general")
    boss, ana, bea = guild.member("Boss", admin=True), guild.member("Ana"), guild.member("Bea")
    return Stage(world, guild, channel, boss, ana, bea)


def settings_for(world: DiscordWorld, studio: Studio, folder: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "discord_token": SecretStr(world.token),
        "discord_api_url": world.api_url,
        "gateway_key": SecretStr("a-key"),
        "gateway_url": studio.url,
        "poll_min_s": 0.02,
        "poll_max_s": 0.02,
        "data_dir": folder,
        "http_port": 0,
        "drain_s": 5,
        "communities": "open",
        "repeat_kept": False,
    }
    return load(_env_file=None, **{**values, **changes})


@asynccontextmanager
async def serving(app: App, world: DiscordWorld, shard: int = 0) -> AsyncIterator[None]:
    """The whole service, connected."""
    stop = asyncio.Event()
    run = asyncio.create_task(app.run(stop))
    try:
        await world.pulse.until(lambda: world.gateway.connected(shard))
        yield
    finally:
        stop.set()
        await run


@asynccontextmanager
async def _working(app: App) -> AsyncIterator[None]:
    """A worker and nothing that receives."""
    [platform] = app.platforms.values()
    await platform.open(app.service)
    await app.worker.start()
    try:
        yield
    finally:
        await app.worker.stop(5)
        await platform.close()


@pytest.fixture
def listens() -> None:
    """For a test that wants real audio, from the media process."""


@pytest.fixture(autouse=True)
def _shapes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "listens" not in request.fixturenames:
        monkeypatch.setattr("bots.app.generating.Media", Shapes)


Running = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def running(world: DiscordWorld, studio: Studio, tmp_path: Path) -> Running:
    """One life of the process; the same folder serves the next."""

    @asynccontextmanager
    async def live(*, receive: bool = True, **changes: Any) -> AsyncIterator[App]:
        settings = settings_for(world, studio, tmp_path, **changes)
        prepared(tmp_path / "troubadour.db")
        discord = Discord(settings, world.now_s)
        async with build(settings, {"discord": discord}) as app, serving(app, world) if receive else _working(app):
            yield app

    return live


@pytest_asyncio.fixture
async def app(running: Running, stage: Stage) -> AsyncIterator[App]:
    async with running() as app:
        yield app


@pytest_asyncio.fixture
async def chat(stage: Stage, studio: Studio, tmp_path: Path) -> AsyncIterator[DiscordDelivery]:
    """Delivery alone; no bot is connected."""
    discord = Discord(settings_for(stage.world, studio, tmp_path), stage.world.now_s)
    await discord.open(None)  # type: ignore[arg-type]
    yield discord
    await discord.close()


@pytest.fixture
def reply(stage: Stage) -> Reply:
    """A deferred reply."""
    world, channel = stage.world, stage.channel
    reply = Reply(world.new_id(), "a-token", 2, stage.ana.user, channel, world.now_s(), 1 << 20, world.pulse)
    reply.callback, reply.original = 5, world.new_message(channel, world.bot, LOADING)
    channel.messages[reply.original.id] = reply.original
    world.replies[reply.token] = reply
    return reply


@pytest.fixture
def job(stage: Stage, reply: Reply, chat: DiscordDelivery) -> Job:
    assert reply.original is not None
    address = Address(
        application_id=stage.world.application_id,
        token=reply.token,
        token_until_s=reply.created_s + 14 * 60,
        channel_id=stage.channel.id,
        message_id=reply.original.id,
        upload_limit_bytes=1 << 20,
    )
    queued = made(
        job_id="0000000000123456ab",
        event_id="discord:1",
        platform="discord",
        community="discord:2",
        member="discord:3",
        member_name="Ana",
        direct=False,
        product="speech",
        parameters={"text": "Hi", "voice": "Aria"},
        characters=2,
        cost_micros=200,
        state=State.QUEUED,
        destination=address.destination(),
        channel="",
        created_ms=0,
        updated_ms=int(stage.world.now_s() * 1000),
    )
    return in_delivery(queued, DeliveryState.SENDING)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def audio(tmp_path: Path) -> list[Artifact]:
    path = tmp_path / "sound.wav"
    path.write_bytes(sound(0.1))
    return [Artifact.of(path, PROBE, path.stat().st_size)]


STANDING = Standing(
    quota=Quota(limit_micros=100_000, period=Period.DAY),
    source=QuotaSource.OPERATOR,
    used_micros=0,
    balance_micros=0,
    held_micros=0,
    resets_ms=0,
)


def receipt(job: Job) -> Receipt:
    return Receipt(job=job, charged_micros=job.cost_micros, standing=STANDING)


async def deliver(chat: DiscordDelivery, job: Job, audio: list[Artifact], *, uncertain: bool = False) -> None:
    await chat.deliver(job, audio, receipt(job), uncertain=uncertain)
