"""Members' replies about an order, from its acceptance to its end; each adapter escapes them for its platform."""

from collections.abc import Callable, Sequence

from bots.text import product_words, titles
from bots.text.locale import N_, _, isolated, ngettext
from bots.text.wording import about, ago, both, left, money, when, whoever
from core.domain.lifecycle import DeliveryState, JobState, Late, Reason, State
from core.domain.models import Artifact, Job
from core.domain.products import row_of
from core.domain.receipts import Accepted, Receipt

CANCELLED = N_("Cancelled. You were not charged.")
CANCELLED_IN_PART = N_("What had not begun is cancelled. When what has begun is done, I ask whether you take it.")
TAKEN = N_("Sending what there is…")
NOTHING_TAKEN = N_("Nothing is taken. You were not charged.")
CAME_LATE = N_("This came late; it costs you nothing.")
SENDING_AGAIN = N_("Sending it again. This costs nothing.")
AGAIN = N_("sent again, free")
SENDING_TAKE = N_("Sending an earlier take of it. This costs nothing.")
FROM_EARLIER = N_("free, from an earlier take")
ALONE = N_("I may not post this where you ordered it, so it comes to you alone.")
SENT_ALONE = N_("I may not post it here, so you have it in our direct chat.")
NOTHING_KEPT = N_("There is nothing of yours to send again.")
FEW_WORDS = N_("a few words of the order, such as its voice or how it begins")
NOTHING_KEPT_HERE = N_("There is nothing of yours here to send again.")
LONGEST_LINE = 60
"""Characters of an order's text in a list of orders, and in its status."""

_REASONS = {
    Reason.BAD_REQUEST: N_("The audio service did not accept this request."),
    Reason.MODEL_NOT_FOUND: N_("The audio service does not offer this at the moment. {whoever}"),
    Reason.UNAUTHORIZED: N_("The audio service does not let this bot in at the moment. {whoever}"),
    Reason.OUT_OF_CREDIT: N_("The service is out of credit. {whoever}"),
    Reason.FORBIDDEN: N_("The audio service does not let this bot do that. {whoever}"),
    Reason.BUSY: N_("The audio service is too busy at the moment."),
    Reason.UNREACHABLE: N_("The audio service can't be reached at the moment."),
    Reason.SERVER_FAILED: N_("The audio service had an error when it was asked, so I gave this order up."),
    Reason.UNCONFIRMED: N_("The audio service did not confirm this order, so I gave it up."),
    Reason.GATEWAY_FAILED: N_("The audio service could not generate this."),
    Reason.GATEWAY_ERROR: N_("The audio service had an error."),
    Reason.NO_MEDIA: N_("The audio service finished without any audio."),
    Reason.MEDIA_UNAVAILABLE: N_("The audio was made, but could not be fetched."),
    Reason.UNDECODABLE: N_("The audio service sent a file that is not audio."),
    Reason.SILENT: N_("The audio service sent nothing but silence. Please try again, perhaps with other words."),
    Reason.FORGOTTEN: N_("The audio service lost this order. Please order it once more."),
    Reason.TOO_SLOW: N_("The audio service took too long."),
    Reason.WAITED_TOO_LONG: N_("This order waited too long in the queue."),
    Reason.WITHDRAWN: N_("You cancelled this order."),
    Reason.CHAT_REFUSED: N_("The audio is ready, but I may not post it here."),
    Reason.CHAT_MUTE: N_("I may not write where you ordered this until an admin there lets me, so I gave it up."),
    Reason.CHAT_UNREACHABLE: N_("The audio is ready, but the chat could not be reached."),
    Reason.DELIVERY_UNCERTAIN: N_("I can't tell whether the audio reached this chat."),
    Reason.TOO_LARGE: N_("The audio is ready, but it is too large for this chat even after shrinking."),
    Reason.LOST: N_("The audio is not kept any more, neither here nor at the audio service."),
    Reason.RESTORED: N_("My records were restored from an earlier copy: I can't tell whether you have this already."),
    Reason.AUDIO_AWAY: N_("The audio is kept in a place that can't be reached now."),
    Reason.INTERNAL: N_("Something went wrong on my side."),
    Reason.NO_WORKER: N_("Nobody was there to carry out this order."),
    Reason.RESTARTING: N_("I was being restarted."),
}

_REASONS_OF_THE_REST = {
    Reason.SERVER_FAILED: N_("The audio service had an error when it was asked for the rest, so I gave that up."),
    Reason.UNCONFIRMED: N_("The audio service did not confirm the rest, so I gave that up."),
    Reason.GATEWAY_FAILED: N_("The audio service could not generate the rest."),
    Reason.MEDIA_UNAVAILABLE: N_("The rest could not be fetched."),
    Reason.SILENT: N_("The audio service sent nothing but silence for the rest."),
    Reason.FORGOTTEN: N_("The audio service lost the rest."),
    Reason.WITHDRAWN: N_("You cancelled the rest."),
    Reason.RESTORED: N_("My records were restored from an earlier copy, so I gave the rest up."),
}
"""Where they are why some parts of an order are missing."""


def characters(n: int) -> str:
    """Say how long an order is."""
    return ngettext("{n} character", "{n} characters", n)


def accepted(answer: Accepted) -> str:
    """Acknowledge an order, before anything is generated."""
    job = answer.job
    if answer.duplicate:
        return _("That is ordered already.")
    return progress(job)


_WAITS = {
    Reason.UNREACHABLE: N_("The audio service can't be reached, trying again"),
    Reason.BUSY: N_("The audio service is too busy at the moment, trying again"),
    Reason.OUT_OF_CREDIT: N_("The service is out of credit, waiting until there is some"),
    Reason.UNAUTHORIZED: N_("The audio service does not let this bot in at the moment, trying again"),
    Reason.NO_WORKER: N_("No worker is running, waiting until one is"),
    Reason.RESTARTING: N_("I am being restarted, waiting until I am back"),
}


def waits_for(job: Job) -> str | None:
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
    return f"{line}\n{titles.excerpt(row_of(job.product).text_of(job.parameters), LONGEST_LINE)}"


def _doing(job: Job) -> str:
    match job.stage:
        case State.QUEUED:
            return waits_for(job) or _turn(job)
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


def cancelled(job: Job) -> str:
    """Say what a press on Cancel has done."""
    return _(CANCELLED if job.state is JobState.CANCELLED else CANCELLED_IN_PART)


def chosen(job: Job) -> str:
    """Say what a member has chosen of an order in parts."""
    return _(TAKEN if job.state is JobState.READY else NOTHING_TAKEN)


def introduction(
    done: Receipt,
    files: Sequence[Artifact],
    longest: int,
    size: Callable[[str], int],
    *,
    more: str = "",
    addressed: bool = False,
) -> str:
    """Introduce public audio: who speaks, as much of the text as fits, then `more`.

    `addressed` adds the member's name, for a message that does not reply to their order.
    """
    who = titles.voice(done.job) or titles.begun(product_words.noun(done.job.product))
    speaks = N_("{who} for {member}: “{words}”") if addressed else N_("{who}: “{words}”")
    late = _(CAME_LATE) if done.job.free else ""
    some = _only_some(done.job) if done.job.is_in_part else ""
    below = "".join(f"\n{line}" for line in (some, late, _another_format(done, files), more) if line)

    def sentence(words: str) -> str:
        said = _(speaks, who=who, member=done.job.member_name, words=words)
        return f"{said}{below}"

    return titles.cut(titles.words(done.job), longest, size, sentence)


def _only_some(job: Job) -> str:
    return ngettext(
        "Only {n} of {parts} parts was made.",
        "Only {n} of {parts} parts were made.",
        len(job.fetched),
        parts=len(job.parts),
    )


def _another_format(done: Receipt, files: Sequence[Artifact]) -> str:
    if done.as_chosen:
        return ""
    return _(
        "As {chosen} it would be too large for this chat, so it comes as a smaller {kinds} file.",
        chosen=row_of(done.job.product).output_of(done.job.parameters),
        kinds=both(sorted({file.probe.extension for file in files})),
    )


def ready(job: Job) -> str:
    """Call a member back to what they waited for."""
    return _("Your {product} is ready.", product=product_words.noun(job.product))


def in_public(done: Receipt) -> str:
    """Return the public part of a receipt: without money."""
    return " · ".join(part for part in (characters(done.job.fetched_characters), _again(done)) if part)


def _again(done: Receipt) -> str:
    if repeated := repeats(done.job):
        return repeated
    return _(AGAIN) if done.job.delivery and done.job.delivery.number > 1 else ""


def repeats(job: Job) -> str:
    """Say that an order was answered with what was made for another, if it was."""
    return _(FROM_EARLIER) if job.is_repeat else ""


def receipt(done: Receipt) -> str:
    """Return the characters, the cost and what is left."""
    job, cost = done.job, money(done.charged_micros)
    if _again(done):
        return in_public(done)
    paid = _("{cost}, since it came late", cost=cost) if job.free else cost
    return f"{characters(job.fetched_characters)} · {paid} · {left(done.standing)}"


def ended(done: Receipt) -> str:
    """Say how a job without audio in the chat ended, and what was charged."""
    job = done.job
    if done.asks:
        return _question(done)
    if job.state is JobState.CANCELLED and job.is_in_part:
        return _(NOTHING_TAKEN)
    why = _(_REASONS[Reason(job.why or Reason.INTERNAL)], whoever=whoever(done.told))
    if done.kept:
        return _kept(job, why)
    if job.late is Late.AWAITED:
        return _(
            "{why} You were not charged. If its audio turns up within a day all the same, you get it free.",
            why=why,
        )
    if job.why is Reason.RESTORED:
        return _("{why} You were not charged. If you do not, please order it once more.", why=why)
    return _("{why} You were not charged.", why=why)


def _question(done: Receipt) -> str:
    reason = Reason(done.job.why or Reason.INTERNAL)
    return _(
        "{some} {why} Take what there is for {cost}, or nothing, free? "
        "Without an answer you get it, for that price, in a day.",
        some=_only_some(done.job),
        why=_(_REASONS_OF_THE_REST.get(reason, _REASONS[reason]), whoever=whoever(done.told)),
        cost=money(done.charged_micros),
    )


def _kept(job: Job, why: str) -> str:
    if job.why is Reason.LOST:
        return why
    if job.why is Reason.CHAT_REFUSED and not job.direct:
        return _(
            "{why} It is kept, and sending it again is free. /history lists it, also in our direct chat.",
            why=why,
        )
    return _("{why} It is kept, and sending it again is free.", why=why)


def history(jobs: Sequence[Job], first: int, of: int, like: str, link: Callable[[Job], str]) -> str:
    """List orders by number, the newest first, each with a link to it where there is one."""
    found = _("Orders with “{like}”", like=like) if like else _("Your orders")
    numbered = _("{found}, {first} to {last} of {n}", found=found, first=first, last=first + len(jobs) - 1, n=of)
    head = _("{found}. A number sends it again, free:", found=numbered if of > len(jobs) else found)
    lines = "\n".join(f"{n}. {_remembered(job, link(job))}" for n, job in enumerate(jobs, first))
    return f"{head}\n{lines}"


def nothing_kept(*, direct: bool) -> str:
    """Say that there is nothing to send again."""
    return _(NOTHING_KEPT if direct else NOTHING_KEPT_HERE)


def none_like(like: str) -> str:
    """Say that no order holds the words."""
    return _("None of your orders has “{like}” in it. /history lists them all.", like=like)


def _remembered(job: Job, link: str) -> str:
    who = titles.voice(job) or titles.begun(product_words.noun(job.product))
    words = titles.cut(titles.words(job), LONGEST_LINE)
    line = _("{who}: “{words}” · {when}", who=who, words=words, when=when(job.created_ms))
    is_missing = job.stage is DeliveryState.UNDELIVERABLE and job.as_asked is job
    line = _("{line} · not delivered", line=line) if is_missing else line
    return f"{line} {link}".rstrip()


def addressed(job: Job, text: str) -> str:
    """Name the member in a message that does not reply to theirs."""
    return f"{isolated(job.member_name)}: {text}"


def details(job: Job) -> str:
    """Tell an order's member what to name when they ask about it."""
    parts = (titles.begun(product_words.noun(job.product)), titles.voice(job), characters(job.characters))
    what = " · ".join(part for part in (*parts, when(job.created_ms)) if part)
    return _("{what}\nIf you ask somebody about it, name its number: {job_id}", what=what, job_id=job.job_id)
