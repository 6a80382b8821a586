"""Jobs as far as they come in a store, and what its ledger says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.lifecycle import DELIVERY_MOVES, MOVES, Stage, State
from core.domain.models import Artifact, Job
from core.domain.orders import Order
from core.domain.people import Caller
from core.domain.quota import Quota
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.audio import PROBE
from tests.makers import admission, caller, day, order
from tests.moves import PENDING, SENDING, SENT, UNDELIVERABLE, only, stepped

AUDIO = (Artifact(path="/spool/a", probe=PROBE, size_bytes=5),)
TO_RUNNING = (State.SUBMITTING, State.RUNNING)
HELD_PATH: Mapping[Stage, Sequence[Stage]] = {
    State.QUEUED: [],
    State.SUBMITTING: [State.SUBMITTING],
    State.UNCONFIRMED: [State.SUBMITTING, State.UNCONFIRMED],
    State.RUNNING: TO_RUNNING,
    PENDING: [*TO_RUNNING, PENDING],
    SENDING: [*TO_RUNNING, PENDING, SENDING],
    UNDELIVERABLE: [*TO_RUNNING, PENDING, SENDING, UNDELIVERABLE],
}


async def admitted(store: SqlStore, *, cost: int = 1400, quota: Quota | None = None) -> Job:
    job = (await store.admit(admission(cost=cost, quota=quota))).job
    assert job is not None
    return job


async def brought_to(store: SqlStore, stage: Stage) -> Job:
    job = await admitted(store)
    for step in HELD_PATH[stage]:
        job = await stepped(store, job, step)
    return job


def here(member: str = "ann", **changes: Any) -> Caller:
    return caller(member, **{"channel": "test:lounge", **changes})


async def heard(store: SqlStore, placed: Order | None = None) -> Job:
    """Order something, and have it delivered and kept."""
    job = (await store.admit(admission(placed or order(here()), quota=day(None)))).job
    assert job is not None
    for step in (State.SUBMITTING, State.RUNNING):
        job = await stepped(store, job, step)
    job = await stepped(store, job, PENDING, artifacts=AUDIO)
    return await stepped(store, await stepped(store, job, SENDING), SENT)


async def gone_on(store: SqlStore, job: Job) -> Job:
    """Make the first by name of the moves that a job can make, if there is one."""
    if job.delivery:
        for delivered in sorted(DELIVERY_MOVES[job.delivery.state])[:1]:
            job = await store.move_delivery(job, delivered)
        return job
    for to in sorted(MOVES[only(job).state])[:1]:
        job = await store.move(job, 1, to)
    return job


async def entries(driver: Driver, job: Job) -> dict[str, tuple[int, ...]]:
    columns = "allowance_micros, balance_micros, charged_micros, upstream_micros"
    (rows,) = await driver.run([Statement(f"SELECT kind, {columns} FROM ledger WHERE job_id = :j", {"j": job.job_id})])
    return {row["kind"]: tuple(row[c] for c in columns.split(", ")) for row in rows}
