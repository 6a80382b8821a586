"""What whoever runs the bot sees: communities, orders under way, money, health, failures and settings."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import htpy as h
from aiohttp import web
from htpy import Node

from bots.text import operator_replies, product_words
from bots.text.locale import N_, _
from bots.text.wording import money, number, when
from bots.web.console.layout import OPERATORS_TABS, Tab, act, facts, field, table, turn
from bots.web.console.live import Live, part, stream
from bots.web.console.under_way import since, waits_for
from bots.web.console.visit import NotThere, Visit
from core.domain.communities import Approval
from core.domain.overview import CommunityLine, JobLine
from core.domain.troubles import Case, Trouble

ON_A_PAGE = 20
MOST_WAITING = 50
JOBS_ON_A_PAGE = 50
MONTHS = 6
NEWEST = 1000
"""The orders whose failures are counted."""

_STATES = {Approval.WAITING: N_("waiting"), Approval.APPROVED: N_("approved"), Approval.DECLINED: N_("declined")}


def _page(visit: Visit, title: str, *body: Node) -> web.Response:
    return visit.page(title, *body, tabs=[Tab(tab.path, _(tab.label)) for tab in OPERATORS_TABS])


def _operator(visit: Visit) -> None:
    if not visit.is_operator:
        raise NotThere


async def health(visit: Visit) -> web.StreamResponse:
    """Show what is wrong, what orders cost, and why some failed."""
    _operator(visit)
    console = visit.console
    wrong, troubles = await console.wrong(), console.troubles()
    months, failures = await console.overview.months(MONTHS), await console.overview.failures(NEWEST)
    left = await console.total_left()
    said = [h.li[f"{name}: {why}"] for name, why in wrong.items()] + [h.li[_trouble(case)] for case in troubles]
    rows = [
        (
            when(each.month_ms),
            money(each.used_micros),
            money(each.upstream_micros),
            money(max(0, each.upstream_micros - each.used_micros)),
        )
        for each in months
    ]
    heads = (_("From"), _("Charged and set aside"), _("What the gateway may charge"), _("Of it, charged to nobody"))
    why = [(reason, number(n)) for reason, n in failures.items()]
    return _page(
        visit,
        _("Health and money"),
        h.section[
            h.h2[_("Health of this process, its chats and the gateway")],
            h.ul[said] if said else h.p[_("All is well.")],
            act(visit, "resume", _("Try the gateway now"), kind="quiet"),
        ],
        h.section[
            h.h2[_("Money")],
            facts({_("Left of the total pool this month"): _("unlimited") if left is None else money(max(0, left))}),
            table(_("By month"), heads, rows) if rows else h.p[_("Nothing was ordered yet.")],
        ],
        h.section[
            h.h2[_("Failures")],
            table(_("Among the newest {n} orders", n=number(NEWEST)), (_("Why"), _("How many")), why)
            if why
            else h.p[_("None of the newest orders failed.")],
        ],
    )


def _trouble(case: Case) -> Node:
    if case.trouble is Trouble.COMMUNITIES_WAIT:
        return h.a(href="/operator/communities")[_("Communities wait for you.")]
    return operator_replies.trouble(case)


async def communities(visit: Visit) -> web.StreamResponse:
    """List communities, those that wait first, each with its pool and what may be decided."""
    _operator(visit)
    like, after = visit.given("like"), visit.given("after")
    waiting = await visit.console.overview.communities("", "", MOST_WAITING, waiting=True)
    found = await visit.console.overview.communities(like, after, ON_A_PAGE + 1)
    search = h.form(".act", method="get", role="search")[
        field(_("Title or key"), "like", like), h.button(".quiet")[_("Search")]
    ]
    shown = found[:ON_A_PAGE]
    path = "/operator/communities"
    more = turn(path, _("More"), after=shown[-1].community, like=like) if len(found) > ON_A_PAGE else None
    return _page(
        visit,
        _("Communities"),
        _listed(visit, _("Waiting for you"), waiting) if waiting else None,
        search,
        _listed(visit, _("All communities"), shown) if shown else h.p[_("There is none.")],
        more,
    )


def _listed(visit: Visit, caption: str, lines: Sequence[CommunityLine]) -> Node:
    heads = (_("Community"), _("State"), _("This month"), _("Pool"))
    return table(caption, heads, [_row(visit, each) for each in lines])


def _row(visit: Visit, each: CommunityLine) -> Sequence[Node]:
    title = h.bdi[f"“{each.title}”"] if each.title else None
    added = _("added by {name}", name=f"“{each.added_name}”") if each.added_name else ""
    name: Node = [h.bdi[each.community], " ", title, h.div(".about")[h.bdi[added]]]
    where = {"community": each.community}
    approve = act(visit, "communities", _("Approve"), decision="approve", **where)
    leave = act(visit, "communities", _("Leave"), kind="danger", decision="decline", **where)
    decide = [
        approve if each.state != Approval.APPROVED else None,
        leave if each.state != Approval.DECLINED else None,
    ]
    pool = _("unlimited") if each.pool_micros is None else money(each.pool_micros)
    amount = field(_("A month"), "amount", required=True, size="9", title=_("Such as 20.00 or unlimited"))
    edit = h.details[h.summary[pool], act(visit, "pool", _("Set"), amount, **where)]
    is_let_in = each.state == Approval.WAITING and not each.waits
    state = _("let in by a setting") if is_let_in else _(_STATES[Approval(each.state)])
    return name, h.details[h.summary[state], decide], money(each.used_micros), edit


async def jobs(visit: Visit) -> web.StreamResponse:
    """List the orders under way, and what each waits for."""
    _operator(visit)
    after = visit.given("after")
    listed = _jobs(visit, await visit.console.overview.jobs(after, JOBS_ON_A_PAGE + 1))
    return _page(visit, _("Under way"), listed if after else part(visit, listed))


async def jobs_live(visit: Visit) -> web.StreamResponse:
    """Send the oldest orders under way each time that something becomes of one."""
    overview = visit.console.overview
    look = partial(overview.jobs, "", JOBS_ON_A_PAGE + 1)
    return await stream(visit, Live(what="jobs", look=look, shown=_jobs, admit=_still_operator))


async def _still_operator(visit: Visit) -> None:
    if visit.session.member not in await visit.service.operators.owners():
        raise NotThere


def _jobs(visit: Visit, found: Sequence[JobLine]) -> Node:
    shown = found[:JOBS_ON_A_PAGE]
    heads = (_("Order"), _("Community"), _("Price"), _("Since"), _("What it waits for"))
    rows = [_job(visit, each) for each in shown]
    is_more = len(found) > JOBS_ON_A_PAGE
    more = turn("/operator/jobs", _("More"), after=shown[-1].job_id) if is_more else None
    return [table(_("Under way, the oldest first"), heads, rows) if rows else h.p[_("Nothing is under way.")], more]


def _job(visit: Visit, each: JobLine) -> Sequence[Node]:
    what: Node = [product_words.noun(each.product), h.div(".about")[each.job_id]]
    why = f"{waits_for(each)} ({each.reason})" if each.reason else waits_for(each)
    return what, each.community, money(each.cost_micros), since(visit, each), why


async def settings(visit: Visit) -> web.StreamResponse:
    """Show the settings as they were read; of secrets, whether there is one."""
    _operator(visit)
    rows = [(h.code[name], value) for name, value in visit.console.settings.items()]
    return _page(visit, _("Settings"), table(_("As this process has read them"), (_("Setting"), _("Value")), rows))


PAGES: Mapping[str, Any] = {
    "GET /operator": health,
    "GET /operator/communities": communities,
    "GET /operator/jobs": jobs,
    "GET /operator/jobs/live": jobs_live,
    "GET /operator/settings": settings,
}
