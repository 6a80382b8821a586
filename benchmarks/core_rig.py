"""The real store, worker and service, with a gateway and a chat of the benchmark's choice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.fakes import CHAT, FakeChat, FakeMedia
from benchmarks.orders import QUOTA
from bots.app.compose import WallClock
from bots.app.life import tune_interpreter
from core.assembly.core import assemble
from core.assembly.runtime import Runtime
from core.domain.policy import Policy
from core.domain.products import Catalog, catalog
from core.engine.carrier import Carrier
from core.engine.meters import Meters
from core.engine.pace import Pace
from core.engine.queue import Limits
from core.engine.remote import LOOK_S
from core.files.artifacts import ArtifactFolder
from core.ports import Clock, Gateway
from core.service.service import Service
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.engines import Address, driver_of, lease_of
from storage.store import SqlStore

MANY = 1_000_000
NO_LIMITS = Limits(total=MANY, community=MANY, member=MANY)
POLICY = Policy(default_quota=QUOTA, direct_quota=QUOTA, max_waiting=MANY, max_queue=MANY)
AT_ONCE = Pace(poll_min_s=0, poll_max_s=0)
LEASE_S = 15
"""The default of `LEASE_S`."""


@dataclass(frozen=True, slots=True)
class Core:
    """A running core."""

    driver: Driver
    store: SqlStore
    worker: Carrier
    service: Service
    chat: FakeChat
    meters: Meters


@asynccontextmanager
async def open_store(
    folder: str, postgres: str = "", clock: Clock | None = None
) -> AsyncIterator[tuple[Driver, SqlStore]]:
    """Open a store as the service does, in a folder or a PostgreSQL database."""
    tune_interpreter()
    driver = driver_of(_address(folder, postgres))
    store = SqlStore(driver, clock or WallClock())
    await store.open()
    try:
        yield driver, store
    finally:
        await store.close()


def _address(folder: str, postgres: str) -> Address:
    return postgres or Path(folder) / "troubadour.db"


@asynccontextmanager
async def idle(
    folder: str,
    gateway: Gateway,
    *,
    chat: FakeChat | None = None,
    pace: Pace = AT_ONCE,
    table: Catalog | None = None,
    postgres: str = "",
    limits: Limits = NO_LIMITS,
    clock: Clock | None = None,
) -> AsyncIterator[Core]:
    """Make a core whose worker takes up nothing by itself; on PostgreSQL it is one worker among several."""
    clock = clock or WallClock()
    async with open_store(folder, postgres, clock) as (driver, store):
        chat, meters = chat or FakeChat(), Meters()
        core = assemble(
            Runtime(
                store=store,
                admin_store=SqlAdminStore(driver, clock, store),
                gateway=gateway,
                media=FakeMedia(),
                deliveries={CHAT: chat},
                policy=POLICY,
                clock=clock,
                artifacts=ArtifactFolder(Path(folder) / "spool"),
                catalog=table or catalog(),
                limits=limits,
                pace=replace(pace, look_s=LOOK_S if postgres else None),
                meters=meters,
                share=lease_of(_address(folder, postgres), driver, store, [CHAT], LEASE_S),
            )
        )
        try:
            yield Core(driver, store, core.worker, core.service, chat, meters)
        finally:
            await core.worker.stop(10)


@asynccontextmanager
async def running(folder: str, gateway: Gateway, **more: Any) -> AsyncIterator[Core]:
    """Start a core."""
    async with idle(folder, gateway, **more) as core:
        await core.worker.start()
        yield core
