"""Members' replies about an order's audio and its end; each adapter escapes them for its platform."""

from collections.abc import Callable, Sequence

from bots.text import product_words, titles
from bots.text.locale import N_, _, isolated, ngettext
from bots.text.wording import both, left, money, when, whoever
from core.domain.lifecycle import JobState, Late, Reason
from core.domain.models import Artifact, Job
from core.domain.products import row_of
from core.domain.receipts import Receipt

CANCELLED = N_("Cancelled. You were not charged.")
CANCELLED_IN_PART = N_("What had not begun is cancelled. When what has begun is done, I ask whether you take it.")
TAKEN = N_("Sending what there is…")
NOTHING_TAKEN = N_("Nothing is taken. You were not charged.")
CAME_LATE = N_("This came late; it costs you nothing.")
SENDING_AGAIN = N_("Sending it again. This costs nothing.")
AGAIN = N_("sent again, free")
FROM_EARLIER = N_("free, from an earlier take")
ALONE = N_("I may not post this where you ordered it, so it comes to you alone.")
SENT_ALONE = N_("I may not post it here, so you have it in our direct chat.")

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


def addressed(job: Job, text: str) -> str:
    """Name the member in a message that does not reply to theirs."""
    return f"{isolated(job.member_name)}: {text}"


def details(job: Job) -> str:
    """Tell an order's member what to name when they ask about it."""
    parts = (titles.begun(product_words.noun(job.product)), titles.voice(job), characters(job.characters))
    what = " · ".join(part for part in (*parts, when(job.created_ms)) if part)
    return _("{what}\nIf you ask somebody about it, name its number: {job_id}", what=what, job_id=job.job_id)
