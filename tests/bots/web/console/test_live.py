"""Parts of pages that stay true while they are open, for as long as their readers may see them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from bots.web.console import live
from bots.web.console.visit import Visit
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import pressed
from tests.bots.web.console.browsing import Browser, Form, Seen, signed_in
from tests.bots.web.console.house import House, here, opened, seen_by_all
from tests.waiting import WAIT_S
from tests.worlds.telegram import Fault

Events = Callable[[], Awaitable[tuple[str, str]]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.console.watching.LOOK_S", 0.02)
    monkeypatch.setattr("bots.web.console.live.BEAT_S", 0.1)


async def until(events: Events, words: str) -> str:
    """Return the first event that holds words."""
    while True:
        name, data = await events()
        assert name == "shown", (name, words)
        if words in data:
            return data


async def asks(house: House) -> None:
    """Let Bob ask for credit."""
    refused = await house.band.reply_to(await house.band.says(house.bob, f"/speak {'Hello everyone. ' * 900}"))
    await pressed(house.world, house.bob, refused, "Ask an admin")


async def test_a_member_sees_their_order_come(house: House, studio: Studio) -> None:
    mine = await house.visit(house.bob)
    assert 'sse-connect="/orders/live"' in (await mine.open("/orders")).text
    async with mine.watch("/orders/live") as events:
        await until(events, "There is nothing of yours")
        studio.ready.clear()
        await house.band.says(house.bob, "/speak Aria Hello everyone")
        await until(events, "waits for the gateway")
        studio.ready.set()
        shown = await until(events, "Hello everyone")
        assert "hx-preserve" in shown
        assert 'id="audio-' in shown
        assert 'name="from" value="/orders"' in shown


async def test_an_operator_sees_all_that_is_under_way(house: House, studio: Studio) -> None:
    carol, bob = await house.visit(house.carol), await house.visit(house.bob)
    studio.ready.clear()
    async with carol.watch("/operator/jobs/live") as events:
        await until(events, "Nothing is under way.")
        await house.band.says(house.bob, "/speak Aria Hello everyone")
        assert "Hello" not in await until(events, here(house).removeprefix("/c/"))
        studio.ready.set()
        await until(events, "Nothing is under way.")
    assert (await bob.open("/operator/jobs/live")).status == 404


async def test_an_admin_decides_on_a_request_that_came_meanwhile(house: House) -> None:
    await seen_by_all(house)
    alice = await house.visit(house.alice)
    await alice.open(here(house, "requests"))
    async with alice.watch(here(house, "requests/live")) as events:
        await until(events, "Nobody waits")
        await asks(house)
        form = Seen(200, await until(events, "Approve"), {}, "").page.forms[0]
        decided = await alice.send(here(house, "requests"), form=form)
        assert ("was granted" in decided.words, decided.path) == (True, here(house, "requests"))
        await until(events, "Nobody waits")


async def test_what_changes_while_a_reader_is_asked_who_they_are_is_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seen_by_all(house)
    alice, checks, may_see = await house.visit(house.alice), count(1), live._may_see

    async def slowly(visit: Visit, shown: live.Live) -> bool:
        if next(checks) == 2:  # on a beat, before which nothing had changed
            await asks(house)
            watch, _task = visit.console.watching._watches[shown.what]
            assert await watch.after(1, WAIT_S)
        return await may_see(visit, shown)

    monkeypatch.setattr(live, "_may_see", slowly)
    async with asyncio.timeout(WAIT_S), alice.watch(here(house, "requests/live")) as events:
        await until(events, "Nobody waits")
        await until(events, "Approve")


async def test_who_is_no_admin_any_more_sees_no_more(house: House) -> None:
    await seen_by_all(house)
    alice = await house.visit(house.alice)
    async with alice.watch(here(house, "requests/live")) as events:
        await until(events, "Nobody waits")
        house.band.add(house.alice, "member")
        await asks(house)
        assert await events() == ("end", "")
        assert await events() == ("", "")
    assert (await alice.open(here(house, "requests/live"))).status == 403


async def test_who_can_t_be_asked_about_sees_nothing_until_they_can(house: House) -> None:
    await seen_by_all(house)
    alice = await house.visit(house.alice)
    async with alice.watch(here(house, "requests/live")) as events:
        await until(events, "Nobody waits")
        for method in ("getChatMember", "getChatAdministrators"):
            house.world.fail(method, Fault.server_error())
        assert await events() == ("", "")  # no "end", so that the browser comes again
    async with alice.watch(here(house, "requests/live")) as events:
        await until(events, "Nobody waits")


async def test_who_signs_out_sees_no_more(house: House) -> None:
    mine = await house.visit(house.bob)
    await mine.open("/orders")
    async with mine.watch("/orders/live") as events:
        await until(events, "There is nothing of yours")
        await mine.send("/out", form=Form("/out", mine.seen.page.forms[0].fields))
        assert await events() == ("end", "")
    assert (await mine.open("/orders/live")).status == 401


async def test_a_session_watches_few_things_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.console.watching.MOST_OF_SESSION", 1)
    mine, too = await house.visit(house.bob), await house.visit(house.bob)
    async with mine.watch("/orders/live") as events:
        await until(events, "There is nothing of yours")
        async with mine.watch("/orders/live") as more:
            assert await more() == ("end", "")
        async with too.watch("/orders/live") as others:
            await until(others, "There is nothing of yours")
            monkeypatch.setattr("bots.web.console.watching.MOST", 2)
            third = await house.visit(house.carol)
            async with third.watch("/orders/live") as refused:
                assert await refused() == ("end", "")


async def test_a_stop_ends_what_is_watched_and_lets_it_begin_anew(studio: Studio, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with opened(studio, tmp_path) as house:
            assert house.app.console is not None
            mine = await stack.enter_async_context(Browser(house.app.console.port))
            await signed_in(mine, await house.link(house.bob))
            events = await stack.enter_async_context(mine.watch("/orders/live"))
            await until(events, "There is nothing of yours")
        assert await events() == ("", "")  # no "end", so that the browser comes again


async def test_forms_that_act_in_place_are_told_what_is_wrong(house: House) -> None:
    await seen_by_all(house)
    alice = await house.visit(house.alice)
    await alice.open(here(house, "members"))
    form = next(form for form in alice.seen.page.forms if form.fields.get("command") == "quota set")
    alice._headers["HX-Request"] = "true"
    wrong = await alice.send(here(house, "do"), {"amount": "a lot", "period": "day"}, form=form)
    assert (wrong.status, wrong.headers["HX-Reswap"]) == (409, "none")
    assert wrong.text.startswith(
        '<div class="note" id="note" role="status"><span class="wrong">amount “a lot” can&#39;t be used'
    )
    alice._session.cookie_jar.clear()
    assert (await alice.send(here(house, "do"), form=form)).headers["HX-Refresh"] == "true"
