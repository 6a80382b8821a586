"""The composition root: settings become store, gateway, service, worker and platforms, and a life for them."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from pydantic import SecretStr

from bots.app.health import Health
from bots.app.life import App, calm_collector
from bots.app.metrics import LoopLag
from bots.app.notifier import Notifier
from bots.app.roles import BOT, WEB, WORKER, Part
from bots.app.settings import Settings
from bots.app.values import catalog_of, limits_of, pace_of, policy_of
from bots.platform import Platform
from bots.text import admin_replies
from bots.text.in_language import InLanguage
from bots.web.server import Web
from core.admin import Admin
from core.domain.clock import SteadyClock, boot_s
from core.domain.errors import ConfigurationError, StoreAway, StoreError
from core.domain.ids import Ids
from core.domain.lifecycle import State
from core.domain.models import Job, MoveChanges
from core.domain.policy import Policy
from core.domain.products import Catalog
from core.domain.troubles import Troubles
from core.engine.callbacks import Arrivals, Naming
from core.engine.carrier import Carrier
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.delivery import Deliverer
from core.engine.executor import Executor
from core.engine.meters import Meters
from core.engine.observed import ObservedDelivery, ObservedGateway
from core.engine.queue import FairQueue
from core.engine.remote import HAND_S, LOOK_S, RemoteWorkers
from core.engine.wakeups import Wakeups
from core.engine.worker import Worker
from core.files.private import FOLDER, narrow, tree
from core.files.spool import own_disk, try_writing
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.media.media import Media
from core.ports import Clock, Presence
from core.service import Service
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.engines import driver_of, lease_of, signal_of, unattended_of, workers_of
from storage.notices import SqlNotices
from storage.sqlite import files_of
from storage.store import SqlStore

log = logging.getLogger(__name__)


class WallClock(SteadyClock):
    """The real time."""

    def __init__(self) -> None:
        super().__init__(lambda: time.time_ns() // 1_000_000, boot_s)


def platforms(settings: Settings, part: Part | None = None) -> dict[str, Platform]:
    """Return the platforms that have a token; each library is imported only for its own platform.

    One that can't be made is left out, and the log says why: the others serve. Raises ConfigurationError without any.
    """
    makers: dict[str, tuple[SecretStr | None, Callable[[], Platform]]] = {
        "discord": (settings.discord_token, lambda: _discord(settings, part)),
        "telegram": (settings.telegram_token, lambda: _telegram(settings)),
    }
    found: dict[str, Platform] = {}
    trouble: ConfigurationError | None = None
    for name, (token, make) in makers.items():
        if token is None:
            continue
        try:
            found[name] = make()
        except ConfigurationError as error:
            log.error("running without %s: %s", name.title(), error)  # noqa: TRY400 - a sentence for the operator
            trouble = error
    if trouble and not found:
        raise trouble
    return found


def _discord(settings: Settings, part: Part | None) -> Platform:
    from bots.discord import Discord

    return Discord(settings, shards=part.shards if part else None)


def _telegram(settings: Settings) -> Platform:
    from bots.telegram import Telegram

    return Telegram(settings)


@asynccontextmanager
async def presences(settings: Settings, community: str) -> AsyncIterator[Mapping[str, Presence]]:
    """Yield what reaches a community without the service, where its platform has a token."""
    name = community.partition(":")[0]
    token = {"discord": settings.discord_token, "telegram": settings.telegram_token}.get(name)
    if token is None:
        yield {}
        return
    chat = _discord(settings, None) if name == "discord" else _telegram(settings)
    try:
        yield {name: chat}
    finally:
        await chat.close()


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[str]:
    """Run the sandbox gateway inside this process and yield its URL; its requests outlast a restart in `folder`."""
    try:
        from bots.sandbox import Sandbox, SandboxConfig
    except ImportError as error:
        raise ConfigurationError(
            f"GATEWAY_URL=sandbox needs an extra: pip install 'troubadour[sandbox]' ({error})"
        ) from error
    async with Sandbox(SandboxConfig(folder=folder)) as gateway:
        yield gateway.url


class _CountedStore(SqlStore):
    def __init__(self, driver: Driver, clock: Clock, settings: Settings, meters: Meters) -> None:
        super().__init__(
            driver,
            clock,
            settings.default_pool_micros,
            settings.total_pool_micros,
            communities=settings.communities,
            allowed=settings.communities_allowed,
        )
        self._meters = meters

    async def move(self, job: Job, to: State, **changes: Unpack[MoveChanges]) -> Job:
        """Move a job along the table, and count that."""
        job = await super().move(job, to, **changes)
        self._meters.count("moves", to.value)
        return job


@dataclass(frozen=True, slots=True)
class Stores:
    """What remembers, open; parts of the service in one process may share it."""

    driver: Driver
    store: SqlStore
    admin: SqlAdminStore
    meters: Meters


@asynccontextmanager
async def open_stores(settings: Settings, clock: Clock) -> AsyncIterator[Stores]:
    """Open the database, after all that is there already was made private."""
    database = files_of(settings.database) if isinstance(settings.database, Path) else ()
    narrow([*database, *tree(settings.spool), *tree(settings.data_dir / "sandbox")])
    driver, meters = driver_of(settings.database), Meters()
    store = _CountedStore(driver, clock, settings, meters)
    await store.open()
    try:
        yield Stores(driver, store, SqlAdminStore(driver, clock, store), meters)
    finally:
        await store.close()


@asynccontextmanager
async def build(
    settings: Settings, chats: Mapping[str, Platform], *, part: Part | None = None, clock: Clock | None = None
) -> AsyncIterator[App]:
    """Open everything that must be closed again, in order, and yield the app. Raises ConfigurationError."""
    part, clock = part or Part(), clock or WallClock()
    refuse_sharing(settings, part)
    async with open_stores(settings, clock) as stores, compose(settings, chats, stores, part, clock) as app:
        yield app


def refuse_sharing(settings: Settings, part: Part) -> None:
    """Refuse to be one of several processes where something can't be shared. Raises ConfigurationError."""
    if part.whole:
        return
    why = "The other parts would be other processes (--roles, --shards)"
    if not settings.shareable:
        raise ConfigurationError(f"{why}, and an SQLite file belongs to one: DATABASE_URL must be postgresql://…")
    if settings.sandboxed:
        raise ConfigurationError(f"{why}, and GATEWAY_URL=sandbox is inside one: run `troubadour sandbox` beside them.")


@asynccontextmanager
async def compose(
    settings: Settings, chats: Mapping[str, Platform], stores: Stores, part: Part, clock: Clock
) -> AsyncIterator[App]:
    """Put one part of the service together over an open store."""
    async with AsyncExitStack() as stack:
        url = (
            await stack.enter_async_context(sandbox(settings.data_dir / "sandbox"))
            if settings.sandboxed
            else settings.gateway_url
        )
        _make_spool(settings)
        media = Media()
        stack.push_async_callback(media.close)
        key = settings.gateway_key or SecretStr("no-key-needed")
        gateway = GatewayClient(
            GatewaySettings(
                url=url,
                key=key,
                public_url=settings.public_url,
                webhook_mode=settings.webhook_mode,
                proxies=settings.proxies,
            )
        )
        stack.push_async_callback(gateway.close)
        policy, table, breaker, lag = policy_of(settings), catalog_of(settings), CircuitBreaker(), LoopLag()
        troubles = Troubles()
        worker = _carrier(settings, chats, stores, part, clock, gateway, media, policy, table, breaker, troubles)
        service = Service(
            store=stores.store,
            worker=worker,
            catalog=table,
            policy=policy,
            clock=clock,
            ids=Ids(),
            admin=Admin(stores.admin, table, policy, clock, Ids()),
            meters=stores.meters,
            troubles=troubles,
            presences=chats,
        )
        receiving = {name: chat for name, chat in chats.items() if _receives(part, chat)}
        health = Health(
            meters=stores.meters,
            worker=worker,
            breaker=breaker,
            lag=lag,
            receiving=receiving,
            open_jobs=stores.admin.open_jobs,
            total_left=stores.store.total_left,
            waiting=stores.store.waiting,
            spool=settings.spool,
            troubles=troubles,
            chats=tuple(chats) if WORKER in part.roles else (),
            shards=f"shards {part.shards}" if part.shards else "",
            sees_workers=part.whole or WORKER not in part.roles,
        )
        notifier = Notifier(
            troubles,
            SqlNotices(stores.driver, clock),
            service.admin.owners,
            chats,
            look=health.look,
            leads=BOT in part.roles and part.leads,
            newcomers=stores.store,
        )
        yield App(
            settings=settings,
            service=service,
            worker=worker,
            platforms=chats,
            receiving=receiving,
            web=_web(settings, service if WEB in part.roles else None, health, receiving),
            lag=lag,
            health=health,
            notifier=notifier,
            duty="" if receiving else _duty(part, chats),
            stays=BOT not in part.roles,
        )


def _duty(part: Part, chats: Mapping[str, Platform]) -> str:
    duties = {WORKER: f"carrying orders for {' and '.join(chats)}", WEB: "answering over HTTP"}
    does = [duty for role, duty in duties.items() if role in part.roles] or ["sharing the chats of other processes"]
    return f"{' and '.join(does)}; orders come from other processes"


def _receives(part: Part, chat: Platform) -> bool:
    """Say whether orders from a chat come to this part: those that are posted come to the web role.

    Of processes with shards only one may fetch what is not sharded.
    """
    if chat.hooks():
        return WEB in part.roles
    return BOT in part.roles and (chat.sharded or part.leads)


def _web(settings: Settings, service: Service | None, health: Health, receiving: Mapping[str, Platform]) -> Web:
    return Web(
        settings.http_host,
        settings.http_port,
        service,
        meters=health.meters,
        checks=health.wrong,
        troubles=health.troubles_now,
        metrics=health.metrics,
        hooks={path: hook for chat in receiving.values() for path, hook in chat.hooks().items()},
    )


def _carrier(  # noqa: PLR0917 - the parts, once
    settings: Settings,
    chats: Mapping[str, Platform],
    stores: Stores,
    part: Part,
    clock: Clock,
    gateway: GatewayClient,
    media: Media,
    policy: Policy,
    table: Catalog,
    breaker: CircuitBreaker,
    troubles: Troubles,
) -> Carrier:
    """Make the worker, or what stands for those of other processes."""
    address, wakeups = settings.database, Wakeups()
    observed = ObservedGateway(gateway, stores.meters, troubles)
    naming = Naming(stores.store, observed)
    if WORKER not in part.roles and isinstance(address, str):
        return RemoteWorkers(
            open_jobs=stores.admin.open_jobs,
            workers=workers_of(stores.driver),
            naming=naming,
            signal=signal_of(address),
            unattended=unattended_of(stores.driver, sorted(chats), HAND_S),
            deliveries=chats,
        )
    lease = lease_of(address, stores.driver, stores.store, sorted(chats), settings.lease_s)
    look_s = LOOK_S if isinstance(address, str) else None
    deliverer = Deliverer(
        store=stores.store,
        media=media,
        deliveries={name: ObservedDelivery(name, InLanguage(chat), stores.meters) for name, chat in chats.items()},
        quota_for=lambda job: policy.quota(direct=job.direct),
        clock=clock,
        spool=settings.spool,
        wakeups=wakeups,
        lease=lease,
        troubles=troubles,
        why_waiting=breaker.why,
    )
    executor = Executor(
        store=stores.store,
        gateway=observed,
        media=media,
        deliverer=deliverer,
        catalog=table,
        clock=clock,
        spool=settings.spool,
        pace=pace_of(settings, look_s),
        breaker=breaker,
        wakeups=wakeups,
        naming=naming,
        lease=lease,
        arrivals=Arrivals(stores.meters, troubles),
    )
    return Worker(
        store=stores.store,
        executor=executor,
        deliverer=deliverer,
        queue=FairQueue(limits_of(settings)),
        breaker=breaker,
        wakeups=wakeups,
        clock=clock,
        spool=settings.spool,
        naming=naming,
        lease=lease,
        look_s=look_s,
    )


def _make_spool(settings: Settings) -> None:
    """Refuse to start where audio could not be kept: it would be paid for in vain."""
    try:
        with own_disk():
            settings.spool.mkdir(FOLDER, parents=True, exist_ok=True)
        try_writing(settings.spool)
    except StoreAway as error:  # it may pass; until then the service is not ready
        log.error("%s", error)  # noqa: TRY400 - no trace tells more
    except StoreError as error:
        raise ConfigurationError(f"{settings.spool} can't be used for audio: {error}") from error


async def serve(settings: Settings, part: Part) -> int:
    """Run a part of the service until SIGTERM or SIGINT; return the exit status."""
    chats = platforms(settings, part)
    calm_collector()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with build(settings, chats, part=part) as app:
        if BOT in part.roles and part.leads and (code := await app.service.admin.issue_code()):
            print(admin_replies.claim(code), file=sys.stderr, flush=True)  # noqa: T201 - others may read the log
        await app.run(stop)
    return 0 if stop.is_set() else 1
