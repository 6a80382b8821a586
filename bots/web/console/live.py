"""Parts of pages that stay true while they are open: what changes is sent to them (server-sent events, WHATWG)."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import htpy as h
from aiohttp import web
from htpy import Element, Node

from bots.web.console.visit import NotThere, Visit
from bots.web.console.watching import Watch
from core.domain.errors import StoreError
from core.domain.refusals import Refusal
from core.engine.attesting import Unattested

log = logging.getLogger(__name__)

BEAT_S = 15.0
"""How often a browser hears of a connection on which nothing changes, and the visitor is checked anew."""
WRITE_S = 10.0
"""How long a browser may take to accept what is sent."""
HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
LINE_END = re.compile("\r\n|\r|\n")
"""Any of these ends a line of an event stream, and none of them may be sent amid one."""
END = "event: end\ndata:\n\n"
"""Tells the browser not to come again."""


@dataclass(frozen=True, slots=True)
class Live:
    """A part of a page, what it shows, and to whom."""

    what: Hashable
    """Names what is looked at: the same for all to whom the same is shown."""
    look: Callable[[], Awaitable[Any]]
    shown: Callable[[Visit, Any], Node]
    admit: Callable[[Visit], Awaitable[object]]
    """Raises for whoever may not see it, or no longer."""


def part(visit: Visit, content: Node) -> Element:
    """Return the part of a page that is live; without scripts it stands as it is."""
    watch = {"sse-connect": f"{visit.request.path}/live", "sse-swap": "shown", "sse-close": "end"}
    return h.div({**watch, "hx-target": "this", "hx-swap": "innerHTML"})[content]


async def stream(visit: Visit, live: Live) -> web.StreamResponse:
    """Send what a part shows each time it changes, for as long as the visitor may see it."""
    await live.admit(visit)
    response, watching = web.StreamResponse(headers=HEADERS), visit.console.watching
    at = replace(visit, form={"from": visit.request.path.removesuffix("/live")})
    try:
        await response.prepare(visit.request)
        with watching.place(visit.session.digest) as has_place:
            if has_place:
                async with watching.of(live.what, live.look) as watch:
                    await _follow(response, at, live, watch)
        if not watching.is_over:
            await _write(response, END)
    except (OSError, TimeoutError):
        log.debug("somebody who watched a page is gone")
    except (Unattested, StoreError) as error:  # their browser comes again
        log.warning("whether %s may watch a page can't be asked: %s", visit.session.member, error or "no answer")
    return response


async def _follow(response: web.StreamResponse, visit: Visit, live: Live, watch: Watch) -> None:
    version, watching = 0, visit.console.watching
    while not watching.is_over:
        await watch.after(version, BEAT_S)
        if watching.is_over or not await _may_see(visit, live):
            return
        has_changed, version = watch.version > version, watch.version  # perhaps only while they were asked who they are
        await _write(response, _event(live.shown(visit, watch.seen)) if has_changed else ":\n\n")


async def _may_see(visit: Visit, live: Live) -> bool:
    """Ask anew who they are: they may have signed out elsewhere, or be no admin any more. Raises Unattested."""
    try:
        if await visit.console.sessions.of(visit.secret) is None:
            return False
        await live.admit(visit)
    except (NotThere, Refusal):
        return False
    return True


def _event(content: Node) -> str:
    lines = LINE_END.split(str(h.fragment[content]))
    return "".join(("event: shown\n", *(f"data: {line}\n" for line in lines), "\n"))


async def _write(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_S):
        await response.write(text.encode())
