"""What a community's admins see and change: amounts and counts, never members' words."""

from collections.abc import Mapping, Sequence
from typing import Any

import htpy as h
from aiohttp import web
from htpy import Node

from bots.commands.admin_table import PERIODS
from bots.text import admin_replies, credit_replies, product_words
from bots.text.locale import N_, _
from bots.text.wording import allowance, money, when
from bots.web.console.acts import person_of
from bots.web.console.layout import act, choice, field, form, table, tabs_of, turn
from bots.web.console.live import Live, part, stream
from bots.web.console.member_pages import of_standing
from bots.web.console.visit import Visit
from core.domain.attested import Attested
from core.domain.money import show
from core.domain.overview import MemberLine, OpenRequest
from core.domain.quota import LimitName, Limits, Quota, QuotaSource

ON_A_PAGE = 20
ACTS_ON_A_PAGE = 50
MOST_REQUESTS = 50

_PERIODS = {"day": N_("a day"), "week": N_("a week"), "month": N_("a month")}
_LIMITS = {
    LimitName.LONGEST_TEXT: N_("Characters of an order"),
    LimitName.IN_FLIGHT: N_("Orders under way in the community"),
    LimitName.COOLDOWN_S: N_("Time between two orders of a member"),
    LimitName.CONFIRM_MICROS: N_("Price above which orders are confirmed"),
    LimitName.PRODUCTS: N_("What may be ordered"),
    LimitName.CHANNELS: N_("Channels for orders"),
    LimitName.VOICE: N_("Who speaks where no voice is named"),
}


async def admin_of(visit: Visit, command: str) -> Attested:
    """Return the admin who looks. Raises NotPermitted, which the audit notes as in the chat."""
    found = await visit.attested()
    await visit.service.admin.enter(found.caller, command)
    return found


def page_of(visit: Visit, title: str, *body: Node) -> web.Response:
    """Return a page of the community, beside its others."""
    return visit.page(title, *body, tabs=tabs_of(visit.community))


def _row_of(member: str) -> str:
    """Name a member's row among the page's elements."""
    return f"member-{member.replace(':', '-')}"


def _quota_fields(quota: Quota | None) -> Sequence[Node]:
    limit = None if quota is None else quota.limit_micros
    amount = "" if quota is None else "unlimited" if limit is None else _sum(limit)
    period = quota.period.value if quota else "day"
    periods = {value: _(_PERIODS[value]) for value in PERIODS}
    hint = _("Such as 0.50, 5000 chars or unlimited")
    return field(_("Amount"), "amount", amount, required=True, title=hint, size="9"), choice(
        _("Period"), "period", periods, period
    )


# --- members ------------------------------------------------------------------------------------------------------


async def members(visit: Visit) -> web.StreamResponse:
    """List the members with what they may spend, to be edited in place."""
    await admin_of(visit, "quota")
    like, after = visit.given("like"), visit.given("after")
    found = await visit.console.overview.members(visit.community, like, after, ON_A_PAGE + 1)
    shown = found[:ON_A_PAGE]
    search = h.form(".act", method="get", role="search")[
        field(_("Name"), "like", like), h.button(".quiet")[_("Search")]
    ]
    heads = (_("Member"), _("Quota"), _("Used this month"), _("Credit"))
    rows = [_member_row(visit, each) for each in shown]
    listed = (
        table(_("Members"), heads, rows, [_row_of(each.member) for each in shown])
        if rows
        else h.p[_("Nobody was seen here yet.")]
    )
    path = f"/c/{visit.community}/members"
    more = turn(path, _("More"), after=shown[-1].member, like=like) if len(found) > ON_A_PAGE else None
    return page_of(visit, _("Members"), search, listed, more)


def _member_row(visit: Visit, each: MemberLine) -> Sequence[Node]:
    name = h.a(href=f"/c/{visit.community}/members/{each.member}", dir="auto")[each.name]
    handle = h.bdi[f" @{each.handle}"] if each.handle else None
    is_blocked = h.strong[" ", _("blocked")] if each.blocked else None
    now = allowance(each.quota) if each.quota else _("the default")
    row = _row_of(each.member)
    is_changed = visit.request.headers.get("HX-Target") == row  # where the keyboard is to go on
    edit = h.details[
        h.summary(autofocus=is_changed)[h.bdi[now]],
        act(visit, "quota set", _("Set"), *_quota_fields(each.quota), changes=row, member=each.member),
    ]
    return [name, handle, is_blocked], edit, money(each.used_micros), money(each.balance_micros)


async def member(visit: Visit) -> web.StreamResponse:
    """Show one member, with all that an admin may do about them."""
    found = await admin_of(visit, "quota")
    person = await person_of(visit, found.caller, visit.request.match_info["member"])
    there = await visit.console.attesting.attest(visit.community, person.member)
    roles = there.caller.roles if there else ()
    standing = await visit.service.admin.show_quota(found.caller, person, roles)
    own = standing.quota if standing.source is QuotaSource.MEMBER else None
    who = {"member": person.member}
    amount = field(_("Amount"), "amount", required=True, size="9", title=_("Such as 0.50 or 5000 chars"))
    reason = field(_("Reason"), "reason")
    span = field(_("For"), "time", title=_("Such as 2h, 3 days or 1 week; empty is for good"), size="9")
    return page_of(
        visit,
        person.name,
        h.section[
            h.h2[_("What they may spend")],
            h.p[admin_replies.quota_shown(person.name, standing)],
            of_standing(standing),
            None if there else h.p[_("They are not in this community now.")],
        ],
        h.section[
            h.h2[_("Quota")],
            act(visit, "quota set", _("Set"), *_quota_fields(own), **who),
            act(visit, "quota clear", _("Clear"), kind="quiet", **who),
        ],
        h.section[
            h.h2[_("Credit")],
            act(visit, "grant", _("Give"), amount, reason, **who),
            act(visit, "revoke", _("Take back"), amount, reason, kind="quiet", **who),
        ],
        h.section[
            h.h2[_("Orders")],
            act(visit, "unblock", _("Unblock"), **who)
            if standing.blocked
            else act(visit, "block", _("Block"), span, kind="danger", **who),
        ],
    )


# --- quotas and limits --------------------------------------------------------------------------------------------


async def quotas(visit: Visit) -> web.StreamResponse:
    """Show the quotas that were set, the community's default and those of roles."""
    found = await admin_of(visit, "quota")
    listed = await visit.service.admin.quotas(found.caller)
    kinds = {
        QuotaSource.MEMBER: _("member"),
        QuotaSource.ROLE: _("role"),
        QuotaSource.COMMUNITY: _("everybody else"),
        QuotaSource.OPERATOR: _("the bot's default"),
    }
    rows = [
        (kinds[kind], name or found.role_names.get(subject) or subject or _("this community"), allowance(quota))
        for kind, subject, name, quota in listed
    ]
    default = next((quota for kind, _s, _n, quota in listed if kind is QuotaSource.COMMUNITY), None)
    heads = (_("For"), _("Name"), _("Quota"))
    roles = dict(found.role_names)
    pick = choice(_("Role"), "role", roles, "")
    return page_of(
        visit,
        _("Quotas"),
        table(_("Quotas of this community"), heads, rows) if rows else h.p[_("No quota is set here.")],
        h.section[
            h.h2[_("Everybody without a quota of their own")],
            act(visit, "quota default", _("Set"), *_quota_fields(default)),
            act(visit, "quota default", _("Clear"), kind="quiet", amount="clear"),
        ],
        h.section[
            h.h2[_("Whoever has a role")],
            act(visit, "quota role", _("Set"), pick, *_quota_fields(None)),
            act(visit, "quota clear", _("Clear"), pick, kind="quiet"),
        ]
        if roles
        else None,
    )


async def limits(visit: Visit) -> web.StreamResponse:
    """Show the community's limits, to be edited in place."""
    found = await admin_of(visit, "limits")
    now = await visit.service.admin.limits(found.caller)
    voices = {"none": _("the bot's default"), **{name: name for name in visit.service.catalog.voices}}
    products = {"none": _("all"), **{name: product_words.noun(name) for name in visit.service.catalog.products}}
    picks = {LimitName.VOICE: voices, LimitName.PRODUCTS: products}
    forms = [
        h.section[h.h2[_(_LIMITS[limit])], _limit(visit, word, limit, now, picks.get(limit))]
        for word, limit in admin_replies.LIMITS.items()
    ]
    return page_of(visit, _("Limits"), forms)


def _limit(visit: Visit, word: str, limit: LimitName, now: Limits, pick: Mapping[str, str] | None) -> Node:
    value = getattr(now, limit.value)
    if limit is LimitName.CHANNELS:  # their names are the chat's
        return h.p[", ".join(value or [_("everywhere")]), ". ", _("Set them in the chat, as in /limits channels here.")]
    label, typed = _(_LIMITS[limit]), _typed(limit, value)
    given = (
        choice(label, "value", pick, typed, is_hushed=True)
        if pick
        else field(label, "value", typed, is_hushed=True, size="12")
    )
    return act(visit, "limits", _("Set"), given, name=word)


def _typed(limit: LimitName, value: Any) -> str:
    """Return a limit as admins type it."""
    if limit is LimitName.CONFIRM_MICROS and value is not None:
        return _sum(value)
    return " ".join(value) if isinstance(value, tuple) else "none" if value is None else str(value)


def _sum(micros: int) -> str:
    """Return an amount as admins type it, in any language."""
    return show(micros).replace("$", "")


# --- requests, words ----------------------------------------------------------------------------------------------


async def requests(visit: Visit) -> web.StreamResponse:
    """List the requests for credit that wait for a decision."""
    await admin_of(visit, "approve")
    found = await visit.console.overview.open_requests(visit.community, MOST_REQUESTS)
    return page_of(visit, _("Requests"), part(visit, _requests(visit, found)))


async def requests_live(visit: Visit) -> web.StreamResponse:
    """Send the requests each time that one comes or is decided."""
    community = visit.community
    return await stream(
        visit,
        Live(
            what=("requests", community),
            look=lambda: visit.console.overview.open_requests(community, MOST_REQUESTS),
            shown=_requests,
            admit=lambda at: admin_of(at, "approve"),
        ),
    )


def _requests(visit: Visit, found: Sequence[OpenRequest]) -> Node:
    path = f"/c/{visit.community}/requests"

    def decisions(of: str) -> Node:
        held = {"request": of}
        return h.div(".both")[
            form(visit, path, _(credit_replies.APPROVE), decision="approve", **held),
            form(visit, path, _(credit_replies.DECLINE), kind="quiet", decision="decline", **held),
        ]

    rows = [
        (each.name, money(each.amount_micros), when(each.asked_ms), decisions(each.credit_request_id)) for each in found
    ]
    heads = (_("Member"), _("Amount"), _("When"), _("Decision"))
    return table(_("Requests for credit"), heads, rows) if rows else h.p[_("Nobody waits for a decision.")]


async def words(visit: Visit) -> web.StreamResponse:
    """List how words are said for everybody here."""
    found = await admin_of(visit, "pronounce")
    entries = [entry for entry in await visit.service.pronunciations.mine(found.caller) if not entry.is_mine]
    path = f"/c/{visit.community}/words"
    rows = [
        (each.written, each.spoken, form(visit, path, _("Remove"), kind="quiet", written=each.written))
        for each in entries
    ]
    heads = (_("Written"), _("Said"), _("Change"))
    more = form(
        visit, path, _("Add"), field(_("Written"), "written", required=True), field(_("Said"), "spoken", required=True)
    )
    listed = table(_("For everybody here"), heads, rows) if rows else h.p[_("Every word is said as it is written.")]
    return page_of(visit, _("Pronunciations"), listed, h.section[h.h2[_("Another word")], more])


PAGES: Mapping[str, Any] = {
    "GET /c/{community}/members": members,
    "GET /c/{community}/members/{member}": member,
    "GET /c/{community}/quotas": quotas,
    "GET /c/{community}/limits": limits,
    "GET /c/{community}/requests": requests,
    "GET /c/{community}/requests/live": requests_live,
    "GET /c/{community}/words": words,
}
