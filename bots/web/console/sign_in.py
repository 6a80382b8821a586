"""Signing in by a link from the chat. Looking at it signs nobody in, since chats look at links; its button does."""

import htpy as h
from aiohttp import web

from bots.text.locale import _, speaking
from bots.web.console.layout import answer
from bots.web.console.visit import Console
from core.domain.sessions import SESSION_MS

HOURS = SESSION_MS // 3_600_000


def _page(title: str, *paragraphs: str, status: int = 200) -> web.Response:
    return answer(title, [h.p[text] for text in paragraphs], status=status)


def needed() -> web.Response:
    """Say how to sign in."""
    return _page(_("You are not signed in"), _("Write /console to the bot: it answers you with a link."), status=401)


def _not_good() -> web.Response:
    return _page(
        _("This link was used, or it has expired"),
        _("A link works once, within 10 minutes. Write /console to the bot for another one."),
        _("If it was not you who used it, sign in and choose to sign out everywhere, at My data."),
        status=410,
    )


async def offer(console: Console, request: web.Request) -> web.Response:
    """Offer to sign in, and say as whom."""
    visitor = await console.sessions.offered(request.match_info["secret"])
    if visitor is None:
        return _not_good()
    with speaking(visitor.locale):
        stays = _("You stay signed in for {n} hours in this browser, or until you sign out.", n=HOURS)
        button = h.form(method="post")[h.button(".primary")[_("Sign in")]]
        who = h.p[_("You will be signed in as {name}.", name=visitor.name)]
        return answer(_("Sign in"), [who, h.p[stays], button])


async def enter(console: Console, request: web.Request) -> web.Response:
    """Use the link up; the address that follows holds no secret."""
    secret = await console.sessions.begin(request.match_info["secret"])
    if secret is None:
        return _not_good()
    response = web.Response(status=303, headers={"Location": "/"})
    console.cookies.sign_in(response, secret)
    return response
