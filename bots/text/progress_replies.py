"""What members read of an order that is under way: how far it is, and what it waits for."""

from bots.text import product_words, titles
from bots.text.locale import N_, _
from bots.text.order_replies import SENDING_AGAIN, characters
from bots.text.wording import about, ago, money
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Job
from core.domain.products import row_of
from core.domain.receipts import Accepted

SENDING_TAKE = N_("Sending an earlier take of it. This costs nothing.")

_WAITS = {
    Reason.UNREACHABLE: N_("The audio service can't be reached, trying again"),
    Reason.BUSY: N_("The audio service is too busy at the moment, trying again"),
    Reason.OUT_OF_CREDIT: N_("The service is out of credit, waiting until there is some"),
    Reason.UNAUTHORIZED: N_("The audio service does not let this bot in at the moment, trying again"),
    Reason.NO_WORKER: N_("No worker is running, waiting until one is"),
    Reason.RESTARTING: N_("I am being restarted, waiting until I am back"),
}


def accepted(answer: Accepted) -> str:
    """Acknowledge an order, before anything is generated."""
    job = answer.job
    if answer.duplicate:
        return _("That is ordered already.")
    return progress(job)


def _waits_for(job: Job) -> str | None:
    """Say what an order waits for, other than its turn."""
    why = _WAITS.get(Reason(job.reason)) if job.waits and job.reason else None
    return why and _(why)


def progress(job: Job) -> str:
    """Say how far a job has come, what it costs and how long it takes."""
    long, cost = characters(job.characters), money(job.cost_micros)
    is_free = job.delivery is not None and job.delivery.number > 1
    paid = _("{doing}: {characters}, {cost}.", doing=_doing(job), characters=long, cost=cost)
    free = SENDING_TAKE if job.is_repeat else SENDING_AGAIN
    said = _(free) if is_free else paid
    line = " ".join(part for part in (said, _lasts(job)) if part)
    return f"{line}\n{titles.excerpt(row_of(job.product).text_of(job.parameters), titles.LONGEST_LINE)}"


def _doing(job: Job) -> str:
    match job.stage:
        case State.QUEUED:
            return _waits_for(job) or _turn(job)
        case State.SUBMITTING:
            return _("Working on it")
        case DeliveryState():
            return _("Sending the audio")
        case _:
            return _generating(job)


def _turn(job: Job) -> str:
    outlook = job.outlook
    if outlook is None or outlook.before is None:
        return _("Working on it")
    if not outlook.before:
        return _("Next in line")
    return _("At most {n} before you", n=outlook.before) if outlook.at_most else _("{n} before you", n=outlook.before)


def _generating(job: Job) -> str:
    product = product_words.noun(job.product)
    if len(job.parts) == 1:
        return _("Generating {product}", product=product)
    coming = [part for part in job.parts if part.state is not State.CANCELLED]
    some = N_("Generating {product}, {done} of {parts} (the rest is cancelled)")
    line = some if len(coming) < len(job.parts) else N_("Generating {product}, {done} of {parts}")
    return _(line, product=product, done=len(job.fetched), parts=len(coming))


def _lasts(job: Job) -> str:
    """Say how long it usually takes, and how long ago it began."""
    outlook = job.outlook
    if outlook is None or job.delivery:
        return ""
    usual = about(outlook.usual_s)
    if job.begun_ms is not None and outlook.running_s is not None:
        return _("Begun {ago}, usually about {usual}.", ago=ago(job.begun_ms, outlook.running_s), usual=usual)
    if job.held_back or outlook.before is not None:
        return _("Usually about {usual} from its beginning.", usual=usual)
    return _("Usually about {usual}.", usual=usual)
