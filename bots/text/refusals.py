"""Refusals in sentences that say what would help."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from bots.text import allowed_words, report_replies, titles
from bots.text.admin_replies import LIMITS
from bots.text.community_replies import decided_before
from bots.text.limit_replies import is_open, over_limit, over_limit_in_public
from bots.text.locale import N_, _, ngettext
from bots.text.replies import write
from bots.text.wording import clock, either, left, money, span, whoever
from core.domain.refusals import (
    AlreadyAsked,
    Cause,
    CommunityDecided,
    Decided,
    DoneBefore,
    InvalidInput,
    MayNotPost,
    Missing,
    Need,
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
    UnclearReason,
)
from core.domain.reported import BeingSent, BlockedBefore, NotReported, ReportDecided
from core.domain.shown import shown

LONGEST_QUOTE = 60
LONGEST_LINE = 700
LONGEST_EXCERPT = 200
"""Characters of an order's text that a question about its price quotes."""
FAULT = N_("Something went wrong on my side. Nothing was charged; please try again.")
HELD = N_("What is set aside for orders under way can't be taken.")
MAY_NOT_POST = N_(
    "I may not post audio where you wrote that, so nothing is ordered. An admin there can allow me: {permissions}."
)
ASKED_BEFORE = N_(
    "You have asked the admins already. You may ask again an hour after they decide, or a day after you asked."
)

_UNAVAILABLE = {
    Cause.OUT_OF_CREDIT: N_("The service is out of credit; you were not charged. {whoever}"),
    Cause.MISCONFIGURED: N_("The service can't generate audio right now; you were not charged. {whoever}"),
    Cause.CHAT: N_(
        "I can't see right now whether you are in that community, so nothing was ordered. Please try again shortly."
    ),
    Cause.STORE: N_("I can't check what you may spend right now, so I take no orders. Please try again shortly."),
}

_NEEDS = {
    Need.ADMIN: N_("Only admins of this community may do that."),
    Need.BOT_ADMIN: N_("I can't see here who is an admin. Make me an administrator of this group, and try again."),
    Need.OPERATOR: N_("Only whoever runs this bot may do that."),
    Need.GROUP: N_("That is for a group's admins: write it in the group."),
    Need.COMMUNITY: N_("A direct chat has no admins who could be asked."),
    Need.ACCOUNT: N_(
        "You are writing as a group or a channel, and several people share that identity, so it can't spend. "
        "Write as yourself to order."
    ),
    Need.SELF: N_("You are writing as a group or a channel, which several people share. Write to me as yourself."),
    Need.UNCLAIMED: N_("Somebody runs this bot already, so it can't be claimed."),
    Need.DIRECT: N_(
        "Others can read this: write it to me in a direct chat. If that was the right code, it is void now, and "
        "the next start writes a new one."
    ),
    Need.CODE: N_(
        "That is not the code, or it is void: it lasts for 15 minutes and five tries, and the next start writes a "
        "new one to the terminal."
    ),
    Need.MEMBER: N_("You are not in the community that this order is for, so I can't order it."),
    Need.OWNER: N_("That order belongs to somebody else."),
}

_UNKNOWN = {
    Missing.JOB: N_("I don't know that order any more."),
    Missing.WAITING: N_("That order no longer waits, so it can't be cancelled any more."),
    Missing.AUDIO: N_("Its audio is kept no longer, so I can't make a file of it any more."),
    Missing.REST: N_("It is just being sent. Press again in a moment if you still want it."),
    Missing.QUESTION: N_("That has been decided already."),
    Missing.COMMUNITY: N_("I don't know a community {name}. /communities lists them."),
    Missing.REQUEST: N_("I don't know that request any more."),
    Missing.REPORT: N_("I don't know that report any more."),
    Missing.OFFER: N_("That can't be confirmed any more: it is ordered already, or I asked more than ten minutes ago."),
    Missing.KEPT: N_(
        "That order is not kept any more: it is ordered already, or was declined, or a day has passed. "
        "Write it again if you still want it."
    ),
    Missing.LAST: N_("There is nothing of yours here to order once more."),
    Missing.DIALOGUE: N_("The last was a dialogue: write its lines again, or have its audio sent again with /history."),
    Missing.VOICE: N_("I don't know a voice {name}. /voices shows those that there are."),
    Missing.MEMBER: N_("I have not seen {name} here yet. Reply to one of their messages instead."),
}


_TYPED: Mapping[str, str] = {field: word for word, field in LIMITS.items()}
"""The words that admins type for limits, by the core's names."""


def refusal(error: Refusal) -> str:
    """Say why nothing happened, and what would help."""
    say = next((say for kind, say in _SENTENCES.items() if isinstance(error, kind)), None)
    return say(error) if say else _(FAULT)


def _invalid(error: InvalidInput) -> str:
    given = shown(str(error.value), LONGEST_QUOTE)
    allowed = allowed_words.said(error.allowed)
    name = _TYPED.get(error.parameter) or shown(error.parameter, LONGEST_QUOTE)
    said = (
        _("{name} “{given}” can't be used: it must be {allowed}.", name=name, given=given, allowed=allowed)
        if given
        else _("{name} is missing: it must be {allowed}.", name=name, allowed=allowed)
    )
    if not error.instead:
        return said
    return said + " " + write(shown(error.instead, LONGEST_LINE))


def _unclear(error: InvalidInput) -> str:
    return _(
        "I can't tell whether “{word}” belongs to the amount, so nothing was changed. If it does, write the whole "
        "amount in figures; if it is a reason, write {line}",
        word=shown(str(error.value), LONGEST_QUOTE),
        line=shown(error.instead, LONGEST_LINE),
    )


def _too_old(error: TooOld) -> str:
    ago = span(error.age_ms)
    if error.ordered:
        return _("That was written {span} ago; write it again if you still want it.", span=ago)
    return _(
        "That was written {span} ago. If it was not done then (/audit shows it), write it again if you still want it.",
        span=ago,
    )


def confirm(error: NeedsConfirmation, *, is_public: bool = False) -> str:
    """Ask for confirmation of the price; the platform adds the button. Others are not told what the member has."""
    question = (
        N_("This costs {cost}. Shall I go ahead? You can say so until {clock}.")
        if is_public
        else N_("This costs {cost}; your allowance is unlimited. Shall I go ahead? You can say so until {clock}.")
        if error.standing.allowance_left_micros is None
        else N_("This costs {cost}; afterwards you would have {left}. Shall I go ahead? You can say so until {clock}.")
    )
    asked = _(
        question,
        cost=money(error.cost_micros),
        left=left(error.standing.after(error.cost_micros)),
        clock=clock(error.expires_ms),
    )
    words = titles.excerpt(error.words, LONGEST_EXCERPT) if error.words else ""
    return "\n".join(filter(None, (asked, words)))


NOTHING_TO_SAY = N_(
    "There is nothing to be heard in that: punctuation, emoji and tags in brackets alone have no sound. "
    "Write some words; this cost nothing."
)


NO_WORDS = N_("There are no words in that to be heard. Write some; this cost nothing.")


def _nothing_to_say(error: NothingToSay) -> str:
    return _(NOTHING_TO_SAY if str(error.value).strip() else NO_WORDS)


def choose(error: NeedsChoice) -> str:
    """Ask which reading is meant; the platform adds the buttons."""
    if not any(error.readings):
        return _(
            "Is “{words}” really all of your text? Nothing is ordered yet; you can say so until {clock}. "
            "/history sends an earlier one again, /help lists all that I can do.",
            words=shown(error.words, LONGEST_QUOTE),
            clock=clock(error.expires_ms),
        )
    if error.unclear:
        return _(
            "No voice of mine is called {names}. Who says those lines? Nothing is ordered yet; you can say so until "
            "{clock}.",
            names=either([f"“{shown(name, LONGEST_QUOTE)}”" for name in error.unclear]),
            clock=clock(error.expires_ms),
        )
    return _(
        "Did you mean the voice {voices}? Nothing is ordered yet; you can say so until {clock}.",
        voices=either([name for name in error.readings if name]),
        clock=clock(error.expires_ms),
    )


def _busy(wait_s: float) -> str:
    return ngettext(
        "I am busy, about a minute, with the orders before yours. Nothing was charged; please try again after that.",
        "I am busy, about {n} minutes, with the orders before yours. Nothing was charged; please try again after that.",
        max(1, math.ceil(wait_s / 60)),
    )


def keeps_back(refusal: Refusal) -> bool:
    """Say whether a refusal tells what is nobody else's business."""
    match refusal:
        case OverLimit():
            return not is_open(refusal)
        case NeedsConfirmation():
            return True
        case __:
            return False


def in_public(error: Refusal) -> str:
    """Explain a refusal where others read it: the price may stand there, what is left and quotas may not."""
    match error:
        case OverLimit() if keeps_back(error):
            return over_limit_in_public(error)
        case NeedsConfirmation():
            return confirm(error, is_public=True)
        case __:
            return refusal(error)


def _not_enough(error: NotEnough) -> str:
    has = money(error.balance_micros)
    return _("That is not possible with a balance of {amount}. {hint}", amount=has, hint=_(HELD))


def _unavailable(error: Unavailable) -> str:
    if error.why is Cause.FULL:
        return _busy(error.wait_s)
    return _(_UNAVAILABLE[error.why], whoever=whoever(error.told))


_SENTENCES: dict[type[Refusal], Callable[[Any], str]] = {
    OverLimit: over_limit,
    NothingToSay: _nothing_to_say,
    NeedsChoice: choose,
    UnclearReason: _unclear,
    InvalidInput: _invalid,
    NotPermitted: lambda e: _(_NEEDS[e.needs]),
    MayNotPost: lambda e: _(MAY_NOT_POST, permissions=either([_(right) for right in e.permissions])),
    NeedsConfirmation: confirm,
    AlreadyAsked: lambda __: _(ASKED_BEFORE),
    CommunityDecided: decided_before,
    NotReported: report_replies.not_reported,
    ReportDecided: report_replies.decided_before,
    BlockedBefore: report_replies.blocked_before,
    BeingSent: lambda __: _(report_replies.BEING_SENT),
    Decided: lambda __: _("Somebody has decided on that already."),
    TooOld: _too_old,
    DoneBefore: lambda __: _("That was done before."),
    NotEnough: _not_enough,
    Unavailable: _unavailable,
    NotFound: lambda e: _(_UNKNOWN[e.what], name=shown(e.name, LONGEST_QUOTE)),
}
