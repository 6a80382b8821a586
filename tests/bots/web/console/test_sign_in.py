"""Who gets into the console, how, and until when."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from babel.messages.catalog import Catalog

from bots.web.console import app
from bots.web.console.guard import HEADERS, Cookies, Limiter
from tests.bots.text.catalogues import use
from tests.bots.web.console.browsing import URL, signed_in
from tests.bots.web.console.house import House


async def test_a_link_from_the_chat_signs_its_member_in_once(house: House) -> None:
    link = await house.link(house.bob)
    mine, thief = house.browser(), house.browser()
    for _ in range(2):  # chats look at links, too
        offered = await mine.open(link)
        assert (offered.status, "You will be signed in as Bob." in offered.words) == (200, True)
        assert mine.cookies == {}
    home = await mine.send(link.removeprefix(URL))
    assert (home.status, home.path, "Bob" in home.words) == (200, "/", True)
    assert link.rpartition("/")[2] not in home.text
    assert (await thief.open(link)).status == 410
    assert (await thief.send(link.removeprefix(URL), form=mine.seen.page.forms[0])).status == 410
    assert (await thief.open("/")).status == 401


async def test_whose_link_was_stolen_ends_what_the_thief_began(house: House) -> None:
    link = await house.link(house.bob)
    thief = await signed_in(house.browser(), link)
    assert (await thief.open("/")).status == 200
    robbed = house.browser()
    assert "If it was not you who used it" in (await robbed.open(link)).words
    await signed_in(robbed, await house.link(house.bob))
    await robbed.open("/data")
    await robbed.send("/out", nth=1)
    assert [(await each.open("/")).status for each in (thief, robbed)] == [401, 401]


async def test_a_newer_link_voids_the_one_before(house: House) -> None:
    first, second = await house.link(house.bob), await house.link(house.bob)
    browser = house.browser()
    assert (await browser.open(first)).status == 410
    assert (await browser.open(second)).status == 200


async def test_signing_out_ends_the_session_and_not_only_the_cookie(house: House) -> None:
    mine = await house.visit(house.bob)
    kept = mine.cookies["session"]
    assert (await mine.send("/out")).status == 401
    assert "session" not in mine.cookies
    again = house.browser()
    assert (await again.open("/", Cookie=f"session={kept}")).status == 401


async def test_a_form_that_is_not_ours_does_nothing(house: House) -> None:
    mine = await house.visit(house.bob)
    (form,) = [form for form in mine.seen.page.forms if form.action == "/out"]
    for token in ("", "0" * 64):
        refused = await mine.send("/out", form=form, token=token)
        assert (refused.status, "not sent from the console" in refused.words) == (403, True)
    elsewhere = house.browser(site="cross-site")
    stolen = {"Cookie": f"session={mine.cookies['session']}"}
    await elsewhere.open("/", **stolen)
    assert (await elsewhere._call("POST", "/out", stolen, data=form.fields)).status == 403
    assert (await mine.open("/")).status == 200
    link = await house.link(house.alice)
    await elsewhere.open(link)
    assert (await elsewhere.send(link.removeprefix(URL))).status == 403
    assert (await house.browser().open(link)).status == 200  # it was not used up


async def test_every_answer_binds_the_browser_and_is_kept_nowhere(house: House) -> None:
    mine = await house.visit(house.bob)
    for path in (
        "/",
        "/orders",
        "/data",
        "/c/telegram:-1",
        "/nowhere",
        "/in/guess",
        "/orders/none/1",
        "/static/none.js",
    ):
        seen = await mine.open(path)
        assert {name: seen.headers.get(name) for name in HEADERS} == dict(HEADERS), path
        assert re.findall(r"<script[^>]*>[^<]|\s(?:style|on[a-z]+|hx-on[^=]*)=|javascript:", seen.text) == []
    style = await mine.open(re.findall(r'href="(/static/[^"]+)"', (await mine.open("/")).text)[0])
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    for path in ("/static/..%2fapp.py", "/static/../app.py", "/static/%2fetc%2fpasswd"):
        assert (await mine.open(path)).status == 404


async def test_cookies_are_for_this_site_and_out_of_reach_of_scripts(house: House) -> None:
    link = await house.link(house.bob)
    browser = house.browser()
    await browser.open(link)
    async with browser._session.post(
        browser._base + link.removeprefix(URL), headers=browser._headers, allow_redirects=False
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert answer.headers["Location"] == "/"
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    response = web.Response()
    Cookies(is_secure=True).sign_in(response, "secret")
    said = response.cookies["__Host-session"].OutputString()
    assert {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"} <= set(said.split("; "))


async def test_the_database_lets_nobody_in(house: House, tmp_path: Path) -> None:
    mine, link = await house.visit(house.bob), await house.link(house.alice)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("troubadour.db*"))
    for secret in (mine.cookies["session"], link.rpartition("/")[2]):
        assert secret.encode() not in stored


async def test_an_identity_that_several_share_is_not_let_in(house: House) -> None:
    said = await answer_to_anonymous(house)
    assert "/in/" not in said


async def answer_to_anonymous(house: House) -> str:
    message = await house.band.says(house.alice, "/console", anonymous=True)
    return (await house.band.reply_to(message)).text


async def test_whoever_asks_too_often_waits(house: House) -> None:
    limiter = Limiter(at_once=2, every_s=3600)
    assert [limiter.allows("a") for _ in range(3)] == [True, True, False]
    assert limiter.allows("b")
    browser = house.browser()
    statuses = [(await browser.open("/in/guess")).status for _ in range(round(app.STRANGERS_AT_ONCE) + 10)]
    assert statuses[0] == 410
    assert statuses[-1] == 429


async def test_pages_speak_their_readers_language_from_its_side(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arabic = Catalog(locale="ar")
    arabic.add("You are not signed in", "لم تسجل الدخول")
    use(monkeypatch, tmp_path / "catalogues", arabic)
    seen = await house.browser().open("/", **{"Accept-Language": "ar-EG,en;q=0.5"})
    assert '<html lang="ar" dir="rtl">' in seen.text
    assert "لم تسجل الدخول" in seen.words
    assert '<html lang="en" dir="ltr">' in (await house.browser().open("/")).text
