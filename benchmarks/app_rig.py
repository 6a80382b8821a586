"""The whole service in this process, with a peer as its gateway and its Telegram."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.orders import TEXT
from benchmarks.peers import Reached
from bots.app.compose import WallClock, compose, platforms
from bots.app.life import App
from bots.app.roles import Part
from bots.app.settings import Settings, load
from bots.app.stores import Stores, open_stores
from core.domain.lifecycle import DELIVERY_ENDS, VOIDS, DeliveryState, Stage, State
from core.domain.models import Caller, Destination, Order
from tests import tokens

DEADLINE_S = 120.0
_ENDS = VOIDS | DELIVERY_ENDS
TURN_S = 0.002
"""How often the meters are polled; polling the store would add work to the service."""


@dataclass
class Running:
    """A running app."""

    app: App
    stores: Stores
    peer: Reached
    _chats: Any = field(default_factory=lambda: count(1))

    async def deliver(self) -> float:
        """Run one job; return the seconds from COMPLETED at the gateway to audio accepted by the chat."""
        chat, running, ended = next(self._chats), self._moved(State.RUNNING), self._moved(*_ENDS)
        job = (await self.app.service.order(_order(chat))).job
        async with asyncio.timeout(DEADLINE_S):
            while self._moved(State.RUNNING) == running:  # noqa: ASYNC110 - the meters tell nobody
                await asyncio.sleep(TURN_S)
            job = await self.stores.store.job(job.job_id) or job
            await self.peer.finish(job.generations[0].request_id or "", self.app.web.port if self.app.web else None)
            while self._moved(*_ENDS) == ended:  # noqa: ASYNC110 - the meters tell nobody
                await asyncio.sleep(TURN_S)
        job = await self.stores.store.job(job.job_id) or job
        if job.stage is not DeliveryState.SENT:
            raise RuntimeError(
                f"{job.stage}: {job.why}: {job.delivery.detail if job.delivery else job.generations[0].detail}"
            )
        times = await self.peer.times()
        return float(times["accepted"][str(chat)] - times["complete"][job.generations[0].request_id])

    def _moved(self, *stages: Stage) -> int:
        moves = self.stores.meters.of("moves")
        return sum(moves.get((stage.value,), 0) for stage in stages)


def _order(chat: int) -> Order:
    key = f"telegram:{chat}"
    return Order(
        event_id=f"{key}:1",
        caller=Caller(platform="telegram", community=key, member=key, name="Ann", direct=True),
        product="speech",
        parameters={"text": TEXT, "voice": "Aria"},
        destination=Destination("telegram", {"chat": chat, "order": 1}),
    )


@asynccontextmanager
async def serving(folder: str, peer: Reached) -> AsyncIterator[Running]:
    """Run the service as `troubadour run` does, with callbacks."""
    settings, clock, part, stop = _settings(Path(folder), peer), WallClock(), Part(), asyncio.Event()
    chats = platforms(settings)
    async with open_stores(settings, clock) as stores, compose(settings, chats, stores, part, clock) as app:
        life = asyncio.create_task(app.run(stop))
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not all(chat.receiving for chat in chats.values()):  # noqa: ASYNC110 - the meters tell nobody
                    await asyncio.sleep(TURN_S)
            yield Running(app, stores, peer)
        finally:
            stop.set()
            await life


def _settings(folder: Path, peer: Reached) -> Settings:
    """Return settings that ignore the environment and `.env`."""
    defaults: dict[str, Any] = {name: field.get_default() for name, field in Settings.model_fields.items()}
    chosen: dict[str, Any] = {
        "telegram_token": SecretStr(tokens.TELEGRAM),
        "telegram_api_url": peer.url,
        "gateway_url": peer.url,
        "gateway_key": SecretStr("no-key-needed"),
        "public_url": "https://bench.invalid",
        "direct_allowance": "1000 day",
        "default_pool": "unlimited",
        "communities": "open",
        "data_dir": folder,
        "http_port": 0,
    }
    return load(_env_file=None, **{**defaults, **chosen})
