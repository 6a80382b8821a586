"""Checks after a kill, and once everything has come to rest."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from bots.sandbox import Job
from core.domain.lifecycle import DeliveryState, Reason, State
from tests.proofs.doubts import doubts
from tests.proofs.kill.books import Memory, Row
from tests.proofs.kill.crowd import DiscordOrder, Order

WITH_AUDIO = frozenset(DeliveryState)
BEFORE_SUBMISSION = frozenset({State.QUEUED, State.CANCELLED, State.REJECTED})
FIELDS = ("text", "prompt")
"""The field with an order's text in the gateway's requests."""


def text_of(submitted: Job) -> str:
    """Return the text that identifies an order and its request at the gateway."""
    return next(str(submitted.payload[field]) for field in FIELDS if field in submitted.payload)


def _names(orders: Iterable[Order], memory: Memory) -> None:
    """Set the job ids of the Discord orders."""
    for order in orders:
        if isinstance(order, DiscordOrder) and order.event_id in memory.jobs:
            order.job_id = memory.jobs[order.event_id].job_id


def at_any_time(orders: Sequence[Order], submits: Sequence[Job], memory: Memory) -> Iterator[str]:
    """Yield what must never be wrong, even while the service is dead."""
    _names(orders, memory)
    asked = Counter(map(text_of, submits))
    for order in orders:
        job = memory.jobs.get(order.event_id)
        parts = order.parts
        for text in parts:
            if asked[text] > (1 if len(parts) == 1 else 2):  # a part that failed is tried once more, as the books check
                yield f"{order.event_id}: the gateway was asked {asked[text]} times for {text!r}"
        before = BEFORE_SUBMISSION if len(parts) == 1 else {State.QUEUED}
        if any(asked[text] for text in parts) and (job is None or job.stage in before):
            yield f"{order.event_id}: the gateway was asked, but the row says {job and job.stage}"
        if order.audios > 1 + order.presses:
            yield f"{order.event_id}: {order.audios} audios, and {order.presses} times asked for again"
        if order.audios and (job is None or job.stage not in WITH_AUDIO):
            yield f"{order.event_id}: there is audio, but the row says {job and job.stage}"
        if job and job.stage == DeliveryState.UNDELIVERABLE and job.reason != Reason.DELIVERY_UNCERTAIN:
            yield f"{order.event_id}: undeliverable ({job.reason}), and no chat has refused anything"
        if order.answered and job is None:
            yield f"{order.event_id}: it was answered and then forgotten"


def at_rest(orders: Sequence[Order], submits: Sequence[Job], memory: Memory) -> Iterator[str]:
    """Yield what is wrong at rest, after the faults."""
    yield from at_any_time(orders, submits, memory)
    known = {order.event_id for order in orders}
    yield from (f"{name}: a job that nobody ordered" for name in memory.jobs.keys() - known)
    spent = Counter[str]()
    for submitted in submits:
        spent[text_of(submitted)] += submitted.charged_micros
    for order in orders:
        job = memory.jobs.get(order.event_id)
        if job is not None:
            yield from (
                f"{order.event_id}: {words}"
                for words in _ended_badly(order, job, sum(spent[text] for text in order.parts))
            )
        elif not isinstance(order, DiscordOrder):  # Telegram keeps an update until it is confirmed
            yield f"{order.event_id}: never became a job"
        elif order.audios:
            yield f"{order.event_id}: audio without a job"


def _ended_badly(order: Order, job: Row, spent_micros: int) -> Iterator[str]:
    if not job.closed:
        yield f"still {job.stage}"
    if job.stage == DeliveryState.SENT and not order.audios:
        yield "delivered, but there is no audio"
    if job.stage != DeliveryState.SENT and not order.answered:
        yield f"{job.stage} ({job.reason}), and its author was told nothing"
    if job.charged_micros not in {0, job.cost_micros} and (job.parts == 1 or job.charged_micros > job.cost_micros):
        yield f"charged {job.charged_micros} for what costs {job.cost_micros}"
    if job.charged_micros + job.upstream_micros < spent_micros:
        yield f"the gateway took {spent_micros}, and the ledger knows of {job.charged_micros + job.upstream_micros}"


def ended(orders: Iterable[Order], memory: Memory) -> Counter[str]:
    """Count how the orders ended; `unheard` counts interactions that were acknowledged and got no further."""
    return Counter(memory.jobs[o.event_id].stage if o.event_id in memory.jobs else "unheard" for o in orders)


def doubted(submits: Sequence[Job], memory: Memory, uncertain: Collection[str]) -> Counter[str]:
    """Count what was left in doubt; the sandbox refuses no request, so it has accepted each that it saw."""
    seen = {text_of(submitted) for submitted in submits}
    return doubts(memory.made, seen, (submitted.request_id for submitted in submits), len(uncertain))
