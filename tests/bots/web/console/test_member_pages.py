"""What a member finds in the console: their own allowance, orders and data, and nobody else's."""

import json

from tests.bots.telegram.talk import answer
from tests.bots.web.console.house import House


async def ordered(house: House) -> str:
    """Let Bob order something; return the path of its audio."""
    await house.band.says(house.bob, "/speak Aria Hello everyone")
    await house.band.wait_for(lambda chat: chat.audios and not any("Generating" in text for text in chat.texts))
    browser = await house.visit(house.bob)
    page = (await browser.open("/orders")).text
    assert "Hello everyone" in page
    return "/orders/" + page.partition('src="/orders/')[2].partition('"')[0]


async def test_they_see_what_they_may_spend_here_and_alone(house: House) -> None:
    await ordered(house)
    mine = await house.visit(house.bob)
    assert "I have not seen you" not in mine.seen.words
    (here,) = [link for link in mine.seen.page.links if link.startswith("/c/")]
    seen = await mine.open(here)
    assert seen.status == 200
    assert "$1.00 a day, $0.0014 used today" in seen.words
    assert "charged" in seen.words


async def test_they_hear_their_orders_and_have_them_sent_again(house: House) -> None:
    path = await ordered(house)
    mine = await house.visit(house.bob)
    heard = await mine.open(path)
    assert (heard.status, heard.headers["Content-Type"].partition("/")[0]) == (200, "audio")
    part = await mine.open(path, Range="bytes=0-9")
    assert (part.status, part.headers["Content-Length"]) == (206, "10")
    own = house.world.private(house.bob)
    await mine.open("/orders")
    sent = await mine.send(path.rpartition("/")[0] + "/send")
    assert "Sending it again. This costs nothing." in sent.words
    await own.wait_for(lambda chat: chat.audios)
    assert "Sending it again" not in (await mine.open("/orders")).words  # said once


async def test_nobody_hears_or_sends_what_is_anothers(house: House) -> None:
    path = await ordered(house)
    other = await house.visit(house.alice)
    seen = await other.open(path)
    assert (seen.status, "Hello everyone" in seen.text) == (403, False)
    form = other.seen.page.forms[0]
    assert (await other.send(path.rpartition("/")[0] + "/send", form=form)).status == 409
    assert "Hello everyone" not in (await other.open("/orders")).text
    assert (await house.browser().open(path)).status == 401


async def test_their_data_is_theirs_to_take_along(house: House) -> None:
    await ordered(house)
    await answer(house.band, house.bob, "/pronounce nginx as engine x")
    mine = await house.visit(house.bob)
    assert "Pronunciations 1" in (await mine.open("/data")).words
    held = json.loads((await mine.open("/data.json")).text)
    assert (held["member"], held["name"]) == (f"telegram:{house.bob.id}", "Bob")
    assert [order["words"] for order in held["orders"]] == ["Hello everyone"]
    assert [entry["kind"] for entry in held["entries"]] == ["charge"]


async def test_who_has_left_a_community_sees_no_more_of_it(house: House) -> None:
    mine = await house.visit(house.bob)
    here = f"/c/telegram:{house.band.id}"
    assert (await mine.open(here)).status == 200
    house.band.members[house.bob.id] = "left"
    assert (await mine.open(here)).status == 404
    assert (await mine.open("/c/telegram:-1")).status in {404, 503}
    assert (await mine.open("/c/discord:1")).status == 404
