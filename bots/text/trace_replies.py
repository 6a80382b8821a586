"""What is recorded of one job, for whoever runs the service, in the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bots.text.locale import N_, _, ngettext
from bots.text.wording import money
from core.domain.lifecycle import ASKS, HELD, DeliveryState
from core.domain.models import Generation, Job
from core.domain.reports import Entry, EntryKind
from core.domain.shown import shown
from core.domain.traces import Handover, Moment, Trace

LONGEST = 500
"""Of what the gateway or a chat said."""
_AMOUNTS = {
    "allowance_micros": N_("{amount} of the allowance used"),
    "balance_micros": N_("{amount} of credit"),
    "charged_micros": N_("{amount} charged"),
    "upstream_micros": N_("{amount} that the gateway may bill and nobody pays"),
}
NONE, NOT_YET = N_("  None: there was no audio to deliver."), N_("  None yet")
NOT_RECORDED = (
    N_(
        "Of a generation only its last submission and its last move have a time, of a delivery its beginning and its "
        "last move. Polls and waits stand in the log, on the lines that name the job."
    ),
    N_("Where a delivery goes is wiped when it has arrived or was given up."),
)


def trace(traced: Trace, places: Mapping[int, str]) -> str:
    """Tell a job's life; `places`: where each delivery goes, by its number."""
    return "\n\n".join("\n".join(lines) for lines in _blocks(traced, places))


def _blocks(traced: Trace, places: Mapping[int, str]) -> Iterator[Sequence[str]]:
    job = traced.job
    yield [*_order(job)]
    yield [_("Generations"), *(line for made in job.generations for line in _generation(made))]
    older = traced.deliveries - len(traced.handovers)
    left_out = [ngettext("  {n} older one is left out.", "  {n} older ones are left out.", older)] if older else []
    told = [line for handover in traced.handovers for line in _delivery(handover, places)]
    yield [_("Deliveries"), *left_out, *(told or [_(NOT_YET if job.state in HELD else NONE)])]
    yield [_("Money"), *map(_entry, traced.entries), *_sums(traced)]
    moments = traced.moments
    seconds = f"{(moments[-1].at_ms - moments[0].at_ms) / 1000:.3f}"
    yield [_("In order of time, in UTC; {seconds} s in all", seconds=seconds), *map(_moment, moments)]
    yield [_("Not recorded"), *(f"  {_(sentence)}" for sentence in NOT_RECORDED)]


def _order(job: Job) -> Iterator[str]:
    yield ngettext(
        "Job {job}: {product}, {n} character, {cost}",
        "Job {job}: {product}, {n} characters, {cost}",
        job.characters,
        job=job,
        product=job.product,
        cost=money(job.cost_micros),
    )
    yield _("  ordered by {name}, {member}", name=job.member_name, member=job.member)
    channel = _(", {channel}", channel=job.channel) if job.channel else ""
    yield _("  in {community}{channel}, as {event}", community=job.community, channel=channel, event=job.event_id)
    yield _("  it is {state}, and {closed}", state=job.state, closed=_carried(job))


def _carried(job: Job) -> str:
    if job.closed_ms is not None:
        return _("nothing is left to do")
    return _("{worker} carries it", worker=job.worker_id) if job.worker_id else _("something is left to do")


def _generation(made: Generation) -> Iterator[str]:
    yield _(
        "  {number}. part {part}, {cost}: {state}, {request}",
        number=made.number,
        part=made.part,
        cost=money(made.cost_micros),
        state=made.state,
        request=_("request {id}", id=shown(made.request_id, LONGEST)) if made.request_id else _("no request is known"),
    )
    if made.deadline_ms is not None and made.state in ASKS:
        yield _("     to be finished by {time}", time=_time(made.deadline_ms))
    if made.attempts > 1:
        yield _("     submitted {n} times, since nothing was accepted before", n=made.attempts)
    for audio in made.artifacts:
        seconds = f"{audio.probe.duration_ms / 1000:.1f}"
        yield _("     audio of {seconds} s, {bytes} bytes", seconds=seconds, bytes=audio.size_bytes)
    yield from _trouble(made.reason, made.detail)
    if made.upstream_micros:
        yield _("     the gateway may bill {cost}, which nobody pays", cost=money(made.upstream_micros))


def _delivery(handover: Handover, places: Mapping[int, str]) -> Iterator[str]:
    delivery = handover.delivery
    yield ngettext(
        "  {number}. {state}, begun {n} time",
        "  {number}. {state}, begun {n} times",
        delivery.attempts,
        number=delivery.number,
        state=delivery.state,
    )
    if place := places.get(delivery.number):
        yield _("     to {place}", place=place)
    elif delivery.state is not DeliveryState.SENT:
        yield _("     where it goes is not kept")
    if delivery.asker:
        yield _("     for {name}, {member}", name=delivery.asker.name, member=delivery.asker.member)
    if delivery.event_id:
        yield _("     in answer to {event}", event=delivery.event_id)
    yield from _trouble(delivery.reason, delivery.detail)


def _trouble(reason: str | None, detail: str | None) -> Iterator[str]:
    if reason:
        yield _("     because of {reason}", reason=reason)
    if detail:
        yield _("     in their words: {words}", words=shown(detail, LONGEST))


def _entry(entry: Entry) -> str:
    amounts = ((text, getattr(entry, name)) for name, text in _AMOUNTS.items())
    told = ", ".join(_(text, amount=money(micros)) for text, micros in amounts if micros)
    return f"  {_time(entry.at_ms)}  {entry.kind}: {told or money(0)}"


def _sums(traced: Trace) -> Iterator[str]:
    entries, hold = traced.entries, traced.hold
    back = sum(e.balance_micros - e.allowance_micros for e in entries if e.kind is EntryKind.VOID)
    yield _(
        "  In all: charged {charged}, given back {back}; the gateway may bill {lost} that nobody pays",
        charged=money(sum(e.charged_micros for e in entries)),
        back=money(back),
        lost=money(sum(e.upstream_micros for e in entries)),
    )
    if hold is None:
        yield _("  Nothing is set aside any more")
        return
    allowance, credit = money(hold.allowance_micros), money(hold.balance_micros)
    yield _("  Set aside: {allowance} of the allowance, {credit} of the credit", allowance=allowance, credit=credit)


def _moment(moment: Moment) -> str:
    since = f"+{moment.since_ms / 1000:.3f} s"
    return f"  {_time(moment.at_ms)} {since:>14}  {f'{moment.of} {moment.what}'.lstrip()}"


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"
