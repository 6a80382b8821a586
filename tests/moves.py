"""An order's whole life as one table: a job's moves, and then its delivery's."""

from dataclasses import replace
from typing import Any, cast

from core.domain.lifecycle import DELIVERY_MOVES, MOVES, DeliveryState, Reason, Stage, State
from core.domain.models import Delivery, Job
from core.stores import Store

PENDING, SENDING, SENT, UNDELIVERABLE = DeliveryState
STAGES: tuple[Stage, ...] = (*(state for state in State if state is not State.READY), *DeliveryState)
"""A job that is ready is as far as its delivery."""


def steps(stage: Stage) -> frozenset[Stage]:
    """Return how far an order can come from there in one move."""
    if isinstance(stage, DeliveryState):
        return frozenset(DELIVERY_MOVES[stage])
    return frozenset(PENDING if to is State.READY else to for to in MOVES[stage])


async def stepped(store: Store, job: Job, to: Stage, **changes: Any) -> Job:
    """Make one move; the one to `pending` makes a job ready that is not yet."""
    if job.delivery:
        return await store.move_delivery(job, cast(DeliveryState, to), **changes)
    return await store.move(job, State.READY if to is PENDING else cast(State, to), **changes)


def in_delivery(job: Job, state: DeliveryState, reason: Reason | None = None) -> Job:
    """Return a job that is ready, as far in its delivery."""
    delivery = Delivery(number=1, state=state, updated_ms=job.updated_ms, reason=reason)
    return replace(job, state=State.READY, delivery=delivery)
