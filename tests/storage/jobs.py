"""Jobs in each state of a store, and what its ledger says of them."""

from core.domain.lifecycle import State
from core.domain.models import Job
from core.domain.quota import Quota
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.makers import admission

HELD_PATH = {
    State.QUEUED: [],
    State.SUBMITTING: [State.SUBMITTING],
    State.UNCONFIRMED: [State.SUBMITTING, State.UNCONFIRMED],
    State.RUNNING: [State.SUBMITTING, State.RUNNING],
    State.GENERATED: [State.SUBMITTING, State.RUNNING, State.GENERATED],
    State.DELIVERING: [State.SUBMITTING, State.RUNNING, State.GENERATED, State.DELIVERING],
    State.UNDELIVERABLE: [
        State.SUBMITTING, State.RUNNING, State.GENERATED, State.DELIVERING, State.UNDELIVERABLE,
    ],
}  # fmt: skip


async def admitted(store: SqlStore, *, cost: int = 1400, quota: Quota | None = None) -> Job:
    job = (await store.admit(admission(cost=cost, quota=quota))).job
    assert job is not None
    return job


async def brought_to(store: SqlStore, state: State) -> Job:
    job = await admitted(store)
    for step in HELD_PATH[state]:
        job = await store.move(job, step)
    return job


async def entries(driver: Driver, job: Job) -> dict[str, tuple[int, ...]]:
    columns = "allowance_micros, balance_micros, charged_micros, upstream_micros"
    (rows,) = await driver.run([Statement(f"SELECT kind, {columns} FROM ledger WHERE job_id = :j", {"j": job.job_id})])
    return {row["kind"]: tuple(row[c] for c in columns.split(", ")) for row in rows}
