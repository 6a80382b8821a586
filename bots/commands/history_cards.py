"""The caller's own orders, to be heard or ordered again. A press holds all that it needs, in 64 bytes."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bots.commands import buttons
from bots.commands.command import Answer, Asked, Pressed
from bots.commands.letters import bare
from bots.commands.paging import page_of
from bots.platform import Button, ButtonKind
from bots.text import history_replies, product_words, titles, voice_replies
from bots.text.locale import _
from core.domain.models import Job
from core.domain.refusals import InvalidInput, Missing, NotFound

MOST_SEARCHED = 200
"""Orders that are looked through, the newest."""
LONGEST_LIKE_BYTES = 24
"""Of the words that orders are searched by, so that buttons have room for them."""
LIST = "history"
_PAGE = re.compile(r"(\d{1,3}):(-?\d{1,20})?:(.*)", re.DOTALL | re.ASCII)


class View(NamedTuple):
    """What a message of orders shows."""

    community: str
    """The number of the one whose orders they are; "" for those of everywhere."""
    like: str
    page: int = 1

    def turned(self, label: str, page: int, row: int) -> Button:
        """Return the button for another page."""
        return Button.of(ButtonKind.PAGE, label, f"{LIST}:{page}:{self.community}:{self.like}", row)


async def cards(asked: Asked, like: str = "") -> Answer:
    """List the caller's orders here that hold all these words; in a direct chat those of everywhere."""
    caller, like = asked.caller, " ".join(like.encode(errors="replace").decode().split())  # half a pair of surrogates
    if len(like.encode()) > LONGEST_LIKE_BYTES:
        raise InvalidInput("like", like, _(history_replies.FEW_WORDS))
    here = "" if caller.direct else caller.community.removeprefix(f"{caller.platform}:")
    return await _shown(asked, View(here, like))


async def turn(asked: Asked, about: str) -> Pressed:
    """Turn to another page; in our own chat it may be of a group's orders."""
    read = _PAGE.fullmatch(about)
    if read is None or asked.is_public:
        raise NotFound(Missing.REQUEST, about)
    return Pressed(card=await _shown(asked, View(read[2] or "", read[3], int(read[1]))))


async def _shown(asked: Asked, view: View) -> Answer:
    caller = asked.caller
    community = f"{caller.platform}:{view.community}" if view.community else ""
    jobs = await asked.service.history(caller, MOST_SEARCHED, community=community)
    wanted = [bare(word) for word in view.like.split()]
    found = [job for job in jobs if all(word in _words(job) for word in wanted)] if wanted else jobs
    if not found:
        text = history_replies.none_like(view.like) if jobs else history_replies.nothing_kept(direct=not view.community)
        return Answer(text, private=True, open=True)
    page = page_of(found, view.page)
    text = history_replies.history(page.items, page.first, len(found), view.like, asked.link)
    turns = _of_list(view._replace(page=page.number), page.count, len(page.items))
    both = (*_of_jobs(page.items, page.first), *turns)
    return Answer(text, private=True, buttons=both, open=True)


def _words(job: Job) -> str:
    """Return what an order is found by."""
    return bare(" ".join((titles.voice(job), product_words.noun(job.product), titles.words(job))))


def _of_jobs(jobs: Sequence[Job], first: int) -> Iterator[Button]:
    for row, job in enumerate(jobs):
        yield from buttons.of_remembered(job, first + row, row)


def _of_list(view: View, pages: int, row: int) -> Iterator[Button]:
    if view.page > 1:
        yield view.turned(_(voice_replies.BACK), view.page - 1, row)
    if view.page < pages:
        yield view.turned(_(voice_replies.ON), view.page + 1, row)
