"""Buttons: what they do, for whom, and how often."""

import json

import pytest

from tests.bots.telegram.rig import Bot, Rig, fill
from tests.bots.telegram.talk import ADMINS_ONLY, answer, pressed, sent
from tests.core.engine.jobs import held_up
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")

LONG = "/speak " + "la " * 40
"""Costs $0.0119, of $0.01 a day."""


async def _refused(band: Chat, bob: User) -> tuple[Message, Message]:
    """Return an order that costs too much, and the refusal."""
    asked = await band.says(bob, LONG)
    return asked, await band.reply_to(asked)


async def _requested(world: TelegramWorld, band: Chat, bob: User) -> Message:
    _, refusal = await _refused(band, bob)
    await pressed(world, bob, refusal, "Ask an admin")
    return await band.wait_for(lambda chat: next((m for m in chat.sent if "Approve" in m.buttons), None))


async def _priced(band: Chat, alice: User, bob: User) -> tuple[Message, Message]:
    """Return an order that needs a confirmation, and the price."""
    await answer(band, alice, "/limits confirm 0.0001")
    asked = await band.says(bob, "/speak Hello")
    return asked, await band.reply_to(asked)


# --- orders that wait ---------------------------------------------------------------------------------------------


async def test_an_order_that_waits_can_be_taken_back(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses += [step] * 4
    for _ in range(4):  # as many as a member may have at the gateway
        await band.says(bob, "/speak Hello")
    await reached.wait()
    asked = await band.says(bob, "/speak Bye")
    status = await band.wait_for(lambda chat: next((m for m in chat.sent if "Cancel" in m.buttons), None))
    assert (status.reply_to, status.text) == (
        asked.id,
        "Next in line: 3 characters, $0.0003. Usually about 15 s from its beginning.\n“Bye”",
    )
    theirs = await pressed(world, alice, status, "Cancel")
    assert (theirs["text"], theirs["show_alert"]) == ("That order belongs to somebody else.", "true")
    cancel = status.buttons["Cancel"]
    said = await sent(world, bob, status, cancel)
    assert (said["text"], said.get("show_alert")) == ("Cancelled. You were not charged.", "false")
    await band.wait_for(lambda _: status.text.startswith("You cancelled this order. You were not charged."))
    assert [*status.buttons] == ["Try again ($0.0003)", "Details"]
    again = await sent(world, bob, status, cancel)
    assert (again["text"], again.get("show_alert")) == ("Cancelled. You were not charged.", "false")
    go.set()
    await band.wait_for(lambda chat: len(chat.audios) == 4)
    delivered = band.audios[0].buttons["Details"].partition(":")[2]
    late = await sent(world, bob, status, f"cancel:{delivered}")
    assert (late["text"], late["show_alert"]) == (
        "That order no longer waits, so it can't be cancelled any more.",
        "true",
    )
    assert [p["text"] for p in rig.gateway.parameters] == ["Hello"] * 4


# --- credit requests ------------------------------------------------------------------------------------------------


async def test_what_is_missing_is_asked_for_and_granted_once(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    carol = world.user("Carol", "carol")
    band.add(carol, "creator")
    asked, refusal = await _refused(band, bob)
    said = await pressed(world, bob, refusal, "Ask an admin")
    assert said["show_alert"] == "true"
    assert said["text"] == (
        "The admins of this community have been asked. Your order is kept for 24 hours: when one of them approves, a "
        "button orders it."
    )
    request = await band.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))
    assert (request.text, request.reply_to) == (
        f"$0.0019 of credit is asked for by Bob (id {bob.id}). An admin may decide.\nAlice, Carol",
        asked.id,
    )
    assert refusal.buttons == {}
    assert refusal.text.startswith("This costs $0.0119")
    approve = request.buttons["Approve"]
    granted = "Bob was granted $0.0019 and now has $0.0019 credit."
    assert (await sent(world, alice, request, approve))["text"] == granted
    assert (request.text, request.buttons) == (granted, {})
    told = band.sent[-1]
    assert (told.text, told.reply_to) == (
        "Your request for $0.0019 of credit was granted. The order that you asked for costs $0.0119 today.\nBob",
        asked.id,
    )
    late = await sent(world, carol, request, approve)
    assert (late["text"], late["show_alert"]) == ("Somebody has decided on that already.", "true")
    assert request.text == granted
    await band.says(bob, LONG)
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.kind == "voice"


async def test_a_wish_can_be_declined(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    request = await _requested(world, band, bob)
    await pressed(world, alice, request, "Decline")
    assert (request.text, request.buttons) == ("Bob's request for $0.0019 was declined.", {})
    told = "Your request for $0.0019 of credit was declined, so the order that was kept for it is forgotten.\nBob"
    assert band.sent[-1].text == told
    assert "credit" not in await answer(band, bob, "/balance")


@pytest.mark.parametrize("caption", ["Approve", "Decline"])
@pytest.mark.parametrize("who", ["a member", "a former admin"])
async def test_only_an_admin_decides(
    band: Chat, alice: User, bob: User, world: TelegramWorld, caption: str, who: str
) -> None:
    request = await _requested(world, band, bob)
    presser = bob
    if who == "a former admin":
        await answer(band, alice, "/limits")
        band.add(alice, "member")
        presser = alice
    before = request.raw
    said = await pressed(world, presser, request, caption)
    assert (said["text"], said["show_alert"]) == (ADMINS_ONLY, "true")
    assert request.raw == before
    assert "credit" not in await answer(band, bob, "/balance")


async def test_a_wish_is_decided_where_members_are_hidden(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    band.hidden = True
    request = await _requested(world, band, bob)
    assert (await pressed(world, bob, request, "Approve"))["text"] == ADMINS_ONLY
    world.fail("getChatAdministrators", Fault.bad_request("member list is inaccessible"))
    assert "Make me an administrator" in (await pressed(world, alice, request, "Approve"))["text"]
    await pressed(world, alice, request, "Approve")
    assert "credit" in await answer(band, bob, "/balance")


async def test_an_admin_of_another_group_decides_nothing_here(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    request = await _requested(world, band, bob)
    choir = world.group("Choir", alice)
    choir.add(alice, "creator")
    theirs = await choir.reply_to(await choir.says(alice, "/voices"))
    said = await sent(world, alice, theirs, request.buttons["Approve"])
    assert said["text"] == "I don't know that request any more."
    assert "credit" not in await answer(band, bob, "/balance")


async def test_only_whoever_was_refused_asks_and_once(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    _, refusal = await _refused(band, bob)
    data = refusal.buttons["Ask an admin"]
    assert (await sent(world, alice, refusal, data))["text"] == "That order belongs to somebody else."
    assert refusal.buttons
    await sent(world, bob, refusal, data)
    again = await sent(world, bob, refusal, data)
    assert again["text"].startswith("You have asked the admins already.")
    assert len([m for m in band.sent if "asked for by Bob" in m.text]) == 1


async def test_a_wish_stays_in_its_topic(world: TelegramWorld, bob: User) -> None:
    forum = world.supergroup("Forum", bob, forum=True)
    songs = forum.topic("Songs")
    refusal = await forum.reply_to(await forum.says(bob, LONG, topic=songs))
    await pressed(world, bob, refusal, "Ask an admin")
    request = await forum.wait_for(lambda chat: next((m for m in chat.sent if "Approve" in m.buttons), None))
    assert request.thread == songs.id


async def test_in_a_direct_chat_there_is_nobody_to_ask(world: TelegramWorld, bob: User) -> None:
    chat = world.private(bob)
    refusal = await chat.reply_to(await chat.says(bob, LONG))
    assert refusal.text.startswith("This costs $0.0119")
    assert refusal.buttons == {}


async def test_a_question_too_old_to_be_read_is_still_decided(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    request = await _requested(world, band, bob)
    await sent(world, alice, request, request.buttons["Approve"], old=True)
    assert request.text.startswith("Bob was granted")


async def test_where_the_chat_can_not_be_asked_nobody_decides(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    request = await _requested(world, band, bob)
    world.fail("getChatMember", Fault.server_error())
    assert (await pressed(world, alice, request, "Approve"))["text"].startswith("Something went wrong")
    await pressed(world, alice, request, "Approve")
    assert request.text.startswith("Bob was granted")


async def test_admins_are_called_once_within_an_hour(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    request = await _requested(world, band, bob)
    [found] = [call.params["entities"] for call in world.calls_to("sendMessage") if "entities" in call.params]
    [mention] = json.loads(found)
    assert (mention["type"], mention["user"]["id"], request.text[mention["offset"] :]) == (
        "text_mention",
        alice.id,
        "Alice",
    )
    carol = world.user("Carol")
    band.add(carol)
    _, refusal = await _refused(band, carol)
    await pressed(world, carol, refusal, "Ask an admin")
    second = await band.wait_for(lambda chat: next((m for m in chat.sent if "asked for by Carol" in m.text), None))
    assert second.text.endswith("An admin may decide.")


# --- prices ---------------------------------------------------------------------------------------------------------


async def test_a_price_is_confirmed_and_becomes_the_status(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    asked, price = await _priced(band, alice, bob)
    assert price.text.startswith("This costs $0.0005. Shall I go ahead? You can say so until ")
    data = price.buttons["Go ahead"]
    assert (await sent(world, bob, price, data))[
        "text"
    ] == "Working on it: 5 characters, $0.0005. Usually about 15 s.\n“Hello”"
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to == asked.id
    await band.wait_for(lambda _: price.deleted)
    assert "Working on it: 5 characters, $0.0005. Usually about 15 s.\n“Hello”" in {
        price.text,
        *(edit["text"] for edit in price.edits),
    }
    late = await sent(world, bob, price, data)
    assert (late["text"], late["show_alert"]) == (
        "That can't be confirmed any more: it is ordered already, or I asked more than ten minutes ago.",
        "true",
    )
    assert len(band.audios) == 1


async def test_a_price_confirmed_twice_at_once_is_one_order(
    band: Chat, alice: User, bob: User, world: TelegramWorld, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(_: str) -> None:
        """The second press finds the offer as the first did."""

    monkeypatch.setattr(bot.store, "drop_offer", not_yet)
    _, price = await _priced(band, alice, bob)
    data = price.buttons["Go ahead"]
    await sent(world, bob, price, data)
    await band.wait_for(lambda chat: chat.audios)
    await band.wait_for(lambda _: price.deleted)
    messages = len(band.sent)
    again = await sent(world, bob, price, data)
    assert again["text"].startswith("That is ordered already.")
    assert (len(band.sent), len(band.audios)) == (messages, 1)


async def test_nobody_else_confirms(band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig) -> None:
    _, price = await _priced(band, alice, bob)
    said = await pressed(world, alice, price, "Go ahead")
    assert (said["text"], said["show_alert"]) == ("That order belongs to somebody else.", "true")
    assert price.buttons
    assert rig.gateway.posted == []
    await pressed(world, bob, price, "Go ahead")
    await band.wait_for(lambda chat: chat.audios)


async def test_a_price_is_confirmed_without_room_for_another_message(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    _, price = await _priced(band, alice, bob)
    fill(bot, band)
    await pressed(world, bob, price, "Go ahead")
    assert price.text != ""
    assert price.buttons == {}
    await world.until(lambda: rig.gateway.posted, "not submitted")


# --- what is no button of ours --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    ["", ":", "nonsense", "ask", "ask:", "ask:5", "ask:0:{bob}", "ask:-5:{bob}", "ask:999999999999999:{bob}",
     "ask:5:{bob}:6:7", "askgo:", "kept:", "kept:x:1", "kept:1", "ask:５:{bob}", "approve:", "approve:' OR 1=1", "approve:nobody", "decline:x", "confirm:",
     "confirm:{bob}", "confirm:é", "again:", "again:nothing", "approve:" + "x" * 56],
)  # fmt: skip
async def test_made_up_data_end_in_a_sentence(
    band: Chat, alice: User, bob: User, world: TelegramWorld, caplog: pytest.LogCaptureFixture, data: str
) -> None:
    _, refusal = await _refused(band, bob)
    band.add(bob, "administrator")
    said = await sent(world, bob, refusal, data.format(bob=bob.id))
    assert said["show_alert"] == "true"
    assert said["text"].endswith(".")
    assert "Something went wrong" not in said["text"]
    assert refusal.buttons
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_wish_that_could_not_be_posted_can_be_made_again(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    _, refusal = await _refused(band, bob)
    data = refusal.buttons["Ask an admin"]
    world.fail("sendMessage", Fault.server_error())
    assert (await sent(world, bob, refusal, data))["text"].startswith("Something went wrong")
    said = await sent(world, bob, refusal, data)
    assert said["text"].startswith("The admins of this community have been asked. Your order is kept for 24 hours: ")
    assert len([m for m in band.sent if m.text.endswith("Alice")]) == 1  # they were not called before


# --- readings -------------------------------------------------------------------------------------------------------


async def test_a_voice_that_is_near_is_asked_about_and_costs_nothing_yet(
    band: Chat, bob: User, alice: User, world: TelegramWorld, rig: Rig
) -> None:
    asked = await band.says(bob, "/speak Brain: Hello speed=1.2")
    question = await band.reply_to(asked)
    assert question.text.startswith("Did you mean the voice Brian? Nothing is ordered yet; you can say so until ")
    assert list(question.buttons) == ["Brian", "Say all of it"]
    assert "$0.01 left today" in await answer(band, bob, "/balance")
    theirs = await pressed(world, alice, question, "Brian")
    assert (theirs["text"], theirs["show_alert"]) == ("That order belongs to somebody else.", "true")
    whole = question.buttons["Say all of it"]
    assert (await pressed(world, bob, question, "Brian"))[
        "text"
    ] == "Working on it: 5 characters, $0.0005. Usually about 15 s.\n“Hello”"
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to == asked.id
    assert (await sent(world, bob, question, whole))["show_alert"] == "true"
    assert rig.gateway.parameters == [{"voice": "Brian", "speed": 1.2, "text": "Hello"}]


async def test_a_reading_that_is_chosen_agrees_to_no_price(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await answer(band, alice, "/limits confirm 0.0001")
    question = await band.reply_to(await band.says(bob, "/speak Rogr Hello"))
    chosen = question.buttons["Say all of it"]
    assert (await sent(world, bob, question, chosen))["text"].startswith(
        "This costs $0.001; afterwards you would have "
    )
    assert question.text.startswith("This costs $0.001. Shall I go ahead?")  # others read that
    go = question.buttons["Go ahead"]
    assert (await sent(world, bob, question, chosen))["text"].startswith("This costs $0.001; ")
    assert rig.gateway.parameters == []
    await sent(world, bob, question, go)
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.parameters == [{"voice": "Aria", "text": "Rogr Hello"}]
