"""The whole service between a local Discord and a local Telegram, with the sandbox gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from bots.app.compose import build, platforms
from bots.app.environment import load
from bots.app.settings import SANDBOX
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld


@dataclass(frozen=True, slots=True)
class Stage:
    """Where people talk with the bot."""

    discord: DiscordWorld
    telegram: TelegramWorld


@asynccontextmanager
async def stage(**more: Any) -> AsyncIterator[Stage]:
    """Run the service, connected to both chats. `more`: other settings."""
    async with DiscordWorld() as discord, TelegramWorld() as telegram:
        with TemporaryDirectory() as folder:
            values: dict[str, Any] = {
                "discord_token": SecretStr(discord.token),
                "discord_api_url": discord.api_url,
                "telegram_token": SecretStr(telegram.token),
                "telegram_api_url": telegram.api_url,
                "gateway_url": SANDBOX,
                "gateway_key": SecretStr("sandbox"),
                "data_dir": Path(folder),
                "http_port": 0,
                "communities": "open",
                "poll_min_s": 0.2,
                "poll_max_s": 0.5,
            }
            settings = load(_env_file=None, **{**values, **more})
            async with build(settings, platforms(settings)) as app:
                stop = asyncio.Event()
                running = asyncio.create_task(app.run(stop))
                await discord.connected()
                yield Stage(discord, telegram)
                stop.set()
                await running
