"""One life of the process: the real service, worker, store, clients and chat platforms, put together for the loop."""

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import discord.http
from discord.webhook.async_ import async_context
from pydantic import SecretStr

from bots.app.environment import load
from bots.app.health import Health
from bots.app.life import App
from bots.app.metrics import LoopLag
from bots.app.settings import Settings
from bots.discord.commands import commands
from bots.discord.connection import Bot
from bots.discord.platform import Discord
from bots.platform import Platform
from bots.telegram import Telegram
from bots.web.server import Web
from core.assembly.core import assemble
from core.assembly.runtime import Runtime
from core.domain.audio import Probe, RawFormat, Want
from core.domain.contract import WebhookMode
from core.domain.errors import Undecodable
from core.domain.ids import Ids
from core.domain.joining import AudioPart
from core.domain.policy import Policy
from core.domain.products import catalog
from core.domain.quota import Period, Quota
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.meters import Meters
from core.engine.pace import Pace
from core.engine.queue import Limits
from core.engine.worker import Worker
from core.files.artifacts import ArtifactFolder
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings, MediaLimits
from storage.admin_store import SqlAdminStore
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.audio import PROBE, Preparing, concatenated
from tests.proofs.sim.discord import TOKEN as DISCORD_TOKEN
from tests.proofs.sim.discord import URL as DISCORD_URL
from tests.proofs.sim.discord_payloads import APPLICATION, user
from tests.proofs.sim.gateway import HOST, KEY, PART, played
from tests.proofs.sim.loop import SimLoop
from tests.proofs.sim.telegram import HOST as TELEGRAM_HOST
from tests.proofs.sim.telegram import TOKEN as TELEGRAM_TOKEN

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

MP3 = replace(PROBE, container="mp3", codec="mp3", extension="mp3")
TOTAL = 12_000
"""What all may cost in a month, in micros: some histories reach it."""
ALLOWANCE = Quota(limit_micros=20_000, period=Period.DAY)


@cache
def settings() -> Settings:
    """Read the settings once; they are the same in every history."""
    return load(
        _env_file=None,
        telegram_token=SecretStr(TELEGRAM_TOKEN),
        telegram_api_url=f"http://{TELEGRAM_HOST}",
        discord_token=SecretStr(DISCORD_TOKEN),
        discord_api_url=DISCORD_URL,
        drain_s=5,
    )


class ListeningMedia(Preparing):
    """In place of the child process that decodes: knows whole audio from what is not."""

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        await asyncio.sleep(0.05)
        if played(path.read_bytes()) is None:
            raise Undecodable("not audio")
        return MP3

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        await asyncio.sleep(0.05)
        into.write_bytes(path.read_bytes())
        return into, MP3

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:
        await asyncio.sleep(0.05)
        return [concatenated(parts, into, MP3)]


class _SimDiscord(Discord):
    """The platform without its websocket: events are handed to the library's parser."""

    history: "History"

    async def run(self) -> None:
        assert self._responder is not None
        offered = commands(self._responder.service.catalog, has_console=False)
        bot = Bot(
            self._responder, offered, ws_url=None, trace=self._calls.trace(), sync=False, shards=None, now_s=self._now_s
        )
        await bot._async_setup_hook()
        me: Any = user(APPLICATION)
        bot._connection.user = discord.ClientUser(state=bot._connection, data=me)
        async_context.get()._locks.clear()  # the library keeps them for the whole process, which this life begins
        bot.http._HTTPClient__session = aiohttp.ClientSession()  # type: ignore[attr-defined]
        self._bot = self.history.incarnation.discord_bot = bot
        await asyncio.get_running_loop().create_future()


class Incarnation:
    """A process, from its start to its end."""

    def __init__(self, history: "History", number: int) -> None:
        self.history = history
        self.number = number
        self.dead = False
        self.ready = False
        self.discord_bot: Any = None
        history.timeline.begin_process()
        self.loop = SimLoop(history.timeline, history.wire)
        self.stop = asyncio.Event()
        self.rng = random.Random(f"{history.seed}/{number}")  # noqa: S311 - a simulation
        self.app: App | None = None
        self.driver = SqliteDriver(history.disk.database, kind=history.disk.connections(self.loop))
        self.main = self.loop.create_task(self._main(), name="main")

    async def _main(self) -> None:
        store = SqlStore(self.driver, self.history.timeline, total_pool_micros=TOTAL)
        await store.open()
        gateway = GatewayClient(self._gateway_settings())
        try:
            self.app = self._app(self.driver, store, gateway)
            self.loop.call_soon(self._mark)
            await self.app.run(self.stop)
        finally:
            await gateway.close()
            await store.close()

    def _mark(self) -> None:
        self.ready = True

    def _gateway_settings(self) -> GatewaySettings:
        history = self.history
        return GatewaySettings(
            url=f"http://{HOST}",
            key=SecretStr(KEY),
            public_url="https://bot.sim" if history.webhooks else None,
            webhook_mode=WebhookMode.TERMINAL,
            connect_s=5,
            submit_s=20,
            status_s=10,
            max_connections=1 if history.narrow else 256,
            media=MediaLimits(max_bytes=32_768, total_s=40, connect_s=5, read_s=10, max_redirects=3),
        )

    @property
    def places_taken(self) -> int:
        """How many jobs are counted as under way at the gateway."""
        assert self.app is not None
        assert isinstance(self.app.worker, Worker)
        return self.app.worker._queue.in_flight

    def _app(self, driver: SqliteDriver, store: SqlStore, gateway: GatewayClient) -> App:
        history, clock = self.history, self.history.timeline
        chats: dict[str, Platform] = {"telegram": self._telegram(), "discord": self._discord()}
        meters, breaker, spool = Meters(), CircuitBreaker(), history.disk.live / "spool"
        spool.mkdir(exist_ok=True)
        table = catalog(limits={"speech": PART} if history.parts else None)
        products = {name: replace(row, deadline_s=history.deadline_s) for name, row in table.products.items()}
        admin_store = SqlAdminStore(driver, clock, store)
        core = assemble(
            Runtime(
                store=store,
                admin_store=admin_store,
                gateway=gateway,
                media=ListeningMedia(),
                deliveries=chats,
                policy=Policy(default_quota=ALLOWANCE, direct_quota=ALLOWANCE, oldest_order_s=history.queue_s),
                clock=clock,
                artifacts=ArtifactFolder(spool),
                catalog=replace(table, products=products),
                ids=Ids(job=self._new_job, token=self._new_token),
                limits=Limits(total=8, member=3),
                pace=Pace(queue_s=history.queue_s, callbacks=history.webhooks),
                breaker=breaker,
                meters=meters,
            )
        )
        lag = LoopLag(turn_s=86_400)  # or its turns were most of the steps
        health = Health(
            meters=meters, worker=core.worker, breaker=breaker, lag=lag, receiving=chats,
            open_jobs=admin_store.open_jobs, spool=spool,
        )  # fmt: skip
        web = Web(
            "bot.sim", 8080, core.service, meters=meters, checks=health.wrong, metrics=health.metrics, hooks={}
        )  # fmt: skip
        return App(
            settings=settings(), service=core.service, worker=core.worker, platforms=chats, receiving=chats, web=web, lag=lag,
            health=health,
        )  # fmt: skip

    def _telegram(self) -> Telegram:
        return Telegram(settings())

    def _discord(self) -> Discord:
        platform = _SimDiscord(settings(), lambda: self.history.timeline.now_ms() / 1000)
        platform.history = self.history
        return platform

    def _new_job(self) -> str:
        alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
        return f"{self.history.serial():09d}" + "".join(self.rng.choices(alphabet, k=9))

    def _new_token(self) -> str:
        return f"canary-callback-{self.rng.getrandbits(96):024x}"

    # --- the end --------------------------------------------------------------------------------------------------

    def die(self) -> Sequence[Any]:
        """Return what must be kept until the history is over, so that nothing of it runs."""
        let_go(self.driver)
        return (*self.loop.die(), self.app, self.discord_bot, self.main)


def let_go(driver: SqliteDriver) -> None:
    """Close the lock of a process that is gone, as the system does; of many histories these would be too many."""
    if driver._lock is not None:
        os.close(driver._lock)
        driver._lock = None


discord.http.Route.BASE = DISCORD_URL
