"""What a move returns is made from what is known: it must be what a fresh read gives."""

from random import Random
from typing import Any

import pytest

from core.domain.changes import Shown
from core.domain.errors import Conflict, StaleJob
from core.domain.lifecycle import ASKS, DELIVERY_MOVES, MOVES, DeliveryState, JobState, Late, Reason, State
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from storage.store import SqlStore
from tests.audio import PROBE
from tests.clock import SetClock
from tests.makers import admission, caller, order
from tests.storage.parts import three_parts

ODD = "odd \x00 \ud800 ünd"
"""What no text column holds as it is."""


def told(rng: Random, job: Job, number: int, to: State) -> dict[str, Any]:
    """Return what is known of a generation that comes there."""
    name = job.named(number)
    match to:
        case State.SUBMITTING:
            return {"attempts": job.generation(number).attempts + 1, "submitted_ms": 7, "deadline_ms": 9}
        case State.RUNNING | State.LATE:
            return {"request_id": f"request of {name}", "reason": None, "detail": None}
        case State.FETCHED:
            return {"artifacts": (Artifact(path=f"/spool/{name}", probe=PROBE, size_bytes=9),)}
        case State.FAILED:
            again = {"retry_token": f"again {name}"} if number <= len(job.parts) > 1 and rng.random() < 0.5 else {}
            cost = job.generation(number).cost_micros
            return {"reason": Reason.GATEWAY_FAILED, "detail": ODD, "upstream_micros": cost, **again}
        case State.EXPIRED if len(job.generations) == 1:
            return {"reason": Reason.UNCONFIRMED, "late": Late.AWAITED, "upstream_micros": job.cost_micros}
        case _:
            return {"reason": Reason.BUSY, "detail": ODD}


async def noted(rng: Random, store: SqlStore, job: Job) -> Job:
    """Note something of a job, or take it back."""
    match rng.randrange(12):
        case 0 | 1 | 2 | 3:
            await store.place(job.job_id, Destination(job.platform, {"chat": rng.randrange(9), "odd": ODD}))
            return job
        case 4 | 5 | 6 | 7:
            return await store.update(job, shown=rng.choice(tuple(Shown)))
        case 8 | 9 | 10:
            return await store.note(job, rng.randint(1, len(job.generations)), detail=ODD)
        case _:
            return await store.cancel(job, Reason.WITHDRAWN)


async def stepped(rng: Random, store: SqlStore, job: Job) -> Job:
    """Make any move that a job can make now."""
    if rng.random() < 0.3:
        return await noted(rng, store, job)
    if job.state is JobState.ASKING:
        return await store.choose(job, take=rng.random() < 0.5)
    if job.delivery:
        if job.closed_ms and rng.random() < 0.5:
            return await store.redeliver(job, Destination(job.platform, {"again": 1}))
        to: DeliveryState = rng.choice(sorted(DELIVERY_MOVES[job.delivery.state]) or [DeliveryState.SENT])
        kept = {"kept": {"file": [1, "x"]}} if to is DeliveryState.SENT else {"reason": Reason.BUSY, "detail": ODD}
        return await store.move_delivery(job, to, **kept)
    if job.ended and rng.random() < 0.5:
        return await store.close_job(job)
    may_come = {State.EXPIRED} if job.late is Late.AWAITED else set()
    asks = [made.number for made in job.generations if made.state in ASKS | may_come]
    if not asks:
        raise StaleJob(f"{job.job_id} has come to an end")
    number = rng.choice(asks)
    state = rng.choice(sorted(MOVES[job.generation(number).state]))
    return await store.move(job, number, state, **told(rng, job, number, state))


@pytest.mark.parametrize("seed", range(6))
async def test_each_move_returns_what_a_fresh_read_gives(store: SqlStore, clock: SetClock, seed: int) -> None:
    rng, seen = Random(seed), set[str]()  # noqa: S311
    for turn in range(8):
        placed = order(caller("ann", name=ODD, roles=("a", "b")), parameters={"text": ODD, "n": 0.5, "of": [1, None]})
        job = await three_parts(store) if turn % 2 else (await store.admit(admission(placed))).job
        assert job == await store.job(job.job_id if job else "")
        for _ in range(25):
            assert job is not None
            clock.forward(ms=7)
            try:
                job = await stepped(rng, store, job)
            except (StaleJob, Conflict):
                continue
            fresh = await store.job(job.job_id)
            assert fresh is not None
            if fresh.destination != job.destination:  # placed: every move reads that, but this was none
                job = fresh
            assert job == fresh
            seen |= {job.state, job.stage}
    assert len(seen) > 6, seen
