"""What is a member's own: allowance, orders with their audio, and everything that is kept of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import htpy as h
from aiohttp import web
from htpy import Node

from bots.commands.history_cards import MOST_SEARCHED
from bots.text import history_replies, order_replies, product_words, titles
from bots.text.locale import _
from bots.text.wording import allowance, left, money, used, when
from bots.web.console.layout import facts, form, table, tabs_of, turn
from bots.web.console.live import Live, part, stream
from bots.web.console.under_way import since, waits_for
from bots.web.console.visit import NotThere, Visit
from core.domain.lifecycle import DELIVERY_ENDS, DeliveryState
from core.domain.models import Job
from core.domain.overview import JobLine
from core.domain.quota import Standing
from core.domain.reports import Entry, EntryKind

ON_A_PAGE = 20
MOST_ENTRIES = 50


async def home(visit: Visit) -> web.StreamResponse:
    """Show what they may spend in their direct chat, and where else they were seen."""
    after = visit.given("after")
    found = await visit.console.overview.memberships(visit.session.member, after, ON_A_PAGE + 1)
    standing = await visit.service.standing(visit.alone)
    here = [h.li[h.a(href=f"/c/{each.community}", dir="auto")[each.title or each.community]] for each in found]
    more = turn("/", _("More"), after=found[ON_A_PAGE - 1].community) if len(found) > ON_A_PAGE else None
    places = h.ul(".list")[here[:ON_A_PAGE]] if here else h.p[_("I have not seen you in any community yet.")]
    return visit.page(
        _("Allowance"),
        h.section[h.h2[_("Communities")], places, more],
        h.section[h.h2[_("Our direct chat")], of_standing(standing)],
    )


def of_standing(standing: Standing) -> Node:
    """Show what somebody may spend."""
    known: dict[str, Node] = {
        _("Left"): left(standing),
        _("Allowance"): f"{allowance(standing.quota)}, {used(standing)}",
        _("Credit"): money(standing.balance_micros),
    }
    if standing.quota.limit_micros is not None:
        known[_("Resets")] = when(standing.resets_ms)
    if standing.held_micros:
        known[_("Set aside")] = money(standing.held_micros)
    if standing.pool_left_micros is not None:
        known[_("Left of the pool")] = money(max(0, standing.pool_left_micros))
    if standing.blocked:
        known[_("Blocked")] = when(standing.blocked_until_ms) if standing.blocked_until_ms else _("for good")
    return facts(known)


def _amount(entry: Entry) -> str:
    is_charge = entry.kind is EntryKind.CHARGE
    return money(entry.charged_micros) if is_charge else money(abs(entry.balance_micros))


def of_entries(entries: Sequence[Entry]) -> Node:
    """Show what somebody was charged and granted, the newest first."""
    kinds = {EntryKind.CHARGE: _("charged"), EntryKind.GRANT: _("granted"), EntryKind.REVOKE: _("taken back")}
    rows = [(when(entry.at_ms), kinds[entry.kind], _amount(entry), entry.note) for entry in entries]
    heads = (_("When"), _("What"), _("Amount"), _("Reason"))
    return table(_("The newest entries"), heads, rows) if rows else h.p[_("Nothing was charged or granted yet.")]


async def community(visit: Visit) -> web.StreamResponse:
    """Show what they may spend in a community."""
    found = await visit.attested()
    standing = await visit.service.standing(found.caller)
    entries = await visit.service.entries(found.caller, MOST_ENTRIES)
    return visit.page(
        found.caller.title or await visit.console.overview.title(visit.community) or visit.community,
        h.section[h.h2[_("What you may spend")], of_standing(standing)],
        h.section[h.h2[_("Charges and credit")], of_entries(entries)],
        tabs=tabs_of(visit.community) if found.caller.is_admin else (),
    )


@dataclass(frozen=True, slots=True)
class Newest:
    """What stands at the top of somebody's orders: those under way, and those whose audio is kept."""

    under_way: Sequence[JobLine]
    kept: Sequence[Job]


async def orders(visit: Visit) -> web.StreamResponse:
    """List orders under way, and those whose audio is kept, to be heard or sent again."""
    number = visit.given("page")
    page = max(1, int(number)) if number.isdecimal() and len(number) < 4 else 1
    if page == 1:
        return visit.page(_("Orders"), part(visit, _newest(visit, await _look(visit))))
    jobs = await visit.service.history(visit.alone, MOST_SEARCHED)
    return visit.page(_("Orders"), _kept(visit, jobs, page))


async def orders_live(visit: Visit) -> web.StreamResponse:
    """Send the newest orders each time that something becomes of one."""
    return await stream(
        visit, Live(what=("orders", visit.session.member), look=partial(_look, visit), shown=_newest, admit=_anybody)
    )


async def _anybody(_: Visit) -> None:
    """Admit whoever is signed in: what they see is their own."""


async def _look(visit: Visit) -> Newest:
    under_way = await visit.console.overview.under_way(visit.session.member, ON_A_PAGE)
    return Newest(under_way, await visit.service.history(visit.alone, ON_A_PAGE + 1))


def _newest(visit: Visit, found: Newest) -> Node:
    heads = (_("Order"), _("Price"), _("Since"), _("What it waits for"))
    rows = [
        (product_words.noun(each.product), money(each.cost_micros), since(visit, each), waits_for(each))
        for each in found.under_way
    ]
    return [rows and h.section[table(_("Under way"), heads, rows)], _kept(visit, found.kept, 1)]


def _kept(visit: Visit, jobs: Sequence[Job], page: int) -> Node:
    shown = jobs[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    more = turn("/orders", _("Older"), page=str(page + 1)) if len(jobs) > page * ON_A_PAGE else None
    listed = h.ol(".cards")[(h.li[_order(visit, job)] for job in shown)]
    return [listed if shown else h.p[history_replies.nothing_kept(direct=True)], more]


def _order(visit: Visit, job: Job) -> Node:
    who = titles.voice(job) or titles.begun(product_words.noun(job.product))
    players = [
        h.audio(
            {"hx-preserve": True},  # it plays on while the list around it changes
            id=f"audio-{job.job_id}-{n}",
            controls=True,
            preload="none",
            src=f"/orders/{job.job_id}/{n}",
            aria_label=_("Audio"),
        )
        for n, file in enumerate(job.artifacts, 1)
        if visit.console.artifacts.has(job.job_id, file.path)
    ]
    about = f"{who} · {when(job.created_ms)} · {money(job.cost_micros)}"
    again = form(visit, f"/orders/{job.job_id}/send", _("Send again"), kind="quiet") if job.artifacts else None
    return [
        h.p(".words", dir="auto")[titles.cut(titles.words(job), 300)],
        h.p(".about", dir="auto")[about],
        h.p(".about")[_("I could not send it: let me write to you in our direct chat, and send it again.")]
        if job.stage is DeliveryState.UNDELIVERABLE
        else None,
        players or h.p(".about")[_("This audio is not kept here; the chat may have it.")],
        again,
    ]


async def send_again(visit: Visit) -> web.StreamResponse:
    """Send kept audio to its member's direct chat, free."""
    job_id = visit.request.match_info["job"]
    platform = visit.console.platforms.get(visit.session.platform)
    if platform is None:
        raise NotThere
    await visit.service.redeliver(visit.alone, job_id, platform.alone_with(visit.session.member))
    return visit.back(_(order_replies.SENDING_AGAIN))


async def audio(visit: Visit) -> web.StreamResponse:
    """Return a file of an order of theirs."""
    job = await visit.service.own(visit.alone, visit.request.match_info["job"])
    number = int(visit.request.match_info["n"])
    if job.stage not in DELIVERY_ENDS or not 0 < number <= len(job.artifacts):
        raise NotThere
    file = job.artifacts[number - 1]
    path = await visit.console.artifacts.bring(job.job_id, file)
    if path is None:
        raise NotThere
    response = web.FileResponse(path)
    response.content_type = file.probe.mime
    response.headers["Content-Disposition"] = "inline"
    return response


PAGES: Mapping[str, Any] = {
    "GET /": home,
    "GET /c/{community}": community,
    "GET /orders": orders,
    "GET /orders/live": orders_live,
    "POST /orders/{job}/send": send_again,
    "GET /orders/{job}/{n:[1-9][0-9]{0,2}}": audio,
}
