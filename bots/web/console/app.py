"""The console's routes, and what holds for each of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.text import refusals
from bots.text.locale import N_, _, speaking, tag_of
from bots.web.console import acts, admin_pages, data_pages, member_pages, operator_pages, report_pages, sign_in
from bots.web.console.guard import FOR_A_YEAR, HEADERS, Limiter, comes_from, is_of
from bots.web.console.layout import KINDS, STATIC, TITLE, answer, refused
from bots.web.console.visit import Console, Moved, NotThere, Visit
from core.domain.errors import StoreError
from core.domain.refusals import Refusal
from core.domain.sessions import WAY_IN
from core.engine.attesting import Unattested

log = logging.getLogger(__name__)

LARGEST_FORM_BYTES = 16 * 1024
STRANGERS_AT_ONCE, STRANGERS_EVERY_S = 60.0, 0.5
"""How often whoever is not signed in may ask, for each address that they come from, which may be a proxy's."""
MEMBERS_AT_ONCE, MEMBERS_EVERY_S = 120.0, 0.25
"""How often one session may."""

_NO_PAGE = N_("There is no such page.")
_NOT_OURS = N_("That form was not sent from the console, so nothing was done.")
_FAULTS: Mapping[int, str] = {
    400: N_("That form can't be read, so nothing was done."),
    413: N_("That is more than a form may hold, so nothing was done. Write less."),
}
_FORM = web.RequestKey("form", dict[str, str])
"""Where a request keeps what its form holds."""

Page = Callable[[Visit], Awaitable[web.StreamResponse]]

ROOMS = (member_pages, data_pages, admin_pages, report_pages, operator_pages, acts)
PAGES: Mapping[str, Page] = {route: page for room in ROOMS for route, page in room.PAGES.items()}
"""By method and path."""


def console_app(console: Console) -> web.Application:
    """Return the whole console."""
    secure = {"Strict-Transport-Security": FOR_A_YEAR} if console.cookies.is_secure else {}
    app = web.Application(middlewares=[_armoured], client_max_size=LARGEST_FORM_BYTES)
    app.on_response_prepare.append(_binding({**HEADERS, **secure}))
    app.on_shutdown.append(lambda _: console.watching.end())
    strangers = Limiter(STRANGERS_AT_ONCE, STRANGERS_EVERY_S)
    members = Limiter(MEMBERS_AT_ONCE, MEMBERS_EVERY_S)
    app.router.add_get("/static/{name}", _static)
    for method, handler in (("GET", sign_in.offer), ("POST", sign_in.enter)):
        app.router.add_route(method, WAY_IN, _open(console, strangers, handler))
    for route, page in PAGES.items():
        method, _space, path = route.partition(" ")
        app.router.add_route(method, path, _signed_in(console, strangers, members, page))
    app.cleanup_ctx.append(_ready)
    return app


async def _ready(_: web.Application) -> AsyncIterator[None]:
    """Get ready for pictures, while pages are served."""
    readying = asyncio.create_task(report_pages.get_ready(), name="console's pictures")
    yield
    await asyncio.wait({readying})


def _binding(headers: Mapping[str, str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Give every answer the headers that bind browsers; only what never changes may be kept."""

    async def bind(_: web.Request, response: web.StreamResponse) -> None:
        kept = response.headers.get("Cache-Control", headers["Cache-Control"])
        response.headers.update({**headers, "Cache-Control": kept})

    return bind


@web.middleware
async def _armoured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every fault a page, or its sentence where a form acts in place."""
    with speaking(tag_of(request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0])):
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = answer(_(_FAULTS.get(error.status, _NO_PAGE)), status=error.status)
        except Exception:
            log.exception("a page of the console failed")
            response = answer(_(refusals.FAULT), status=500)
    is_beside = response.status >= 400 and "HX-Request" in request.headers
    return _beside(request, response) if is_beside else response


def _beside(request: web.Request, page: web.StreamResponse) -> web.Response:
    """Return a fault for a page that stays: its sentence, or to have it read anew by somebody who is signed out."""
    if page.status == 401:
        return web.Response(status=401, headers={"HX-Refresh": "true"})
    text = refused(page[TITLE], request.get(_FORM, {}).get("act", ""))
    return web.Response(text=text, content_type="text/html", status=page.status, headers={"HX-Reswap": "none"})


async def _form(request: web.Request) -> dict[str, str]:
    """Return what a form holds. Raises HTTPException for one that can't be read."""
    try:
        request[_FORM] = {name: str(value) for name, value in (await request.post()).items()}
    except (ValueError, LookupError) as error:  # of an encoding that is none, too
        raise web.HTTPBadRequest from error
    return request[_FORM]


def _open(
    console: Console, strangers: Limiter, page: Callable[[Console, web.Request], Awaitable[web.Response]]
) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        if not strangers.allows(request.remote or ""):
            return _too_often()
        if request.method == "POST" and not comes_from(request, console.sessions.url):
            return answer(_(_NOT_OURS), status=403)
        try:
            return await page(console, request)
        except StoreError as error:
            return _away(error)

    return handler


def _signed_in(console: Console, strangers: Limiter, members: Limiter, page: Page) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        secret = console.cookies.secret(request)
        try:
            session = await console.sessions.of(secret) if secret else None
            if session is None:
                return sign_in.needed() if strangers.allows(request.remote or "") else _too_often()
            if not members.allows(session.digest):
                return _too_often()
            owners = await console.service.operators.owners()
            visit = Visit(
                console=console,
                request=request,
                session=session,
                secret=secret,
                is_operator=session.member in owners,
                form=await _form(request),
            )
            with speaking(session.locale):
                return await _answered(visit, page)
        except StoreError as error:
            return _away(error)

    return handler


async def _answered(visit: Visit, page: Page) -> web.StreamResponse:
    """Show a page, or do what a form says: only one of ours, and only of this session."""
    request = visit.request
    if request.method == "POST":
        is_ours = comes_from(request, visit.console.sessions.url) and is_of(visit.secret, visit.form.get("token", ""))
        if not is_ours:
            return visit.page(_(_NOT_OURS), status=403)
    try:
        return await page(visit)
    except Moved as moved:
        return visit.moved(moved.to)
    except NotThere:
        return visit.page(_("There is no such page, or it is not for you."), status=404)
    except Unattested:
        return visit.page(_("Your chat can't be asked who you are there, so nothing was done. Try again."), status=503)
    except Refusal as refusal:
        return visit.page(refusals.refusal(refusal), status=403 if request.method == "GET" else 409)


def _too_often() -> web.Response:
    return answer(_("That was too often. Wait for a minute."), status=429)


def _away(error: StoreError) -> web.Response:
    log.warning("the console can't answer: %s", error)
    return answer(_("Something that I need is away for the moment, so nothing was done. Try again."), status=503)


async def _static(request: web.Request) -> web.StreamResponse:
    path = STATIC / request.match_info["name"]
    if path.parent != STATIC or path.suffix not in KINDS or not path.is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "public, max-age=86400", "Content-Type": f"{KINDS[path.suffix]}; charset=utf-8"}
    return web.Response(body=path.read_bytes(), headers=headers)
