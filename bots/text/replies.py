"""Every sentence that a person reads, in plain text; each adapter escapes it for its platform."""

import re
from collections.abc import Callable, Sequence

from bots.text import product_words, titles
from bots.text.wording import PERIOD_NOW, left, until, when, whoever
from core.domain.amounts import AMOUNTS
from core.domain.lifecycle import Late, Reason, State
from core.domain.models import Accepted, Artifact, Job, Receipt
from core.domain.money import show
from core.domain.products import Catalog, row_of
from core.domain.quota import Standing
from core.domain.reports import Entry

SEND_AGAIN = "Send again"
CANCEL = "Cancel"
CONFIRM = "Go ahead"
ASK = "Ask an admin"
ASKED = "The admins of this community have been asked."
CANCELLED = "Cancelled. You were not charged."
CAME_LATE = "This came late; it costs you nothing."
_MAY_COME_LATE = " If its audio turns up within a day all the same, you get it free."
SENDING_AGAIN = "Sending it again. This costs nothing."


HELP = """\
/speak [voice] [speed=1.2 …] text [speed=1.2 …]: say it with a voice, such as /speak Aria Hello everyone
/music [output_format=… …] prompt: make music, such as /music lo-fi rain beat
Settings stand before or after the text: speed=1.2, stability=0.5, similarity_boost=0.8; output_format=mp3_44100_128
text="…" or prompt="…" is taken as it stands, whatever it looks like
/voices: the voices
/balance: what you may still spend
/help: this text
For admins:
/quota set member amount period: such as 0.50 day, 5000 chars week, unlimited
/quota show member: what a member may spend
/quota clear member: back to the community's default
/quota default amount period: for everybody without a quota of their own
/grant member amount reason, /revoke member amount reason: credit that does not expire
/block member 2h, /unblock member: refuse a member's orders
/limits: the longest text, orders under way, cool-down, when to confirm, products, channels
/usage: who spent what this day, week or month
/audit: who changed what"""

_REASONS = {
    Reason.BAD_REQUEST: "The audio service did not accept this request.",
    Reason.MODEL_NOT_FOUND: "The audio service does not offer this at the moment. {whoever}",
    Reason.UNAUTHORIZED: "The audio service does not let this bot in at the moment. {whoever}",
    Reason.OUT_OF_CREDIT: "The service is out of credit. {whoever}",
    Reason.FORBIDDEN: "The audio service does not let this bot do that. {whoever}",
    Reason.BUSY: "The audio service is too busy at the moment.",
    Reason.UNREACHABLE: "The audio service can't be reached at the moment.",
    Reason.SERVER_FAILED: "The audio service had an error when it was asked, so I let this order go.",
    Reason.UNCONFIRMED: "The audio service did not confirm this order, so I let it go.",
    Reason.GATEWAY_FAILED: "The audio service could not generate this.",
    Reason.GATEWAY_ERROR: "The audio service had an error.",
    Reason.NO_MEDIA: "The audio service finished without any audio.",
    Reason.MEDIA_UNAVAILABLE: "The audio was made, but could not be fetched.",
    Reason.UNDECODABLE: "The audio service sent a file that is not audio.",
    Reason.SILENT: "The audio service sent nothing but silence. Please try again, perhaps with other words.",
    Reason.FORGOTTEN: "The audio service lost this order. Please order it once more.",
    Reason.TOO_SLOW: "The audio service took too long.",
    Reason.WAITED_TOO_LONG: "This order waited too long in the queue.",
    Reason.WITHDRAWN: "You cancelled this order.",
    Reason.CHAT_REFUSED: "The audio is ready, but I may not post it here.",
    Reason.CHAT_UNREACHABLE: "The audio is ready, but the chat could not be reached.",
    Reason.DELIVERY_UNCERTAIN: "I can't tell whether the audio reached this chat.",
    Reason.TOO_LARGE: "The audio is ready, but it is too large for this chat even after shrinking.",
    Reason.INTERNAL: "Something went wrong on my side.",
    Reason.NO_WORKER: "Nobody was there to carry out this order.",
}


_JOB_LAST = re.compile(r" · (\w+)\Z", re.ASCII)


def accepted(answer: Accepted) -> str:
    """Acknowledge an order, before anything is generated."""
    job = answer.job
    if answer.duplicate:
        return f"That is ordered already. ({job.job_id})"
    return f"{waits_for(job) or 'Working on it'}: {job.characters} characters, {show(job.cost_micros)}."


_WAITS = {
    Reason.UNREACHABLE: "The audio service can't be reached, trying again",
    Reason.BUSY: "The audio service is too busy at the moment, trying again",
    Reason.OUT_OF_CREDIT: "The service is out of credit, waiting until there is some",
    Reason.UNAUTHORIZED: "The audio service does not let this bot in at the moment, trying again",
    Reason.NO_WORKER: "No worker is running, waiting until one is",
}


def waits_for(job: Job) -> str | None:
    """Say what an order waits for, if it is more than its turn."""
    return _WAITS.get(Reason(job.reason)) if job.waits and job.reason else None


def progress(job: Job) -> str:
    """Say how far a job is."""
    match job.state:
        case State.QUEUED | State.SUBMITTING:
            why = waits_for(job) or "Waiting for a free place"
            return f"{why}: {job.characters} characters, {show(job.cost_micros)}."
        case State.GENERATED | State.DELIVERING:
            return "Sending the audio…"
        case _:
            return f"Generating {product_words.noun(job.product)}…"


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
    who = titles.voice(done.job) or product_words.noun(done.job.product).capitalize()
    for_whom = f" for {done.job.member_name}" if addressed else ""
    late = CAME_LATE if done.job.free else ""
    below = "".join(f"\n{line}" for line in (late, _another_format(done, files), more) if line)

    def sentence(words: str) -> str:
        return f"{who}{for_whom}: “{titles.isolated(words)}”{below}"

    return titles.cut(titles.words(done.job), longest, size, sentence)


def _another_format(done: Receipt, files: Sequence[Artifact]) -> str:
    if done.as_chosen:
        return ""
    kinds = " and ".join(sorted({file.probe.extension for file in files}))
    chosen = row_of(done.job.product).output_of(done.job.parameters)
    return f"As {chosen} it would be too large for this chat, so it comes as a smaller {kinds} file."


def in_public(done: Receipt) -> str:
    """Say of a receipt what is nobody's secret: money is."""
    return f"{done.job.characters} characters · {done.job.job_id}"


def receipt(done: Receipt) -> str:
    """Say characters, cost, what is left and the job's id."""
    job = done.job
    cost = f"{show(done.charged_micros)}{', since it came late' if job.free else ''}"
    return f"{job.characters} characters · {cost} · {left(done.standing)} · {job.job_id}"


def ended(done: Receipt) -> str:
    """Say honestly how a job ended that put no audio in the chat, and what was charged."""
    job = done.job
    sentence = _REASONS[Reason(job.reason or Reason.INTERNAL)].format(whoever=whoever(done.told))
    if job.state is State.UNDELIVERABLE:
        return f"{sentence} It is kept, and sending it again is free. ({job.job_id})"
    late = _MAY_COME_LATE if job.late is Late.AWAITED else ""
    return f"{sentence} You were not charged.{late} ({job.job_id})"


def addressed(job: Job, text: str) -> str:
    """Name the member in a message that does not answer theirs."""
    return f"{job.member_name}: {text}"


def balance(standing: Standing, entries: Sequence[Entry] = ()) -> str:
    """Say what a member may spend, and what their last orders and credits were."""
    quota = standing.quota
    limit = "unlimited" if quota.limit_micros is None else f"{show(quota.limit_micros)} a {quota.period}"
    used = f"{show(standing.used_micros)} used {PERIOD_NOW[quota.period]}"
    lines = [
        f"You have {left(standing)}.",
        f"Your allowance is {limit}, {used}; it resets {when(standing.resets_ms)}.",
    ]
    if standing.held_micros:
        lines.append(f"{show(standing.held_micros)} of that is set aside for orders under way.")
    if standing.pool_left_micros is not None:
        lines.append(f"The whole community has {show(max(0, standing.pool_left_micros))} left this month.")
    if standing.blocked:
        lines.append(f"An admin has blocked your orders{until(standing.blocked_until_ms)}.")
    lines += [_entry(entry) for entry in entries]
    return "\n".join(lines)


_ENTRIES = {
    "charge": lambda e: f"{show(e.charged_micros)} charged, order {e.job_id}",
    "grant": lambda e: f"{show(e.balance_micros)} credit granted{_because(e)}",
    "revoke": lambda e: f"{show(-e.balance_micros)} credit taken back{_because(e)}",
}


def _because(entry: Entry) -> str:
    return f": {entry.note}" if entry.note else ""


def _entry(entry: Entry) -> str:
    return f"{when(entry.at_ms)}: {_ENTRIES[entry.kind](entry)}"


def voice_names(catalog: Catalog) -> str:
    """List the voices, where a name must be given."""
    return f"Voices: {', '.join(catalog.voices)}."


def name_me(command: str) -> str:
    """Say how to be heard in a group where bots see only the commands that name them."""
    return f"In a group I may see only commands that name me: {command} Hello everyone"


def unknown_command(name: str, near: str | None) -> str:
    """Say what to type in place of a command that is none."""
    instead = f"Did you mean {near}?" if near else "Write /help for all that I can do."
    return f"I don't know /{name}. {instead}"


def no_command(catalog: Catalog, command: str) -> str:
    """Say what to type to somebody who wrote plain words."""
    return f"I take commands. Write {command} {catalog.default_voice} Hello everyone, or /help for all that I can do."


WAITS = "I wait for my operator here: nobody can order until whoever runs this bot has approved this community."


def hello(catalog: Catalog, command: str, *, waits: bool = False) -> str:
    """Greet a community that the bot was added to, with the one next step."""
    hear = "I wait for my operator here. Once whoever runs this bot has approved this community, write" if waits else ""
    return (
        f"Hello! I say things with a voice and make music. {hear or 'Hear me:'} "
        f"{command} {catalog.default_voice} Hello everyone"
    )


def may_begin(catalog: Catalog, command: str) -> str:
    """Tell a community that was approved, with the one next step."""
    return f"Whoever runs me has approved this community. Hear me: {command} {catalog.default_voice} Hello everyone"


def write_it_here(command: str) -> str:
    """Refuse words that the sender did not write, such as a forwarded command."""
    return f"I act only on what you write yourself. Write it here: /{command} …"


def job_named(text: str) -> str:
    """Return the id of the job that the last line of such audio names, "" where none is named."""
    found = _JOB_LAST.search(text)
    return found[1] if found else ""


def reading(name: str) -> str:
    """Name what a member may choose: a voice, or the words as they stand."""
    return name or "Say all of it"


def voices(catalog: Catalog) -> str:
    """List the voices."""
    return f"{voice_names(catalog)}\nWithout a name, {catalog.default_voice} speaks."


TOO_MANY_ANSWERS = "You ask faster than I may answer in this chat. I answer you again in a minute; orders go on."
UNTOLD = (
    "I can't tell here what I spoke there. Write the words after the command, or answer the audio where it was ordered."
)
USAGE_QUOTA = (
    "Write /quota set, show or clear with a member, or /quota default. "
    f"The amount is {AMOUNTS}; the period is day, week or month. For example: /quota set @name 0.50 day"
)

# What a platform's own menus say about commands and their options; at most 100 characters each.
COMMANDS = {
    "voices": "List the voices",
    "balance": "Show what you may still spend",
    "help": "Show what I can do",
    "quota": "Say who may spend how much",
    "quota set": "Set what a member may spend",
    "quota show": "Show what a member may spend",
    "quota role": "Set what whoever has a role may spend",
    "quota clear": "Take a member's or a role's quota away, so that the default applies",
    "quota default": "Set what everybody without a quota of their own may spend",
}
_AMOUNT_OPTIONS = {
    "amount": "Such as 0.50, 5000 chars or unlimited",
    "period": "How often it starts anew",
}
OPTIONS = {
    "quota set": {"member": "Whose quota"} | _AMOUNT_OPTIONS,
    "quota show": {"member": "Whose quota; leave it out for all that were set"},
    "quota role": {"role": "Whose quota"} | _AMOUNT_OPTIONS,
    "quota clear": {
        "member": "Whose quota; leave both out for the default",
        "role": "The role whose quota it is",
    },
    "quota default": _AMOUNT_OPTIONS,
}
