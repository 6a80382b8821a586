"""The composition root: settings become store, gateway, service, worker and platforms, and a life for them."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr

from bots.app.artifacts import artifacts_of
from bots.app.console import answering_of, door_of, sessions_of
from bots.app.generating import generating
from bots.app.health import Health
from bots.app.life import App, tune_interpreter
from bots.app.metrics import LoopLag
from bots.app.notifier import Notifier
from bots.app.roles import Part, Role
from bots.app.settings import Settings
from bots.app.stores import Stores, open_stores
from bots.app.values import catalog_of, finish_of, keep_of, limits_of, pace_of, policy_of
from bots.platform import Platform
from bots.text import operator_replies
from bots.text.in_language import InLanguage
from bots.web.server import Web
from core.assembly.core import assemble
from core.assembly.runtime import Elsewhere, Runtime
from core.domain.clock import SteadyClock, boot_s
from core.domain.errors import ConfigurationError, StoreAway, StoreError
from core.domain.troubles import Troubles
from core.engine.attesting import Here
from core.engine.lease import Lease
from core.engine.remote import HAND_S, LOOK_S
from core.files.private import FOLDER
from core.files.spool import own_disk, try_writing
from core.ports import ArtifactStore, Clock, Presence
from core.service.service import Service
from storage.engines import lease_of, signal_of, unattended_of, workers_of
from storage.notices import SqlNotices
from storage.previews import SqlPreviews

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
async def build(settings: Settings, chats: Mapping[str, Platform], *, part: Part | None = None) -> AsyncIterator[App]:
    """Open everything that must be closed again, in order, and yield the app. Raises ConfigurationError."""
    part, clock = part or Part(), WallClock()
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
    async with _runtime(settings, chats, stores, part, clock) as runtime:
        core, lag = assemble(runtime), LoopLag()
        receiving = {name: chat for name, chat in chats.items() if _receives(part, chat)}
        health = Health(
            meters=stores.meters,
            worker=core.worker,
            breaker=runtime.breaker,
            lag=lag,
            receiving=receiving,
            platforms=chats,
            open_jobs=stores.admin.open_jobs,
            total_left=stores.store.total_left,
            waiting=stores.store.waiting,
            spool=settings.spool,
            troubles=runtime.troubles,
            chats=tuple(chats) if Role.WORKER in part.roles else (),
            shards=f"shards {part.shards}" if part.shards else "",
            roles=tuple(part.roles),
            sees_workers=part.whole or Role.WORKER not in part.roles,
        )
        notifier = Notifier(
            runtime.troubles,
            SqlNotices(stores.driver, clock),
            core.service.operators.readers,
            chats,
            look=health.look,
            leads=Role.BOT in part.roles and part.leads,
            newcomers=stores.store,
        )
        yield App(
            settings=settings,
            service=core.service,
            worker=core.worker,
            platforms=chats,
            receiving=receiving,
            web=_web(settings, core.service if Role.WEB in part.roles else None, health, receiving),
            console=door_of(
                settings, core.service, chats, stores, part=part, artifacts=runtime.artifacts, health=health
            ),
            answering=answering_of(settings, chats, stores, part),
            tidying=core.tidier.keep_here_tidy if settings.artifacts_url and Role.WORKER not in part.roles else None,
            lag=lag,
            health=health,
            notifier=notifier,
            duty="" if receiving else _duty(part, chats),
            stays=Role.BOT not in part.roles,
        )


@asynccontextmanager
async def _runtime(
    settings: Settings, chats: Mapping[str, Platform], stores: Stores, part: Part, clock: Clock
) -> AsyncIterator[Runtime]:
    async with AsyncExitStack() as stack:
        gateway, media = await stack.enter_async_context(generating(settings))
        _make_spool(settings)
        troubles = Troubles()
        kept, previews = [
            await stack.enter_async_context(artifacts_of(settings, folder, stores.meters, troubles))
            for folder in (settings.spool, settings.previews)
        ]
        yield Runtime(
            store=stores.store,
            admin_store=stores.admin,
            gateway=gateway,
            media=media,
            deliveries={name: InLanguage(chat) for name, chat in chats.items()},
            presences=chats,
            attesting=Here(chats),
            speak_first=[name for name, chat in chats.items() if chat.speaks_first],
            policy=policy_of(settings),
            catalog=catalog_of(settings),
            clock=clock,
            artifacts=kept,
            keep=keep_of(settings),
            limits=limits_of(settings),
            pace=pace_of(settings, LOOK_S if settings.shareable else None),
            meters=stores.meters,
            troubles=troubles,
            finish_of=finish_of(settings),
            previews=_previews(settings, stores, clock, previews),
            sessions=sessions_of(settings, stores, clock),
            share=_share(settings, chats, stores, part),
        )


def _previews(
    settings: Settings, stores: Stores, clock: Clock, kept: ArtifactStore
) -> tuple[SqlPreviews, ArtifactStore] | None:
    budget_micros = settings.preview_budget_micros
    if budget_micros is None:
        return None
    return SqlPreviews(stores.driver, clock, budget_micros, settings.total_pool_micros), kept


def _duty(part: Part, chats: Mapping[str, Platform]) -> str:
    duties = {Role.WORKER: f"carrying orders for {' and '.join(chats)}", Role.WEB: "answering over HTTP"}
    does = [duty for role, duty in duties.items() if role in part.roles] or ["sharing the chats of other processes"]
    return f"{' and '.join(does)}; orders come from other processes"


def _receives(part: Part, chat: Platform) -> bool:
    """Say whether orders from a chat come to this part: those that are posted come to the web role.

    Of processes with shards only one may fetch what is not sharded.
    """
    if chat.hooks():
        return Role.WEB in part.roles
    return Role.BOT in part.roles and (chat.sharded or part.leads)


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


def _share(settings: Settings, chats: Mapping[str, Platform], stores: Stores, part: Part) -> Lease | Elsewhere:
    """Return the right to carry jobs, or how to reach the processes that do."""
    address = settings.database
    if Role.WORKER not in part.roles and isinstance(address, str):
        return Elsewhere(
            open_jobs=stores.admin.open_jobs,
            workers=workers_of(stores.driver),
            signal=signal_of(address),
            unattended=unattended_of(stores.driver, sorted(chats), HAND_S),
        )
    return lease_of(address, stores.driver, stores.store, sorted(chats), settings.lease_s)


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
    tune_interpreter()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with build(settings, chats, part=part) as app:
        if Role.BOT in part.roles and part.leads and (code := await app.service.operators.issue_code()):
            print(operator_replies.claim(code), file=sys.stderr, flush=True)  # noqa: T201 - others may read the log
        await app.run(stop)
    gc.freeze()  # or else the interpreter looks through all that it has imported before it ends
    return 0 if stop.is_set() else 1
