"""Every sentence that a person reads, in plain text; each adapter escapes it for its platform."""

import re
from collections.abc import Callable, Sequence

from bots.text import product_words, titles
from bots.text.locale import N_, _, ngettext
from bots.text.wording import AMOUNTS, allowance, both, left, money, used, when, who_raises, whoever
from core.domain.lifecycle import Late, Reason, State
from core.domain.models import Accepted, Artifact, Job, Receipt
from core.domain.products import Catalog, row_of
from core.domain.quota import Standing
from core.domain.reports import Entry, EntryKind

SEND_AGAIN = N_("Send again")
CANCEL = N_("Cancel")
CONFIRM = N_("Go ahead")
ASK = N_("Ask an admin")
ASKED = N_("The admins of this community have been asked.")
CANCELLED = N_("Cancelled. You were not charged.")
CAME_LATE = N_("This came late; it costs you nothing.")
SENDING_AGAIN = N_("Sending it again. This costs nothing.")


_REASONS = {
    Reason.BAD_REQUEST: N_("The audio service did not accept this request."),
    Reason.MODEL_NOT_FOUND: N_("The audio service does not offer this at the moment. {whoever}"),
    Reason.UNAUTHORIZED: N_("The audio service does not let this bot in at the moment. {whoever}"),
    Reason.OUT_OF_CREDIT: N_("The service is out of credit. {whoever}"),
    Reason.FORBIDDEN: N_("The audio service does not let this bot do that. {whoever}"),
    Reason.BUSY: N_("The audio service is too busy at the moment."),
    Reason.UNREACHABLE: N_("The audio service can't be reached at the moment."),
    Reason.SERVER_FAILED: N_("The audio service had an error when it was asked, so I let this order go."),
    Reason.UNCONFIRMED: N_("The audio service did not confirm this order, so I let it go."),
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
    Reason.CHAT_UNREACHABLE: N_("The audio is ready, but the chat could not be reached."),
    Reason.DELIVERY_UNCERTAIN: N_("I can't tell whether the audio reached this chat."),
    Reason.TOO_LARGE: N_("The audio is ready, but it is too large for this chat even after shrinking."),
    Reason.INTERNAL: N_("Something went wrong on my side."),
    Reason.NO_WORKER: N_("Nobody was there to carry out this order."),
}


_JOB_LAST = re.compile(r" · (\w+)\Z", re.ASCII)


def characters(n: int) -> str:
    """Write how long an order is."""
    return ngettext("{n} character", "{n} characters", n)


def _what(doing: str, job: Job) -> str:
    long, cost = characters(job.characters), money(job.cost_micros)
    return _("{doing}: {characters}, {cost}.", doing=doing, characters=long, cost=cost)


def accepted(answer: Accepted) -> str:
    """Acknowledge an order, before anything is generated."""
    job = answer.job
    if answer.duplicate:
        return _("That is ordered already. ({job_id})", job_id=job.job_id)
    return _what(waits_for(job) or _("Working on it"), job)


_WAITS = {
    Reason.UNREACHABLE: N_("The audio service can't be reached, trying again"),
    Reason.BUSY: N_("The audio service is too busy at the moment, trying again"),
    Reason.OUT_OF_CREDIT: N_("The service is out of credit, waiting until there is some"),
    Reason.UNAUTHORIZED: N_("The audio service does not let this bot in at the moment, trying again"),
    Reason.NO_WORKER: N_("No worker is running, waiting until one is"),
}


def waits_for(job: Job) -> str | None:
    """Say what an order waits for, if it is more than its turn."""
    why = _WAITS.get(Reason(job.reason)) if job.waits and job.reason else None
    return why and _(why)


def progress(job: Job) -> str:
    """Say how far a job is."""
    match job.state:
        case State.QUEUED | State.SUBMITTING:
            return _what(waits_for(job) or _("Waiting for a free place"), job)
        case State.GENERATED | State.DELIVERING:
            return _("Sending the audio…")
        case _:
            return _("Generating {product}…", product=product_words.noun(job.product))


def heard(
    done: Receipt,
    files: Sequence[Artifact],
    longest: int,
    size: Callable[[str], int],
    *,
    more: str = "",
    addressed: bool = False,
) -> str:
    """Introduce audio that everybody may hear: who speaks and what, as much of it as fits, then `more`.

    `addressed`: it names who ordered it, where it answers no message of theirs.
    """
    who = titles.voice(done.job) or titles.begun(product_words.noun(done.job.product))
    speaks = N_("{who} for {member}: “{words}”") if addressed else N_("{who}: “{words}”")
    late = _(CAME_LATE) if done.job.free else ""
    below = "".join(f"\n{line}" for line in (late, _another_format(done, files), more) if line)

    def sentence(words: str) -> str:
        said = _(speaks, who=who, member=done.job.member_name, words=titles.isolated(words))
        return f"{said}{below}"

    return titles.cut(titles.words(done.job), longest, size, sentence)


def _another_format(done: Receipt, files: Sequence[Artifact]) -> str:
    if done.as_chosen:
        return ""
    return _(
        "As {chosen} it would be too large for this chat, so it comes as a smaller {kinds} file.",
        chosen=row_of(done.job.product).output_of(done.job.parameters),
        kinds=both(sorted({file.probe.extension for file in files})),
    )


def in_public(done: Receipt) -> str:
    """Say of a receipt what is nobody's secret: money is."""
    return f"{characters(done.job.characters)} · {done.job.job_id}"


def receipt(done: Receipt) -> str:
    """Say characters, cost, what is left and the job's id."""
    job, cost = done.job, money(done.charged_micros)
    paid = _("{cost}, since it came late", cost=cost) if job.free else cost
    return f"{characters(job.characters)} · {paid} · {left(done.standing)} · {job.job_id}"


def ended(done: Receipt) -> str:
    """Say honestly how a job ended that put no audio in the chat, and what was charged."""
    job = done.job
    why = _(_REASONS[Reason(job.reason or Reason.INTERNAL)], whoever=whoever(done.told))
    if job.state is State.UNDELIVERABLE:
        return _("{why} It is kept, and sending it again is free. ({job_id})", why=why, job_id=job.job_id)
    if job.late is Late.AWAITED:
        return _(
            "{why} You were not charged. If its audio turns up within a day all the same, you get it free. ({job_id})",
            why=why,
            job_id=job.job_id,
        )
    return _("{why} You were not charged. ({job_id})", why=why, job_id=job.job_id)


def addressed(job: Job, text: str) -> str:
    """Name the member in a message that does not answer theirs."""
    return f"{job.member_name}: {text}"


_POOL_LEFT = {
    True: N_("This chat has {amount} left this month."),
    False: N_("The whole community has {amount} left this month."),
}
"""In a direct chat, which is a community of one, or elsewhere."""


def balance(standing: Standing, entries: Sequence[Entry] = (), *, direct: bool = False) -> str:
    """Say what a member may spend, and what their last orders and credits were."""
    lines = [_("You have {left}.", left=left(standing)), _allowance(standing)]
    has_nothing = standing.allowance_left_micros == 0 and not standing.balance_micros
    if has_nothing:
        lines.append(who_raises(direct=direct))
    if standing.held_micros:
        lines.append(_("{amount} of that is set aside for orders under way.", amount=money(standing.held_micros)))
    if standing.pool_left_micros is not None and not (direct and has_nothing):
        has = money(max(0, standing.pool_left_micros))
        lines.append(_(_POOL_LEFT[direct], amount=has))
    if standing.blocked:
        lines.append(_blocked(standing.blocked_until_ms))
    lines += [_entry(entry) for entry in entries]
    return "\n".join(lines)


def _allowance(standing: Standing) -> str:
    if standing.quota.limit_micros is None:  # which nothing resets
        return _("Your allowance is unlimited, {used}.", used=used(standing))
    return _(
        "Your allowance is {allowance}, {used}; it resets {when}.",
        allowance=allowance(standing.quota),
        used=used(standing),
        when=when(standing.resets_ms),
    )


def _blocked(until_ms: int | None) -> str:
    if until_ms is None:
        return _("An admin has blocked your orders.")
    return _("An admin has blocked your orders until {when}.", when=when(until_ms))


_ENTRIES: dict[EntryKind, Callable[[Entry], str]] = {
    EntryKind.CHARGE: lambda e: _("{amount} charged, order {job_id}", amount=money(e.charged_micros), job_id=e.job_id),
    EntryKind.GRANT: lambda e: _("{amount} credit granted", amount=money(e.balance_micros)) + _because(e),
    EntryKind.REVOKE: lambda e: _("{amount} credit taken back", amount=money(-e.balance_micros)) + _because(e),
}


def _because(entry: Entry) -> str:
    return f": {entry.note}" if entry.note else ""


def _entry(entry: Entry) -> str:
    return f"{when(entry.at_ms)}: {_ENTRIES[entry.kind](entry)}"


def voice_names(catalog: Catalog) -> str:
    """List the voices, where a name must be given."""
    return _("Voices: {names}.", names=", ".join(catalog.voices))


def name_me(command: str) -> str:
    """Say how to be heard in a group where bots see only the commands that name them."""
    return _("In a group I may see only commands that name me: {command} Hello everyone", command=command)


def unknown_command(name: str, near: str | None) -> str:
    """Say what to type in place of a command that is none."""
    if near:
        return _("I don't know /{name}. Did you mean {near}?", name=name, near=near)
    return _("I don't know /{name}. Write /help for all that I can do.", name=name)


WAITING = N_("Waiting for the orders under way…")


def to_alone(name: str, text: str) -> str:
    """Show in a terminal what is for one person."""
    return _("To {name} alone: {text}", name=name, text=text)


def not_ended(within_s: float) -> str:
    """Say that a conversation in a terminal is over, and some order is not."""
    return _("Not every order ended within {seconds} s.", seconds=f"{within_s:.0f}")


def not_written(name: str, why: str | None) -> str:
    """Say that a file can't be written."""
    return _("{name} can't be written: {why}.", name=name, why=why)


def to_go_ahead(offer_id: str) -> str:
    """Say what to type where there is no button to agree."""
    return _("To go ahead: /confirm {offer_id}", offer_id=offer_id)


def to_ask(amount: str) -> str:
    """Say what to type where there is no button to ask for credit."""
    return _("To ask the admins for what is missing: /ask {amount}", amount=amount)


def job_named(text: str) -> str:
    """Return the id of the job that the last line of such audio names, "" where none is named."""
    found = _JOB_LAST.search(text)
    return found[1] if found else ""


def reading(name: str) -> str:
    """Name what a member may choose: a voice, or the words as they stand."""
    return name or _("Say all of it")


def voices(catalog: Catalog) -> str:
    """List the voices."""
    without = _("Without a name, {voice} speaks.", voice=catalog.default_voice)
    return f"{voice_names(catalog)}\n{without}"


TOO_MANY_ANSWERS = N_("You ask faster than I may answer in this chat. I answer you again in a minute; orders go on.")
UNTOLD = N_(
    "I can't tell here what I spoke there. Write the words after the command, or answer the audio where it was ordered."
)


def write(line: str, *, only_at: bool = False) -> str:
    """Say what to type; `only_at`: but for an @ it is what they typed."""
    return _("Only the @ is missing. Write {line}", line=line) if only_at else _("Write {line}", line=line)


def usage_quota() -> str:
    """Say how /quota is used."""
    return _(
        "Write /quota set, show or clear with a member, or /quota default. The amount is {amount}; the period is day, "
        "week or month. For example: /quota set @name AMOUNT day",
        amount=_(AMOUNTS),
    )
