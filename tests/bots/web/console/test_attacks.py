"""What browsers send that no page of ours has: it changes nothing, is answered in a sentence, and is no fault of ours."""

import asyncio
import logging

import pytest

from tests.bots.telegram.talk import answer
from tests.bots.web.console.browsing import URL
from tests.bots.web.console.house import House, here, seen_by_all

BESIDE = {"HX-Request": "true"}
LONG = "That is more than a form may hold, so nothing was done. Write less."
UNREADABLE = "That form can't be read, so nothing was done."
FORM = "application/x-www-form-urlencoded"


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (FORM, b"act=" + b"a" * 20_000, (413, LONG)),
        (FORM, b"act=\xff\xfe", (400, UNREADABLE)),
        (f"{FORM}; charset=klingon", b"act=1", (400, UNREADABLE)),
        ("multipart/form-data", b"nonsense", (400, UNREADABLE)),
        ("multipart/form-data; boundary=x", b"nonsense", (400, UNREADABLE)),
    ],
)
async def test_a_form_that_can_t_be_read(
    house: House, caplog: pytest.LogCaptureFixture, kind: str, body: bytes, said: tuple[int, str]
) -> None:
    mine = await house.visit(house.bob)
    for headers in ({}, BESIDE):
        seen = await mine._call("POST", "/out", {"Content-Type": kind, **headers}, data=body)
        assert (seen.status, said[1] in seen.words) == (said[0], True)
    assert "<html" not in seen.text
    assert (await mine.open("/")).status == 200
    assert faults(caplog) == []


async def test_a_used_link_is_told_beside_a_form_as_well(house: House, caplog: pytest.LogCaptureFixture) -> None:
    seen = await house.browser()._call("POST", "/in/guess", BESIDE)
    assert (seen.status, seen.headers["HX-Reswap"]) == (410, "none")
    assert seen.words == "This link was used, or it has expired"
    assert faults(caplog) == []


async def test_a_form_in_place_of_somebody_signed_out_has_the_page_read_anew(house: House) -> None:
    seen = await house.browser()._call("POST", here(house, "do"), BESIDE, data={"command": "limits"})
    assert (seen.status, seen.headers["HX-Refresh"], seen.text) == (401, "true", "")


async def test_of_two_who_use_a_link_at_once_one_is_let_in(house: House) -> None:
    link = (await house.link(house.bob)).removeprefix(URL)
    both = [house.browser() for _ in range(2)]
    seen = await asyncio.gather(*(each._call("POST", link, {}) for each in both))
    assert sorted(each.status for each in seen) == [200, 410]
    assert sorted("session" in each.cookies for each in both) == [False, True]


async def test_what_is_no_group_has_no_pages(house: House, caplog: pytest.LogCaptureFixture) -> None:
    mine = await house.visit(house.bob)
    own = f"telegram:{house.bob.id}"
    for key in ("telegram:abc", "telegram:", "telegram:1%0aforged", "telegram:%00", "discord:1", "x", own):
        seen = await mine.open(f"/c/{key}")
        assert (seen.status, "There is no such page, or it is not for you." in seen.words) == (404, True), key
    assert faults(caplog) == []


async def test_a_page_leads_on_where_its_group_has_become_a_supergroup(house: House) -> None:
    await seen_by_all(house)
    mine = await house.visit(house.alice)
    page = here(house, "limits")
    await mine.open(page)
    new = await house.band.migrate()
    await house.world.until(lambda: house.world.calls_to("getUpdates"), "no updates")
    now = f"/c/telegram:{new.id}/limits"
    sent = await mine.send(here(house, "do"), {"value": "77"})
    assert (sent.path, "so nothing was done" in sent.words) == (now, True)
    await mine.send(f"/c/telegram:{new.id}/do", {"value": "77"})
    assert "77" in await answer(new, house.alice, "/limits")
    assert (await mine.open(f"{page}?x=1")).path == f"{now}?x=1"


async def test_an_admin_elsewhere_acts_on_nobody_here(house: House) -> None:
    await seen_by_all(house)
    choir, dave = house.world.group("Choir", house.bob), house.world.user("Dave", "dave")
    choir.add(dave, "administrator")
    await answer(choir, dave, "/help")
    before = await answer(house.band, house.carol, "/balance")
    carol = f"telegram:{house.carol.id}"
    mine, place = await house.visit(dave), f"/c/telegram:{choir.id}"
    form = next(form for form in (await mine.open(f"{place}/limits")).page.forms if form.action == f"{place}/do")
    for typed in (
        {"command": "grant", "amount": "5.00"},
        {"command": "block"},
        {"command": "quota set", "amount": "0", "period": "day"},
    ):
        assert (await mine.send(f"{place}/do", typed, form=form, member=carol)).status == 409, typed
        assert (await mine.send(here(house, "do"), typed, form=form, member=carol)).status == 404, typed
    assert await answer(house.band, house.carol, "/balance") == before
