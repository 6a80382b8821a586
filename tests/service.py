"""The whole service in this process, between a local Telegram and a gateway."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bots.app.compose import build, platforms
from bots.app.environment import load
from bots.app.life import App
from tests.bots.discord.studio import Studio
from tests.template import prepared
from tests.worlds.telegram import TelegramWorld


@asynccontextmanager
async def service(world: TelegramWorld, studio: Studio, folder: Path, **changes: Any) -> AsyncIterator[App]:
    values: dict[str, Any] = {
        "telegram_token": SecretStr(world.token), "telegram_api_url": world.api_url, "gateway_url": studio.url,
        "gateway_key": SecretStr("a-gateway-key"), "data_dir": folder, "http_port": 0, "poll_min_s": 0.02,
        "poll_max_s": 0.02, "communities": "open", "repeat_kept": False,
    }  # fmt: skip
    settings, stop = load(_env_file=None, **{**values, **changes}), asyncio.Event()
    prepared(folder / "troubadour.db")
    async with build(settings, platforms(settings)) as app:
        running = asyncio.create_task(app.run(stop))
        try:
            yield app
        finally:
            stop.set()
            await running


async def readiness(app: App) -> dict[str, Any]:
    """Return what /readyz says, with its code, and the metrics."""
    url = f"http://127.0.0.1:{app.web.port}"
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{url}/readyz") as answer:
            said: dict[str, Any] = json.loads(await answer.text()) | {"code": answer.status}
        async with client.get(f"{url}/metrics") as answer:
            said["metrics"] = await answer.text()
    return said
