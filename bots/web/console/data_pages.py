"""Everything that is kept of a member, to look at and to take along; and their sessions."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import htpy as h
from aiohttp import web

from bots.commands.history_cards import MOST_SEARCHED
from bots.text import titles
from bots.text.locale import _
from bots.text.wording import number, when
from bots.web.console.layout import facts, form
from bots.web.console.visit import Visit
from core.domain.models import Job
from core.domain.people import Caller

MOST_COMMUNITIES = 200
MOST_ENTRIES = 500


async def data(visit: Visit) -> web.StreamResponse:
    """Show what is kept of them, and let them sign out."""
    held = await _held(visit)
    known = {
        _("Name"): held["name"],
        _("Account"): held["member"],
        _("Communities"): number(len(held["communities"])),
        _("Voice"): held["voice"] or _("none chosen"),
        _("Favourites"): ", ".join(held["favourite_voices"]) or _("none"),
        _("Pronunciations"): number(len(held["pronunciations"])),
        _("Orders whose audio is kept"): number(len(held["orders"])),
        _("Signed in until"): when(visit.session.until_ms),
    }
    everywhere = form(visit, "/out", _("Sign out everywhere"), kind="danger", changes="", everywhere="yes")
    download = h.p[h.a(".turn", href="/data.json", download="troubadour-data.json")[_("Download it all as a file")]]
    return visit.page(_("My data"), h.section[facts(known), download], h.section[h.h2[_("Sessions")], everywhere])


async def download(visit: Visit) -> web.StreamResponse:
    """Return what is kept of them as JSON."""
    text = json.dumps(await _held(visit), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="troubadour-data.json"'}
    return web.Response(text=text, content_type="application/json", headers=headers)


async def _held(visit: Visit) -> dict[str, Any]:
    """Return the newest of all that is kept of a member; the limits stand beside it."""
    service, who = visit.service, visit.alone
    places = await visit.console.overview.memberships(who.member, "", MOST_COMMUNITIES)
    entries = [
        entry for key in (who.community, *(each.community for each in places)) for entry in await _of(visit, key)
    ]
    return {
        "member": who.member,
        "name": who.name,
        "communities": [asdict(each) for each in places],
        "voice": (await service.voices.chosen(who)).own,
        "favourite_voices": sorted(await service.favourites.of(who.member)),
        "pronunciations": [asdict(entry) for entry in await service.pronunciations.mine(who) if entry.is_mine],
        "orders": [_order(job) for job in await service.history(who, MOST_SEARCHED)],
        "entries": sorted(entries, key=lambda entry: -entry["at_ms"])[:MOST_ENTRIES],
        "at_most": {"communities": MOST_COMMUNITIES, "orders": MOST_SEARCHED, "entries": MOST_ENTRIES},
    }


async def _of(visit: Visit, community: str) -> list[dict[str, Any]]:
    who = visit.alone
    here = Caller(platform=who.platform, community=community, member=who.member, name=who.name)
    return [asdict(entry) for entry in await visit.service.entries(here, MOST_ENTRIES)]


def _order(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "community": job.community,
        "product": job.product,
        "words": titles.words(job),
        "voice": titles.voice(job),
        "characters": job.characters,
        "cost_micros": job.cost_micros,
        "created_ms": job.created_ms,
    }


async def sign_out(visit: Visit) -> web.StreamResponse:
    """End this session, or all of theirs."""
    await visit.console.sessions.end(visit.session, everywhere=bool(visit.given("everywhere")))
    response = web.Response(status=303, headers={"Location": "/"})
    visit.console.cookies.sign_out(response)
    return response


PAGES: Mapping[str, Any] = {"GET /data": data, "GET /data.json": download, "POST /out": sign_out}
