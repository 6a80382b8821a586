"""A request for credit that is approved in the console: its member is told, and the order that was kept is theirs to have."""

from tests.bots.telegram.talk import answer, pressed, sent
from tests.bots.web.console.house import House, here, seen_by_all
from tests.worlds.telegram import Message

LONG = "/speak " + "la " * 40
ASK, ASK_AND_ORDER, ORDER = "Ask an admin", "Ask, then order it ($0.0119)", "Order it now ($0.0119)"


async def approved(house: House, label: str) -> Message:
    """Let Bob be refused and ask, and Alice approve in a browser; return what the bot writes to Bob."""
    own = house.world.private(house.bob)
    await seen_by_all(house)
    await answer(house.band, house.alice, "/quota set @bob 0.01 day")
    refusal = await house.band.reply_to(await house.band.says(house.bob, LONG))
    await pressed(house.world, house.bob, refusal, label)
    alice = await house.visit(house.alice)
    await alice.open(here(house, "requests"))
    assert "was granted" in (await alice.send(here(house, "requests"))).words
    return await own.wait_for(lambda chat: next((m for m in chat.sent if "was granted" in m.text), None))


async def test_its_order_is_offered_in_the_direct_chat_and_paid_where_it_was_refused(house: House) -> None:
    told = await approved(house, ASK)
    assert "The order that you asked for costs $0.0119 today." in told.text
    data = told.buttons[ORDER]
    assert (await sent(house.world, house.bob, told, data))["text"].startswith("Working on it: 119 characters")
    own = house.world.private(house.bob)
    await own.wait_for(lambda chat: chat.audios)
    assert "You have $0.00 left today." in await answer(house.band, house.bob, "/balance")
    assert (await sent(house.world, house.bob, told, data))["text"].startswith("That order is not kept any more")


async def test_its_order_goes_by_itself_where_its_member_chose_that(house: House) -> None:
    told = await approved(house, ASK_AND_ORDER)
    assert ("Your order is under way." in told.text, told.buttons) == (True, {})
    await house.world.private(house.bob).wait_for(lambda chat: chat.audios)
    assert "You have $0.00 left today." in await answer(house.band, house.bob, "/balance")


async def test_it_goes_also_where_orders_are_taken_in_its_topic_alone(house: House) -> None:
    forum = house.world.supergroup("Forum", house.bob, forum=True)
    forum.add(house.alice, "creator")
    own = house.world.private(house.bob)
    songs = forum.topic("Songs")
    for line in ("/limits channels here", "/quota default 0.01 day"):
        await forum.reply_to(await forum.says(house.alice, line, topic=songs))
    refusal = await forum.reply_to(await forum.says(house.bob, LONG, topic=songs))
    await pressed(house.world, house.bob, refusal, ASK_AND_ORDER)
    page = f"/c/telegram:{forum.id}/requests"
    alice = await house.visit(house.alice)
    await alice.open(page)
    assert "was granted" in (await alice.send(page)).words
    told = await own.wait_for(lambda chat: next((m for m in chat.sent if "was granted" in m.text), None))
    assert "Your order is under way." in told.text
    await own.wait_for(lambda chat: chat.audios)


async def test_who_has_left_orders_nothing(house: House) -> None:
    told = await approved(house, ASK)
    house.band.add(house.bob, "left")
    refused = await pressed(house.world, house.bob, told, ORDER)
    assert refused["text"].startswith("You are not in the community that this order is for")
    house.band.add(house.bob)
    await pressed(house.world, house.bob, told, ORDER)
    await house.world.private(house.bob).wait_for(lambda chat: chat.audios)
