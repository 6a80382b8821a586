"""All that is recorded of one job, to be read by whoever runs the service. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.domain.lifecycle import DeliveryState, State
from core.domain.models import Delivery, Generation, Job
from core.domain.orders import Destination
from core.domain.reports import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A delivery with when it was opened, and where it goes: nowhere any more once that was wiped."""

    delivery: Delivery
    opened_ms: int
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What is set aside for a job now."""

    allowance_micros: int
    balance_micros: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that has a time in the rows."""

    at_ms: int
    what: str
    """An action or a state, in the words of the code."""
    of: str = ""
    """Of which generation or delivery, or of the ledger; "" is the job."""
    since_ms: int = 0
    """How long after the moment before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A job with all its rows."""

    job: Job
    handovers: Sequence[Handover]
    """The newest, oldest first."""
    deliveries: int
    """How many there are."""
    entries: Sequence[Entry]
    hold: Hold | None

    @property
    def moments(self) -> list[Moment]:
        """Return what has a time, in its order."""
        told = sorted(_moments(self), key=lambda moment: moment.at_ms)
        before = [told[0], *told]
        return [
            Moment(moment.at_ms, moment.what, moment.of, moment.at_ms - last.at_ms)
            for moment, last in zip(told, before, strict=False)
        ]


def _moments(trace: Trace) -> Iterator[Moment]:
    job = trace.job
    yield Moment(job.created_ms, "ordered")
    for made in job.generations:
        yield from _of_generation(made)
    yield from (Moment(entry.at_ms, entry.kind, "ledger") for entry in trace.entries)
    for handover in trace.handovers:
        yield from _of_delivery(handover)
    if job.closed_ms is not None:
        yield Moment(job.closed_ms, "closed")


def _of_generation(made: Generation) -> Iterator[Moment]:
    of = f"generation {made.number}"
    if made.submitted_ms is not None:
        yield Moment(made.submitted_ms, "submitted", of)
    if made.state is not State.SUBMITTING and (made.attempts or made.state is not State.QUEUED):
        yield Moment(made.updated_ms, made.state, of)


def _of_delivery(handover: Handover) -> Iterator[Moment]:
    delivery = handover.delivery
    of = f"delivery {delivery.number}"
    yield Moment(handover.opened_ms, "opened", of)
    if delivery.state is not DeliveryState.PENDING or delivery.attempts:
        yield Moment(delivery.updated_ms, delivery.state, of)
