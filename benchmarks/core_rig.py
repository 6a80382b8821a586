"""The real store, worker and service, over a gateway and a chat that a benchmark chooses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fakes import CHAT, FakeChat, FakeMedia
from benchmarks.orders import QUOTA
from bots.app import WallClock
from bots.life import calm_collector
from core.admin import Admin
from core.callbacks import Naming
from core.delivering import Delivering
from core.elsewhere import LOOK_S
from core.gate import Gate
from core.ids import Ids
from core.lease import Lease
from core.meters import Meters
from core.nudges import Nudges
from core.observed import ObservedGateway
from core.policy import Policy
from core.ports import Gateway
from core.products import Catalog, catalog
from core.queue import FairQueue, Limits
from core.service import Service
from core.steps import Pace, Steps
from core.worker import Worker
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
    nudges, gate, clock, media, meters = Nudges(), Gate(), WallClock(), FakeMedia(), Meters()
    observed = ObservedGateway(gateway, meters)
    naming = Naming(store, observed)
    delivering = Delivering(
        store=store,
        media=media,
        deliveries={CHAT: chat},
        quota_for=lambda job: POLICY.quota(direct=job.direct),
        clock=clock,
        spool=spool,
        nudges=nudges,
        lease=lease,
    )
    steps = Steps(
        store=store,
        gateway=observed,
        media=media,
        delivering=delivering,
        catalog=table,
        clock=clock,
        spool=spool,
        pace=pace,
        gate=gate,
        nudges=nudges,
        naming=naming,
        lease=lease,
    )
    worker = Worker(
        store=store,
        steps=steps,
        delivering=delivering,
        queue=FairQueue(limits),
        gate=gate,
        nudges=nudges,
        clock=clock,
        spool=spool,
        naming=naming,
        lease=lease,
        look_s=look_s,
    )
    admin = Admin(SqlAdminStore(driver, clock, store), table, POLICY, clock, Ids())
    service = Service(store=store, worker=worker, catalog=table, policy=POLICY, clock=clock, ids=Ids(), admin=admin)
    return Core(driver, store, worker, service, chat, meters)
