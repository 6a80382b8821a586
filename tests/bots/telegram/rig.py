"""The real platform, service, worker and store, between the local Telegram and a gateway that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bots.app.environment import load
from bots.telegram import Telegram
from bots.telegram.rate_limiter import AT_ONCE
from bots.text.in_language import InLanguage
from core.assembly.core import assemble
from core.assembly.runtime import Runtime
from core.domain.models import Job
from core.domain.policy import Policy
from core.domain.products import Product
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.pace import Pace
from core.engine.worker import Worker
from core.files.artifacts import ArtifactFolder
from core.service.service import Service
from storage.admin_store import SqlAdminStore
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.audio import Shapes
from tests.clock import SetClock
from tests.core.rig import ScriptedGateway
from tests.makers import day
from tests.template import prepared
from tests.worlds.telegram import Chat, TelegramWorld


@dataclass
class Orders(ScriptedGateway):
    """Also remembers all parameters."""

    parameters: list[Mapping[str, Any]] = field(default_factory=list)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        self.parameters.append(parameters)
        return await super().submit(product, parameters, callback_token)


@dataclass
class Rig:
    """What outlives the process: the folder with the database, and the world."""

    world: TelegramWorld
    folder: Path
    gateway: Orders = field(default_factory=Orders)
    media: Shapes = field(default_factory=Shapes)
    clock: SetClock = field(default_factory=SetClock)
    token: str = ""
    owners: frozenset[str] = frozenset()
    repeats: bool = False

    @property
    def policy(self) -> Policy:
        cent = day(10_000)
        return Policy(default_quota=cent, direct_quota=cent, owners=self.owners, repeats=self.repeats)

    @asynccontextmanager
    async def bot(self, *, receiving: bool = True) -> AsyncIterator["Bot"]:
        """One life of the process."""
        store = SqlStore(SqliteDriver(prepared(self.folder / "troubadour.db")), self.clock)
        await store.open()
        token = SecretStr(self.token or self.world.token)
        telegram = Telegram(load(telegram_token=token, telegram_api_url=self.world.api_url))
        service, worker = self._core(store, telegram)
        await telegram.open(service)
        await worker.start()
        run = asyncio.create_task(telegram.run() if receiving else asyncio.sleep(0))
        try:
            yield Bot(telegram, store, worker, run, service)
        finally:
            await telegram.stop_receiving()
            await worker.stop(5)
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            await telegram.close()
            await store.close()

    def _core(self, store: SqlStore, telegram: Telegram) -> tuple[Service, Worker]:
        core = assemble(
            Runtime(
                store=store,
                admin_store=SqlAdminStore(store._driver, self.clock, store),
                gateway=self.gateway,
                media=self.media,
                deliveries={"telegram": InLanguage(telegram)},
                policy=self.policy,
                clock=self.clock,
                artifacts=ArtifactFolder(self.folder / "spool"),
                pace=Pace(poll_min_s=0.001, poll_max_s=0.001),
                breaker=CircuitBreaker(0.001),
            )
        )
        assert isinstance(core.worker, Worker)
        return core.service, core.worker


@dataclass(frozen=True)
class Bot:
    telegram: Telegram
    store: SqlStore
    worker: Worker
    run: "asyncio.Task[None]"
    service: Service


async def closed(bot: Bot, job_id: str) -> Job:
    """Wait until nothing is left to do for an order."""
    while (job := await bot.store.job(job_id)) is None or job.closed_ms is None:
        await asyncio.sleep(0)
    return job


def fill(bot: Bot, chat: Chat) -> None:
    """Let a group have had its share of messages, the last of which was an answer."""
    room = bot.telegram._limiter._group(chat.id)
    room.used, room.at_s, room.since_answer = AT_ONCE, asyncio.get_running_loop().time(), 0
