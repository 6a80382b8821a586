"""An order's whole life as one table: its one generation's moves, and then its delivery's."""

from dataclasses import replace
from typing import Any, cast

from core.domain.lifecycle import DELIVERY_MOVES, MOVES, DeliveryState, JobState, Reason, Stage, State, concluded
from core.domain.models import Delivery, Generation, Job
from core.stores.store import Store
from tests.makers import job as made

PENDING, SENDING, SENT, UNDELIVERABLE = DeliveryState
STAGES: tuple[Stage, ...] = (
    *(State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING, State.LATE),
    *(JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED),
    *DeliveryState,
)
"""A job that is ready is as far as its delivery."""


def reached(state: State) -> Stage:
    """Return how far an order is whose generation is there."""
    if state is State.FETCHED:
        return PENDING
    outcome = concluded([state])
    return state if outcome is JobState.OPEN else outcome


def steps(stage: Stage) -> frozenset[Stage]:
    """Return how far an order can come from there in one move."""
    if isinstance(stage, DeliveryState):
        return frozenset(DELIVERY_MOVES[stage])
    return frozenset(reached(to) for to in MOVES[State(stage.value)])


def only(job: Job) -> Generation:
    """Return the one generation of a job."""
    (generation,) = job.generations
    return generation


async def stepped(store: Store, job: Job, to: Stage, **changes: Any) -> Job:
    """Make one move; the one to `pending` records the audio of a job that is not ready yet."""
    if job.delivery:
        return await store.move_delivery(job, cast(DeliveryState, to), **changes)
    if to is JobState.FAILED and only(job).state is State.SUBMITTING:
        return await store.move(job, 1, State.REJECTED, **changes)
    if isinstance(to, JobState):
        return await store.move(job, 1, State(to.value), **changes)
    return await store.move(job, 1, State.FETCHED if to is PENDING else cast(State, to), **changes)


def in_delivery(job: Job, state: DeliveryState, reason: Reason | None = None) -> Job:
    """Return a job that is ready, as far in its delivery."""
    delivery = Delivery(number=1, state=state, updated_ms=job.updated_ms, reason=reason)
    return replace(made(job, state=JobState.READY), delivery=delivery)
