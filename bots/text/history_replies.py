"""What members read of the orders that they had: lists, to have one sent again."""

from collections.abc import Callable, Sequence

from bots.text import product_words, titles
from bots.text.locale import N_, _
from bots.text.wording import when
from core.domain.lifecycle import DeliveryState
from core.domain.models import Job

NOTHING_KEPT = N_("There is nothing of yours to send again.")
NOTHING_KEPT_HERE = N_("There is nothing of yours here to send again.")
FEW_WORDS = N_("a few words of the order, such as its voice or how it begins")


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
    words = titles.cut(titles.words(job), titles.LONGEST_LINE)
    line = _("{who}: “{words}” · {when}", who=who, words=words, when=when(job.created_ms))
    is_missing = job.stage is DeliveryState.UNDELIVERABLE and job.as_asked is job
    line = _("{line} · not delivered", line=line) if is_missing else line
    return f"{line} {link}".rstrip()
