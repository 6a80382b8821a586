"""Why something was refused, in a sentence that says what would help."""

import math
from collections.abc import Callable
from typing import Any

from bots.text.admin_replies import LIMITS
from bots.text.community_replies import decided_before
from bots.text.wording import clock, left, span, when, whoever
from core.domain.errors import (
    AlreadyAsked,
    CommunityDecided,
    Decided,
    DoneBefore,
    InvalidInput,
    NeedsChoice,
    NeedsConfirmation,
    NotEnough,
    NotFound,
    NothingToSay,
    NotPermitted,
    OverLimit,
    Refusal,
    TooOld,
    Unavailable,
)
from core.domain.models import shown
from core.domain.money import show
from core.domain.quota import Standing

LONGEST_QUOTE = 60
LONGEST_LINE = 300
FAULT = "Something went wrong on my side. Nothing was charged; please try again."
ADMINS_ONLY_HINT = "Ask an admin of this community to raise it with /quota set."
HELD = "What is set aside for orders under way can't be taken."
ASKED_BEFORE = (
    "You have asked the admins already. You may ask again an hour after they decide, or a day after you asked."
)
DIRECT_HINT = "For direct chats whoever runs this bot sets it."

_UNAVAILABLE = {
    "draining": "I am being restarted and take no new orders for a moment. Please try again shortly.",
    "out_of_credit": "The service is out of credit, you were not charged. {whoever}",
    "misconfigured": "The service can't generate audio right now, you were not charged. {whoever}",
    "store": "I can't check what you may spend right now, so I take no orders. Please try again shortly.",
}

_NEEDS = {
    "admin": "Only admins of this community may do that.",
    "bot_admin": "I can't see here who is an admin. Make me an administrator of this group, and try again.",
    "operator": "Only whoever runs this bot may do that.",
    "community": "A direct chat has no admins who could be asked.",
    "account": "You are writing as a group or a channel, and several people share that identity, so it can't spend. "
    "Write as yourself to order.",
    "self": "You are writing as a group or a channel, which several people share. Write to me as yourself.",
    "unclaimed": "Somebody runs this bot already, so it can't be claimed.",
    "direct": "Others can read this: write it to me in a direct chat. If that was the right code, it is void now, and "
    "the next start writes a new one.",
    "code": "That is not the code, or it is void: it lasts for 15 minutes and five tries, and the next start writes a "
    "new one to the terminal.",
    "owner": "That order belongs to somebody else.",
}

_UNKNOWN = {
    "job": "I don't know that order any more.",
    "waiting": "That order no longer waits, so it can't be cancelled any more.",
    "community": "I don't know a community {name}. /communities lists them.",
    "request": "I don't know that request any more.",
    "offer": "That can't be confirmed any more: it is ordered already, or I asked more than ten minutes ago.",
    "member": "I have not seen {name} here yet. Reply to one of their messages instead.",
}


_TYPED = {field: word for word, field in LIMITS.items()}
"""What people type for the limits, by the names that the core has for them."""


def refusal(error: Refusal) -> str:
    """Say why nothing happened, and what would help."""
    say = next((say for kind, say in _SENTENCES.items() if isinstance(error, kind)), None)
    return say(error) if say else FAULT


def _invalid(error: InvalidInput) -> str:
    given = shown(str(error.value), LONGEST_QUOTE)
    quote = f" “{given}”" if given else ""
    name = _TYPED.get(error.parameter) or shown(error.parameter, LONGEST_QUOTE)
    instead = f" Write {shown(error.instead, LONGEST_LINE)}" if error.instead else ""
    return f"{name}{quote} can't be used: it must be {error.allowed}.{instead}"


def _too_old(error: TooOld) -> str:
    ago = f"That was written {span(error.age_ms)} ago"
    wanted = "write it again if you still want it."
    return f"{ago}; {wanted}" if error.ordered else f"{ago}. If it was not done then (/audit shows it), {wanted}"


def confirm(error: NeedsConfirmation) -> str:
    """Ask whether the price is right; the platform offers the button."""
    return (
        f"This costs {show(error.cost_micros)}; afterwards you would have "
        f"{left(error.standing.after(error.cost_micros))}. Shall I go ahead? "
        f"You can say so until {clock(error.expires_ms)}."
    )


NOTHING_TO_SAY = (
    "There is nothing to be heard in that: punctuation, emoji and tags in brackets alone have no sound. "
    "Write some words; this cost nothing."
)


def choose(error: NeedsChoice) -> str:
    """Ask what is meant; the platform offers the buttons."""
    voices = " or ".join(name for name in error.readings if name)
    return f"Did you mean the voice {voices}? Nothing is ordered yet; you can say so until {clock(error.expires_ms)}."


def _busy(wait_s: float) -> str:
    minutes = max(1, math.ceil(wait_s / 60))
    about = f"about {minutes} minutes" if minutes > 1 else "about a minute"
    return f"I am busy, {about}, with the orders before yours. Nothing was charged; please try again after that."


def _blocked(standing: Standing) -> str:
    until = "" if standing.blocked_until_ms is None else f" until {when(standing.blocked_until_ms)}"
    return f"An admin of this community has blocked your orders{until}."


def _cooling(standing: Standing) -> str:
    seconds = standing.limits.cooldown_s or 0
    next_ms = (standing.last_order_ms or 0) + seconds * 1000
    return f"This community asks for {seconds} seconds between two orders; your next may come at {clock(next_ms)}."


_LIMITED: dict[str, Callable[[Standing], str]] = {
    "community": lambda _: (
        "I wait for my operator here: whoever runs this bot has not approved this community. They can, with "
        "/communities approve. Nothing was charged."
    ),
    "declined": lambda _: (
        "I take no orders here: whoever runs this bot has declined this community. Nothing was charged."
    ),
    "blocked": _blocked,
    "product": lambda s: f"This community's admins allow {' and '.join(s.limits.products or ())} only.",
    "channel": lambda _: "This community's admins don't allow orders here, but in other channels.",
    "longest_text": lambda s: f"This community's admins allow at most {s.limits.longest_text} characters an order.",
    "cooldown": _cooling,
    "waiting": lambda _: "You have as many orders under way as anybody may. Please wait until one is finished.",
    "in_flight": lambda s: (
        f"This community has {s.limits.in_flight} orders under way, which is as many as its admins "
        "allow. Please wait until one is finished."
    ),
}


def _over_limit(error: OverLimit) -> str:
    standing, cost = error.standing, show(error.cost_micros)
    if error.limit in _LIMITED:
        return _LIMITED[error.limit](standing)
    if error.limit == "pool":
        pool_left = show(max(0, standing.pool_left_micros or 0))
        resets = when(standing.pool_resets_ms)
        return (
            f"This costs {cost}, and this community's pool has {pool_left} left this month; it resets {resets}. "
            "Whoever runs this bot sets it."
        )
    if error.limit == "total_pool":
        return (
            f"This costs {cost}, and all that I may spend this month, over all communities, has "
            f"{show(max(0, standing.total_left_micros or 0))} left; it resets {when(standing.pool_resets_ms)}. "
            "Whoever runs this bot sets it."
        )
    hint = DIRECT_HINT if error.limit == "direct" else ADMINS_ONLY_HINT
    limit = standing.quota.limit_micros or 0
    if limit == 0 and standing.balance_micros == 0:
        return f"This costs {cost}, and you have no allowance here. {hint}"
    period = standing.quota.period
    return (
        f"This costs {cost}, and you have {left(standing)}. Your allowance is {show(limit)} a {period}; "
        f"it resets {when(standing.resets_ms)}. {hint}"
    )


_SENTENCES: dict[type[Refusal], Callable[[Any], str]] = {
    OverLimit: _over_limit,
    NothingToSay: lambda _: NOTHING_TO_SAY,
    NeedsChoice: choose,
    InvalidInput: _invalid,
    NotPermitted: lambda e: _NEEDS[e.needs],
    NeedsConfirmation: confirm,
    AlreadyAsked: lambda _: ASKED_BEFORE,
    CommunityDecided: decided_before,
    Decided: lambda _: "Somebody has decided on that already.",
    TooOld: _too_old,
    DoneBefore: lambda _: "That was done before.",
    NotEnough: lambda e: f"That is not possible with a balance of {show(e.balance_micros)}. {HELD}",
    Unavailable: lambda e: _busy(e.wait_s) if e.why == "full" else _UNAVAILABLE[e.why].format(whoever=whoever(e.told)),
    NotFound: lambda e: _UNKNOWN[e.what].format(name=shown(e.name, LONGEST_QUOTE)),
}
