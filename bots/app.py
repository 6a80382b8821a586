"""The composition root: settings become store, gateway, service, worker and platforms, and a life for them."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from pydantic import SecretStr

from bots.platform import Platform
from bots.settings import Settings
from bots.web import Web
from core.admin import Admin
from core.delivering import Delivering
from core.errors import ConfigurationError, PlatformError
from core.gate import Gate
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.ids import Ids
from core.media import Media
from core.nudges import Nudges
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

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 120.0


class WallClock:
    """The real time."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class App:
    """Everything that runs, put together."""

    settings: Settings
    service: Service
    worker: Worker
    platforms: Mapping[str, Platform]
    web: Web

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain."""
        await self.web.start()  # first: a port that is taken must stop the start before any job goes on
        for platform in self.platforms.values():
            await platform.open(self.service)
        taken_up = await self.worker.start()
        log.info("ready: %s; %d unfinished jobs taken up", ", ".join(self.platforms) or "no platform", taken_up)
        receiving = [asyncio.create_task(keep_running(p), name=f"platform {p.name}") for p in self.platforms.values()]
        try:
            await _until_stopped(stop, receiving)
        finally:
            await self._shut_down(receiving)

    async def _shut_down(self, receiving: Sequence[asyncio.Task[None]]) -> None:
        log.info("stopping: no new orders; what is between two steps is finished first")
        for platform in self.platforms.values():
            await _survive(platform.stop_receiving, f"{platform.name} did not stop receiving")
        await self.worker.stop(self.settings.drain_s)
        for task in receiving:
            task.cancel()
        await asyncio.gather(*receiving, return_exceptions=True)
        for platform in self.platforms.values():
            await _survive(platform.close, f"{platform.name} did not close")
        await self.web.stop()


async def _until_stopped(stop: asyncio.Event, receiving: Sequence[asyncio.Task[None]]) -> None:
    """Wait for `stop`; it also ends when no platform is left that could ever take an order."""
    stopped = asyncio.create_task(stop.wait())
    waiting = {stopped, *receiving}
    while stopped in waiting and (waiting - {stopped} or not receiving):
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not stop.is_set():
        log.critical("no platform can run; see above. Stopping.")


async def _survive(call: Callable[[], Awaitable[None]], what: str) -> None:
    try:
        await call()
    except Exception:
        log.exception(what)


async def keep_running(platform: Platform) -> None:
    """Run a platform through outages; one that only the operator can help is given up, and the others go on."""
    pause_s = FIRST_RETRY_S
    while True:
        started_s = time.monotonic()
        try:
            await platform.run()
        except PlatformError as error:
            log.critical("%s can't run: %s. The other platforms go on.", platform.name, error)
            return
        except Exception as error:
            if time.monotonic() - started_s > LONGEST_RETRY_S:
                pause_s = FIRST_RETRY_S
            trace = log.isEnabledFor(logging.DEBUG)
            log.log(
                logging.ERROR, "%s is out (%r); trying again in %.0f s", platform.name, error, pause_s, exc_info=trace
            )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_RETRY_S)
        else:
            return


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


@asynccontextmanager
async def build(settings: Settings, chats: Mapping[str, Platform], *, clock: Clock | None = None) -> AsyncIterator[App]:
    """Open everything that must be closed again, in order, and yield the app."""
    clock = clock or WallClock()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(sandbox()) if settings.sandboxed else settings.gateway_url
        driver = SqliteDriver(settings.sqlite_path)
        store = SqlStore(driver, clock, settings.default_pool_micros)
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
            deliveries=chats,
            quota_for=lambda job: policy.quota(direct=job.direct),
            clock=clock,
            spool=settings.spool,
            nudges=nudges,
        )
        table = catalog_of(settings)
        steps = Steps(
            store=store,
            gateway=gateway,
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
        admin = Admin(SqlAdminStore(driver, clock, store), table, policy, clock, Ids())
        service = Service(store=store, worker=worker, catalog=table, policy=policy, clock=clock, ids=Ids(), admin=admin)
        web = Web(settings.http_host, settings.http_port, service)
        yield App(settings, service, worker, chats, web)


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
