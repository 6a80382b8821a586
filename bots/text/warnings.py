"""Warnings that little is left of what may be spent; each adapter escapes them for its platform."""

from bots.text import titles
from bots.text.locale import N_, _
from bots.text.order_replies import addressed
from bots.text.wording import allowance, left, when
from core.domain.models import Job
from core.domain.warnings import END_PERCENT, Budget, BudgetWarning

_ALLOWANCE_NEAR = N_("Over {percent} % of your allowance is used: {left}. It is {allowance}, and begins anew {when}.")
_ALLOWANCE_END = N_("Your allowance is at its end: {left}. It is {allowance}, and begins anew {when}.")
_POOL_NEAR = N_("Over {percent} % of what all of this chat may spend this month is used. That begins anew {when}.")
_POOL_END = N_(
    "What all of this chat may spend this month is at its end. "
    "An order that costs more than is left of it is refused until {when}."
)
_SENTENCES = {
    (Budget.ALLOWANCE, False): _ALLOWANCE_NEAR,
    (Budget.ALLOWANCE, True): _ALLOWANCE_END,
    (Budget.POOL, False): _POOL_NEAR,
    (Budget.POOL, True): _POOL_END,
}


def is_private(job: Job, warning: BudgetWarning) -> bool:
    """Say whether it is for the member alone."""
    return job.direct or warning.budget is Budget.ALLOWANCE


def warning(job: Job, about: BudgetWarning) -> str:
    """Warn whom it concerns, where it was ordered."""
    said = _(
        _SENTENCES[about.budget, about.percent == END_PERCENT],
        percent=about.percent,
        left=left(about.standing),
        allowance=allowance(about.standing.quota),
        when=when(about.ends_ms),
    )
    return said if is_private(job, about) else _("For admins: {said} /usage shows where it went.", said=said)


def elsewhere(job: Job, about: BudgetWarning) -> str:
    """Warn a member in their direct chat of what they may spend in another."""
    words = titles.cut(titles.words(job), titles.LONGEST_LINE)
    return _("Where you ordered “{words}”: {said}", words=words, said=warning(job, about))


def in_public(job: Job) -> str:
    """Have a member look at what they have left, where others read along."""
    return addressed(job, _("Little is left of what you may spend here."))
