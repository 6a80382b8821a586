"""What a community's admins read: what was spent, as a picture and as a file, and who changed what."""

from collections.abc import Mapping, Sequence
from typing import Any

import htpy as h
from aiohttp import web
from htpy import Node

from bots.commands import admin_actions
from bots.commands.admin_table import PERIODS
from bots.commands.command import PNG, File
from bots.text import admin_replies, audit_replies, product_words
from bots.text.locale import _
from bots.text.wording import money
from bots.web.console.acts import asked_of
from bots.web.console.admin_pages import admin_of, page_of
from bots.web.console.layout import facts, table, turn
from bots.web.console.visit import NotThere, Visit
from core.domain.quota import DAY_MS
from core.domain.reports import Usage

ACTS_ON_A_PAGE = 50
NOTHING = Usage(start_ms=0, end_ms=DAY_MS, by_day={}, by_product={}, members=0, top=())


def _period(visit: Visit) -> str:
    period = visit.given("period") or "month"
    if period not in PERIODS:
        raise NotThere
    return period


async def usage(visit: Visit) -> web.StreamResponse:
    """Show what was spent, over time and by whom."""
    found, period = await admin_of(visit, "usage"), _period(visit)
    spent = await visit.service.admin.usage(found.caller, period)
    path = f"/c/{visit.community}/usage"
    links = h.nav(aria_label=_("Period"))[
        h.ul[
            (
                h.li[
                    h.a(href=f"{path}?period={each}", aria_current="page" if each == period else None)[
                        admin_replies.now(each)
                    ]
                ]
                for each in PERIODS
            )
        ]
    ]
    return page_of(visit, _("Usage"), links, *_spent(spent, period, path))


def _spent(spent: Usage, period: str, path: str) -> Sequence[Node]:
    said = h.p(".words")[admin_replies.usage(spent, period)]
    if not spent.members:
        return (said,)
    rows = [(each.name, money(each.charged_micros)) for each in spent.top]
    return (
        h.img(".chart", src=f"{path}.png?period={period}", alt=admin_replies.usage(spent, period)),
        facts({product_words.noun(name): money(micros) for name, micros in sorted(spent.by_product.items())}),
        table(_("Who spent most"), (_("Member"), _("Charged")), rows),
        h.p[h.a(".turn", href=f"{path}.csv?period={period}", download="usage.csv")[_("Download each entry as CSV")]],
    )


async def get_ready() -> None:
    """Draw nothing, so that the first who wants a picture need not wait for the library and its fonts."""
    await admin_actions.usage_picture(NOTHING, "month")


async def usage_picture(visit: Visit) -> web.StreamResponse:
    """Return the picture of what was spent."""
    found, period = await admin_of(visit, "usage"), _period(visit)
    spent = await visit.service.admin.usage(found.caller, period)
    return _file(await admin_actions.usage_picture(spent, period) if spent.members else None)


async def usage_csv(visit: Visit) -> web.StreamResponse:
    """Return what was spent, entry by entry."""
    found, period = await admin_of(visit, "usage"), _period(visit)
    table = await admin_actions.usage_table(await visit.service.admin.entries(found.caller, period))
    return _file(admin_actions.usage_csv(table) if table.entries else None)


def _file(found: File | None) -> web.Response:
    if found is None:
        raise NotThere
    kind = "inline" if found.mime == PNG else "attachment"
    headers = {"Content-Disposition": f'{kind}; filename="{found.name}"'}
    return web.Response(body=found.content, content_type=found.mime, headers=headers)


async def audit(visit: Visit) -> web.StreamResponse:
    """Show who changed what, the newest first."""
    found = await admin_of(visit, "audit")
    number = visit.given("n")
    first = int(number) if number.isdecimal() and len(number) < 5 else 0
    entries = await visit.service.admin.audit(found.caller, first + ACTS_ON_A_PAGE + 1)
    lines = [audit_replies.line(entry, found.role_names) for entry in entries[first : first + ACTS_ON_A_PAGE]]
    path = f"/c/{visit.community}/audit"
    more = turn(path, _("Older"), n=str(first + ACTS_ON_A_PAGE)) if len(entries) > first + ACTS_ON_A_PAGE else None
    listed = h.ol(".cards")[(h.li(dir="auto")[line] for line in lines)] if lines else h.p[_(audit_replies.NOTHING)]
    csv = h.p[h.a(".turn", href=f"{path}.csv", download="audit.csv")[_("Download it as CSV")]]
    return page_of(visit, _("Audit"), listed, more, csv if lines else None)


async def audit_csv(visit: Visit) -> web.StreamResponse:
    """Return the audit as a file."""
    found = await admin_of(visit, "audit")
    said = await admin_actions.audit(asked_of(visit, found.caller, found.role_names))
    return _file(next(iter(said.files), None))


PAGES: Mapping[str, Any] = {
    "GET /c/{community}/usage": usage,
    "GET /c/{community}/usage.png": usage_picture,
    "GET /c/{community}/usage.csv": usage_csv,
    "GET /c/{community}/audit": audit,
    "GET /c/{community}/audit.csv": audit_csv,
}
