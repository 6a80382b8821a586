"""The real store, worker and service, over a gateway and a chat that a benchmark chooses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fakes import CHAT, FakeChat, FakeMedia
from benchmarks.orders import QUOTA
from bots.app.compose import WallClock
from bots.app.life import calm_collector
from core.admin import Admin
from core.domain.ids import Ids
from core.domain.policy import Policy
from core.domain.products import Catalog, catalog
from core.engine.callbacks import Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.delivery import Deliverer
from core.engine.executor import Executor, Pace
from core.engine.lease import Lease
from core.engine.meters import Meters
from core.engine.observed import ObservedGateway
from core.engine.queue import FairQueue, Limits
from core.engine.remote import LOOK_S
from core.engine.wakeups import Wakeups
from core.engine.worker import Worker
from core.ports import Gateway
from core.service import Service
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.engines import Address, driver_of, lease_of
from storage.store import SqlStore

MANY = 1_000_000
NO_LIMITS = Limits(total=MANY, community=MANY, member=MANY)
POLICY = Policy(default_quota=QUOTA, direct_quota=QUOTA, max_waiting=MANY, max_queue=MANY)
AT_ONCE = Pace(poll_min_s=0, poll_max_s=0)
LEASE_S = 15
"""What `LEASE_S` is where nobody sets it."""


@dataclass(frozen=True, slots=True)
class Core:
    """One running core."""

    driver: Driver
    store: SqlStore
    worker: Worker
    service: Service
    chat: FakeChat
    meters: Meters


@asynccontextmanager
async def open_store(folder: str, postgres: str = "") -> AsyncIterator[tuple[Driver, SqlStore]]:
    """Open a store as the service does, in a folder or in a PostgreSQL database."""
    driver = driver_of(_address(folder, postgres))
    store = SqlStore(driver, WallClock())
    await store.open()
    try:
        yield driver, store
    finally:
        await store.close()


def _address(folder: str, postgres: str) -> Address:
    return postgres or Path(folder) / "troubadour.db"


@asynccontextmanager
async def running(
    folder: str,
    gateway: Gateway,
    *,
    chat: FakeChat | None = None,
    pace: Pace = AT_ONCE,
    table: Catalog | None = None,
    postgres: str = "",
    limits: Limits = NO_LIMITS,
) -> AsyncIterator[Core]:
    """Start a core; over PostgreSQL it is one worker beside others."""
    calm_collector()
    async with open_store(folder, postgres) as (driver, store):
        lease = lease_of(_address(folder, postgres), driver, store, [CHAT], LEASE_S)
        core = _core(
            driver,
            store,
            spool=Path(folder) / "spool",
            gateway=gateway,
            chat=chat or FakeChat(),
            pace=pace,
            table=table or catalog(),
            limits=limits,
            lease=lease,
            look_s=LOOK_S if postgres else None,
        )
        await core.worker.start()
        try:
            yield core
        finally:
            await core.worker.stop(10)


def _core(
    driver: Driver,
    store: SqlStore,
    *,
    spool: Path,
    gateway: Gateway,
    chat: FakeChat,
    pace: Pace,
    table: Catalog,
    limits: Limits,
    lease: Lease,
    look_s: float | None,
) -> Core:
    wakeups, breaker, clock, media, meters = Wakeups(), CircuitBreaker(), WallClock(), FakeMedia(), Meters()
    observed = ObservedGateway(gateway, meters)
    naming = Naming(store, observed)
    deliverer = Deliverer(
        store=store,
        media=media,
        deliveries={CHAT: chat},
        quota_for=lambda job: POLICY.quota(direct=job.direct),
        clock=clock,
        spool=spool,
        wakeups=wakeups,
        lease=lease,
    )
    executor = Executor(
        store=store,
        gateway=observed,
        media=media,
        deliverer=deliverer,
        catalog=table,
        clock=clock,
        spool=spool,
        pace=pace,
        breaker=breaker,
        wakeups=wakeups,
        naming=naming,
        lease=lease,
    )
    worker = Worker(
        store=store,
        executor=executor,
        deliverer=deliverer,
        queue=FairQueue(limits),
        breaker=breaker,
        wakeups=wakeups,
        clock=clock,
        spool=spool,
        naming=naming,
        lease=lease,
        look_s=look_s,
    )
    admin = Admin(SqlAdminStore(driver, clock, store), table, POLICY, clock, Ids())
    service = Service(store=store, worker=worker, catalog=table, policy=POLICY, clock=clock, ids=Ids(), admin=admin)
    return Core(driver, store, worker, service, chat, meters)
