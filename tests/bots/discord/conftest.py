"""The whole service, as `troubadour run` puts it together, between a local Discord and a studio."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bots.app.compose import build
from bots.app.life import App
from bots.app.settings import Settings, load
from bots.discord import Discord
from tests.bots.discord.studio import Studio
from tests.template import prepared
from tests.worlds.discord import Channel, DiscordWorld, Guild, Member


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
    }
    return load(_env_file=None, **{**values, **changes})


@asynccontextmanager
async def serving(app: App, world: DiscordWorld, shard: int = 0) -> AsyncIterator[None]:
    """The whole service, connected."""
    stop = asyncio.Event()
    run = asyncio.create_task(app.run(stop))
    try:
        await world.pulse.until(lambda: world.gateway.connected(shard), 10)
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
