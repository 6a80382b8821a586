"""The composition root: settings become store, gateway, service, worker and platforms, and a life for them."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from bots.life import App
from bots.metrics import LoopLag
from bots.platform import Platform
from bots.settings import Settings
from bots.vitals import Vitals
from bots.web import Web
from core.admin import Admin
from core.delivering import Delivering
from core.errors import ConfigurationError
from core.gate import Gate
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.ids import Ids
from core.lifecycle import State
from core.media import Media
from core.meters import Meters
from core.models import Job
from core.nudges import Nudges
from core.observed import ObservedDelivery, ObservedGateway
from core.policy import Policy
from core.ports import Clock
from core.products import Catalog, catalog
from core.queue import FairQueue, Limits
from core.service import Service
from core.steps import Pace, Steps
from core.worker import Worker
from storage.admin_store import SqlAdminStore
from storage.sqlite import SqliteDriver
from storage.store import SqlStore

log = logging.getLogger(__name__)


class WallClock:
    """The real time."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


def platforms(settings: Settings) -> dict[str, Platform]:
    """Return the platforms that have a token; each library is imported only for its own platform."""
    found: dict[str, Platform] = {}
    if settings.discord_token:
        from bots.discord import Discord

        found["discord"] = Discord(settings)
    else:
        log.warning("DISCORD_TOKEN is not set: running without Discord")
    if settings.telegram_token:
        from bots.telegram import Telegram

        found["telegram"] = Telegram(settings)
    else:
        log.warning("TELEGRAM_TOKEN is not set: running without Telegram")
    return found


def catalog_of(settings: Settings) -> Catalog:
    """Build the product table with the operator's changes."""
    endpoints = {"speech": settings.speech_endpoint, "music": settings.music_endpoint}
    table = catalog(
        price_micros=settings.price_micros,
        speech_limit=settings.speech_limit,
        music_limit=settings.music_limit,
        more_voices=settings.more_voices,
        default_voice=settings.default_voice,
        endpoints={name: path for name, path in endpoints.items() if path},
    )
    return replace(
        table, products={name: replace(row, deadline_s=settings.job_s) for name, row in table.products.items()}
    )


@asynccontextmanager
async def sandbox() -> AsyncIterator[str]:
    """Run the sandbox gateway inside this process and yield its URL."""
    try:
        from core.gateway.sandbox import Sandbox, SandboxConfig
    except ImportError as error:
        raise ConfigurationError(
            f"GATEWAY_URL=sandbox needs an extra: pip install 'troubadour[sandbox]' ({error})"
        ) from error
    async with Sandbox(SandboxConfig()) as gateway:
        yield gateway.url


class _CountedStore(SqlStore):
    def __init__(self, driver: SqliteDriver, clock: Clock, default_pool_micros: int | None, meters: Meters) -> None:
        super().__init__(driver, clock, default_pool_micros)
        self._meters = meters

    async def move(self, job: Job, to: State, **changes: Any) -> Job:
        """Move a job along the table, and count that."""
        job = await super().move(job, to, **changes)
        self._meters.count("moves", to.value)
        return job


@asynccontextmanager
async def build(settings: Settings, chats: Mapping[str, Platform], *, clock: Clock | None = None) -> AsyncIterator[App]:
    """Open everything that must be closed again, in order, and yield the app."""
    clock = clock or WallClock()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(sandbox()) if settings.sandboxed else settings.gateway_url
        driver = SqliteDriver(settings.sqlite_path)
        meters, lag = Meters(), LoopLag()
        store = _CountedStore(driver, clock, settings.default_pool_micros, meters)
        await store.open()
        _make_spool(settings)
        stack.push_async_callback(store.close)
        media = Media()
        stack.push_async_callback(media.close)
        key = settings.gateway_key or SecretStr("no-key-needed")
        gateway = GatewayClient(GatewaySettings(url=url, key=key, public_url=settings.public_url))
        stack.push_async_callback(gateway.close)
        nudges, gate = Nudges(), Gate()
        policy = Policy(
            default_quota=settings.default_quota,
            direct_quota=settings.direct_quota,
            max_waiting=settings.waiting_per_member,
            price_micros=settings.price_micros,
            owners=frozenset(settings.owners),
        )
        delivering = Delivering(
            store=store,
            media=media,
            deliveries={name: ObservedDelivery(name, chat, meters) for name, chat in chats.items()},
            quota_for=lambda job: policy.quota(direct=job.direct),
            clock=clock,
            spool=settings.spool,
            nudges=nudges,
        )
        table = catalog_of(settings)
        steps = Steps(
            store=store,
            gateway=ObservedGateway(gateway, meters),
            media=media,
            delivering=delivering,
            catalog=table,
            clock=clock,
            spool=settings.spool,
            pace=_pace(settings),
            gate=gate,
            nudges=nudges,
        )
        limits = Limits(
            total=settings.jobs_total, community=settings.jobs_per_community, member=settings.jobs_per_member
        )
        worker = Worker(
            store=store,
            steps=steps,
            delivering=delivering,
            queue=FairQueue(limits),
            gate=gate,
            nudges=nudges,
            clock=clock,
            spool=settings.spool,
        )
        admin_store = SqlAdminStore(driver, clock, store)
        service = Service(
            store=store,
            worker=worker,
            catalog=table,
            policy=policy,
            clock=clock,
            ids=Ids(),
            admin=Admin(admin_store, table, policy, clock, Ids()),
            meters=meters,
        )
        vitals = Vitals(
            meters=meters, worker=worker, gate=gate, lag=lag, receiving=chats, open_jobs=admin_store.open_jobs
        )
        hooks = {path: hook for chat in chats.values() for path, hook in chat.hooks().items()}
        web = Web(
            settings.http_host,
            settings.http_port,
            service,
            meters=meters,
            checks=vitals.wrong,
            metrics=vitals.metrics,
            hooks=hooks,
        )
        yield App(settings, service, worker, chats, web, lag, vitals)


def _make_spool(settings: Settings) -> None:
    """Refuse to start where audio could not be kept: it would be paid for in vain."""
    try:
        settings.spool.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{settings.spool} can't be used for audio: {error.strerror}") from error


def _pace(settings: Settings) -> Pace:
    """The sandbox inside this process is near and quick; a real gateway asks for 5 to 10 seconds."""
    near = settings.sandboxed
    return Pace(
        poll_min_s=min(settings.poll_min_s, 0.5) if near else settings.poll_min_s,
        poll_max_s=min(settings.poll_max_s, 1.0) if near else settings.poll_max_s,
        queue_s=settings.queue_s,
        callbacks=settings.public_url is not None,
    )


async def serve(settings: Settings) -> int:
    """Run the service until SIGTERM or SIGINT; return the exit status."""
    chats = platforms(settings)
    if not chats:
        raise ConfigurationError("Neither DISCORD_TOKEN nor TELEGRAM_TOKEN is set, so there is no chat to serve.")
    if not settings.sandboxed and settings.gateway_key is None:
        raise ConfigurationError("GATEWAY_KEY is not set. GATEWAY_URL=sandbox runs without one, with simulated audio.")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with build(settings, chats) as app:
        await app.run(stop)
    return 0 if stop.is_set() else 1
