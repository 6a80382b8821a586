"""Every sentence that a person reads, in plain text; each adapter escapes it for its platform."""

from datetime import UTC, datetime

from core.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    OverLimit,
    Refusal,
    TooManyWaiting,
    Unavailable,
)
from core.lifecycle import Reason, State
from core.models import Accepted, Job, Receipt
from core.money import AMOUNTS, show
from core.products import Catalog
from core.quota import Period, Quota, Standing

SEND_AGAIN = "Send again"
SENDING_AGAIN = "Sending it again. This costs nothing."
ADMINS_ONLY_HINT = "Ask an admin of this community to raise it with /quota set."
FAULT = "Something went wrong on my side. Nothing was charged; please try again."

HELP = """\
/speak [voice] text: say it with a voice, such as /speak Aria Hello everyone
/music prompt: make music, such as /music lo-fi rain beat
/voices: the voices
/balance: what you may still spend
/help: this text
For admins:
/quota set member amount period: such as 0.50 day, 5000 chars week, unlimited month
/quota show member: what a member may spend
/quota clear member: back to the community's default
/quota default amount period: for everybody without a quota of their own"""

_UNAVAILABLE = {
    "draining": "I am being restarted and take no new orders for a moment. Please try again shortly.",
    "out_of_credit": "The service is out of credit, you were not charged. Whoever runs this bot has been told.",
    "misconfigured": "The service can't generate audio right now, you were not charged. "
    "Whoever runs this bot has been told.",
    "store": "I can't check what you may spend right now, so I take no orders. Please try again shortly.",
    "full": "Too many orders are waiting right now. Please try again in a few minutes.",
}

_NEEDS = {
    "admin": "Only admins of this community may do that.",
    "account": "You are writing as an anonymous admin, and several people share that identity, so it can't spend. "
    "Write as yourself to order.",
    "owner": "That order belongs to somebody else.",
}

_REASONS = {
    Reason.BAD_REQUEST: "The audio service did not accept this request.",
    Reason.MODEL_NOT_FOUND: "The audio service does not offer this at the moment. Whoever runs this bot has been told.",
    Reason.UNAUTHORIZED: "The audio service does not let this bot in at the moment. "
    "Whoever runs this bot has been told.",
    Reason.OUT_OF_CREDIT: "The service is out of credit. Whoever runs this bot has been told.",
    Reason.FORBIDDEN: "The audio service does not let this bot do that. Whoever runs this bot has been told.",
    Reason.BUSY: "The audio service is too busy at the moment.",
    Reason.UNREACHABLE: "The audio service can't be reached at the moment.",
    Reason.UNCONFIRMED: "The audio service did not confirm this order, so I let it go.",
    Reason.GATEWAY_FAILED: "The audio service could not generate this.",
    Reason.GATEWAY_ERROR: "The audio service had an error.",
    Reason.NO_MEDIA: "The audio service finished without any audio.",
    Reason.MEDIA_UNAVAILABLE: "The audio was made, but could not be fetched.",
    Reason.UNDECODABLE: "The audio service sent a file that is not audio.",
    Reason.TOO_SLOW: "The audio service took too long.",
    Reason.WAITED_TOO_LONG: "This order waited too long in the queue.",
    Reason.CHAT_REFUSED: "The audio is ready, but I may not post it here.",
    Reason.CHAT_UNREACHABLE: "The audio is ready, but the chat could not be reached.",
    Reason.DELIVERY_UNCERTAIN: "I can't tell whether the audio reached this chat.",
    Reason.TOO_LARGE: "The audio is ready, but it is too large for this chat even after shrinking.",
    Reason.INTERNAL: "Something went wrong on my side.",
}

_PERIOD_NOW = {Period.DAY: "today", Period.WEEK: "this week", Period.MONTH: "this month"}
_PRODUCT_NOUN = {"speech": "speech", "music": "music"}


def refusal(error: Refusal) -> str:
    """Say why nothing happened, and what would help."""
    match error:
        case OverLimit():
            text = _over_limit(error)
        case InvalidInput():
            text = _invalid(error)
        case NotPermitted():
            text = _NEEDS[error.needs]
        case TooManyWaiting():
            orders = "order" if error.allowed == 1 else "orders"
            text = f"You already have {error.allowed} {orders} under way. Please wait until one is finished."
        case Unavailable():
            text = _UNAVAILABLE[error.why]
        case NotFound(what="job"):
            text = "I don't know that order any more."
        case NotFound():
            text = f"I have not seen {error.name} here yet. Reply to one of their messages instead."
        case _:
            text = FAULT
    return text


def _invalid(error: InvalidInput) -> str:
    given = str(error.value)
    shown = f" “{given[:60]}”" if given.strip() else ""
    return f"{error.parameter}{shown} can't be used: it must be {error.allowed}."


def _over_limit(error: OverLimit) -> str:
    standing, cost = error.standing, show(error.cost_micros)
    if error.limit == "pool":
        left = show(standing.pool_left_micros or 0)
        return (
            f"This costs {cost}, and this community's pool has {left} left this month. Whoever runs this bot sets it."
        )
    limit = standing.quota.limit_micros or 0
    if limit == 0 and standing.balance_micros == 0:
        return f"This costs {cost}, and you have no allowance here. {ADMINS_ONLY_HINT}"
    period = standing.quota.period
    return (
        f"This costs {cost}, and you have {_left(standing)}. Your allowance is {show(limit)} a {period}; "
        f"it resets {when(standing.resets_ms)}. {ADMINS_ONLY_HINT}"
    )


def when(at_ms: int) -> str:
    """Write a moment so that everybody can read it: 23 Nov 00:00 UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%b %H:%M} UTC"


def _left(standing: Standing) -> str:
    left = standing.allowance_left_micros
    now = _PERIOD_NOW[standing.quota.period]
    allowance = "no limit" if left is None else f"{show(left)} left {now}"
    return f"{allowance} and {show(standing.balance_micros)} credit" if standing.balance_micros else allowance


def accepted(answer: Accepted) -> str:
    """Acknowledge an order, before anything is generated."""
    job = answer.job
    return f"Working on it: {job.characters} characters, {show(job.cost_micros)}."


def progress(job: Job) -> str:
    """Say how far a job is."""
    match job.state:
        case State.QUEUED | State.SUBMITTING:
            return f"Waiting for a free place: {job.characters} characters, {show(job.cost_micros)}."
        case State.GENERATED | State.DELIVERING:
            return "Sending the audio…"
        case _:
            return f"Generating {_PRODUCT_NOUN.get(job.product, job.product)}…"


def receipt(done: Receipt) -> str:
    """Say characters, cost, what is left and the job's id."""
    job = done.job
    return f"{job.characters} characters · {show(done.charged_micros)} · {_left(done.standing)} · {job.job_id}"


def ended(done: Receipt) -> str:
    """Say honestly how a job ended that put no audio in the chat, and what was charged."""
    job = done.job
    sentence = _REASONS[Reason(job.reason or Reason.INTERNAL)]
    if job.state is State.UNDELIVERABLE:
        return f"{sentence} It is kept, and sending it again is free. ({job.job_id})"
    return f"{sentence} You were not charged. ({job.job_id})"


def addressed(job: Job, text: str) -> str:
    """Name the member in a message that does not answer theirs."""
    return f"{job.member_name}: {text}"


def balance(standing: Standing) -> str:
    """Say what a member may spend."""
    quota = standing.quota
    lines = [f"You have {_left(standing)}."]
    if quota.limit_micros is None:
        lines = [f"You may spend without a limit; {show(standing.used_micros)} used {_PERIOD_NOW[quota.period]}."]
    else:
        lines.append(
            f"Your allowance is {show(quota.limit_micros)} a {quota.period}, {show(standing.used_micros)} used; "
            f"it resets {when(standing.resets_ms)}."
        )
    if standing.held_micros:
        lines.append(f"{show(standing.held_micros)} is set aside for orders under way.")
    return "\n".join(lines)


def amount(quota: Quota) -> str:
    """Write a quota: $0.50 a day, or unlimited."""
    return "unlimited" if quota.limit_micros is None else f"{show(quota.limit_micros)} a {quota.period}"


def quota_set(name: str | None, quota: Quota) -> str:
    """Confirm a quota; `name` None is the community's default."""
    if name is None:
        return f"Everybody without a quota of their own may now spend: {amount(quota)}."
    return f"{name} may now spend: {amount(quota)}."


def quota_cleared(name: str | None) -> str:
    """Confirm that a quota is gone; `name` None is the community's default."""
    whose = "The community's default" if name is None else f"{name}'s own quota"
    return f"{whose} is cleared."


_SOURCES = {"member": "own quota", "community": "the community's default", "operator": "the bot's default"}


def quota_shown(name: str, standing: Standing) -> str:
    """Say what a member may spend, and why."""
    used = f"{show(standing.used_micros)} used, {_left(standing)}"
    resets = f"resets {when(standing.resets_ms)}"
    return f"{name}: {amount(standing.quota)} ({_SOURCES[standing.source]}); {used}; {resets}."


def voice_names(catalog: Catalog) -> str:
    """List the voices, where a name must be given."""
    return f"Voices: {', '.join(catalog.voices)}."


def name_me(command: str) -> str:
    """Say how to be heard in a group where bots see only the commands that name them."""
    return f"In a group I may see only commands that name me: {command} Hello everyone"


def voices(catalog: Catalog) -> str:
    """List the voices."""
    return f"{voice_names(catalog)}\nWithout a name, {catalog.default_voice} speaks."


def usage_speak(catalog: Catalog) -> str:
    """Say how /speak is used."""
    return f"Write what I should say: /speak {catalog.default_voice} Hello everyone"


USAGE_MUSIC = "Write what I should play: /music lo-fi rain beat"
USAGE_QUOTA = (
    "Write /quota set, show or clear with a member, or /quota default. "
    f"The amount is {AMOUNTS}; the period is day, week or month. For example: /quota set @name 0.50 day"
)

# What a platform's own menus say about commands and their options; at most 100 characters each.
COMMANDS = {
    "speak": "Say something with a voice",
    "music": "Make music from a description",
    "voices": "List the voices",
    "balance": "Show what you may still spend",
    "help": "Show what I can do",
    "quota": "Say who may spend how much",
    "quota set": "Set what a member may spend",
    "quota show": "Show what a member may spend",
    "quota clear": "Take a member's own quota away, so that the default applies",
    "quota default": "Set what everybody without a quota of their own may spend",
}
_AMOUNT_OPTIONS = {
    "amount": "Such as 0.50, 5000 chars or unlimited",
    "period": "How often it starts anew",
}
OPTIONS = {
    "speak": {
        "voice": "Who speaks",
        "text": "What is said; each character costs, tags such as [whispers] too",
        "stability": "0 is lively, 0.5 natural, 1 even",
        "similarity_boost": "How close to the original voice, 0 to 1",
        "speed": "0.5 is half as fast, 2 twice as fast",
    },
    "music": {
        "prompt": "What it should sound like; each character costs",
        "output_format": "The format to generate in",
        "respect_sections_durations": "Keep to the durations that the prompt gives for its sections",
    },
    "quota set": {"member": "Whose quota"} | _AMOUNT_OPTIONS,
    "quota show": {"member": "Whose quota"},
    "quota clear": {"member": "Whose quota; leave it out for the default"},
    "quota default": _AMOUNT_OPTIONS,
}
