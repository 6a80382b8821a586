"""Money is nobody else's business: who asks about it in a group is answered alone, where Telegram can do that."""

import time
from typing import Any

import pytest

from bots.telegram import whispers as whispers_of_the_bot
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer, pressed
from tests.worlds.telegram import Call, Chat, Fault, Message, TelegramWorld, User

MEMBERS = {
    "/balance": "You have $0.01 left today.",
    "/help": "You have $0.01 left today.\n\nSuch as:",
    "/history": "There is nothing of yours",
}
ADMINS = {
    "/usage": "Nothing was charged this month.",
    "/quota show @bob": "Bob: $0.01 a day",
    "/quota set @bob 0.50 day": "Bob may now spend: $0.50 a day.",
    "/grant @bob 5": "Bob now has $5.00 credit.",
    "/limits": "Limits",
    "/why @bob": "Nothing keeps Bob from using /speak",
    "/audit": "",
}
QUESTIONS = [*((text, said, False) for text, said in MEMBERS.items()), *((t, said, True) for t, said in ADMINS.items())]


@pytest.fixture
async def menus(world: TelegramWorld, bot: Bot) -> None:
    """Wait until clients know which commands nobody else sees."""
    await world.until(lambda: any(c["command"] == "usage" for c in world.commands), "no menu for admins")


def whispers(world: TelegramWorld) -> list[Call]:
    """Return the calls that asked for a message which one member reads alone."""
    return [call for call in world.calls if "ephemeral_message_parameters" in call.params]


async def heard(chat: Chat, user: User, most: int = 1) -> list[Message]:
    return await chat.wait_for(lambda c: c.heard_by(user) if len(c.heard_by(user)) >= most else None)


async def answered_alone(chat: Chat, user: User, asked: Message) -> None:
    await chat.wait_for(lambda c: [m for m in c.heard_by(user) if m.reply_to == asked.id])


async def settled(chat: Chat, user: User, text: str) -> Message:
    """Wait for the whisper that begins with a text."""
    return await chat.wait_for(lambda c: next((m for m in c.heard_by(user) if m.text.startswith(text)), None))


@pytest.mark.usefixtures("menus")
@pytest.mark.parametrize(("text", "said", "by_admin"), QUESTIONS)
async def test_others_see_neither_the_command_nor_the_answer(
    band: Chat, alice: User, bob: User, text: str, said: str, *, by_admin: bool
) -> None:
    await band.says(bob, "hello")
    asker, before = (alice if by_admin else bob), len(band.messages)
    await band.whispers_as(asker, text)
    assert (await heard(band, asker))[0].text.startswith(said)
    assert len(band.messages) == before


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(("text", "said", "by_admin"), QUESTIONS)
async def test_an_administrator_bot_answers_what_others_saw_asked_alone_too(
    band: Chat, alice: User, bob: User, text: str, said: str, *, by_admin: bool
) -> None:
    """Also for the first time, when it does not know yet whether the server can do that."""
    await band.changes(alice, "administrator")
    asker, before = (alice if by_admin else bob), len(band.sent)
    await band.says(bob, "hello")
    for _ in range(2):
        asked = await band.says(asker, text)
        await answered_alone(band, asker, asked)
        await settled(band, asker, said)
    assert len(band.sent) == before


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(("text", "said", "by_admin"), QUESTIONS)
async def test_an_older_server_shows_one_line_and_is_asked_no_more(
    world: TelegramWorld, band: Chat, alice: User, bob: User, text: str, said: str, *, by_admin: bool
) -> None:
    world.whispers = False
    await band.changes(alice, "administrator")
    asker = alice if by_admin else bob
    await band.says(bob, "hello")
    for n in range(1, 4):
        shown = await band.reply_to(await band.says(asker, text))
        assert len(band.sent) == n
        assert "$" not in shown.text or by_admin
    assert len(whispers(world)) == 1
    assert all(call.status == 200 for call in world.calls_to("sendMessage") if call.chat_id == band.id)
    assert "deleteMessage" not in {call.method for call in world.calls}


@pytest.mark.usefixtures("bot")
async def test_a_server_that_was_brought_up_to_date_or_back_is_found_out(
    world: TelegramWorld, band: Chat, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await band.changes(alice, "administrator")
    monkeypatch.setattr(whispers_of_the_bot, "AGAIN_S", 0.0)
    line = "What you have left is for you alone to see:"
    for world.whispers in (False, True, False):
        asked = await band.says(bob, "/balance")
        if world.whispers:
            await answered_alone(band, bob, asked)
            await settled(band, bob, "You have $0.01 left today.")
        else:
            assert (await band.reply_to(asked)).text == line
    assert band.texts == [line, line]


@pytest.mark.usefixtures("bot")
async def test_a_refusal_is_learned_and_forgotten_when_the_bot_is_promoted(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    for _ in range(3):
        said = await answer(band, bob, "/balance")
        assert said.startswith("What you have left is for you alone to see:")
    assert [call.status for call in whispers(world)] == [400]
    await band.changes(alice, "administrator")
    await band.says(bob, "/balance")
    await settled(band, bob, "You have $0.01 left today.")


@pytest.mark.usefixtures("bot")
async def test_where_commands_are_deleted_at_once_the_answer_comes_all_the_same(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    await band.changes(alice, "administrator")
    world.fail("sendMessage", Fault.bad_request("message to be replied not found"))
    await band.says(bob, "/balance")
    await settled(band, bob, "You have $0.01 left today.")
    assert band.sent == []


@pytest.mark.usefixtures("menus")
async def test_an_answer_that_comes_too_late_is_said_aloud(
    world: TelegramWorld, band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.time()
    ticks = iter([now_s - 16])  # when the command is written
    monkeypatch.setattr(world, "now_s", lambda: next(ticks, now_s))
    await band.whispers_as(bob, "/balance")
    said = await band.wait_for(lambda chat: next(iter(chat.sent), None))
    assert said.text == "What you have left is for you alone to see:"
    assert "You have $0.01" in (await pressed(world, bob, said, "What I have left"))["text"]
    await band.whispers_as(bob, "/balance")
    await settled(band, bob, "You have $0.01 left today.")


@pytest.mark.usefixtures("menus")
async def test_pages_turn_in_a_whisper_and_audio_comes_to_its_member_alone(
    world: TelegramWorld, band: Chat, bob: User
) -> None:
    for n in range(5):
        await band.says(bob, f"/speak Aria Number {n}")
    await band.wait_for(lambda chat: len(chat.audios) == 5)
    before = len(band.messages)
    await band.whispers_as(bob, "/history")
    listed = await settled(band, bob, "Your orders, 1 to 4 of 5.")
    await pressed(world, bob, listed, "More")
    assert listed.text.startswith("Your orders, 5 to 5 of 5.")
    await pressed(world, bob, listed, "Back")
    assert listed.text.startswith("Your orders, 1 to 4 of 5.")
    told = await pressed(world, bob, listed, "1")
    assert told["text"].startswith("I may not write to you yet: open https://t.me/troubadour_bot")
    own = world.private(bob)
    assert (await pressed(world, bob, listed, "1"))["text"] == "Sending it again. This costs nothing."
    await own.wait_for(lambda chat: chat.audios)
    assert len(band.messages) == before


@pytest.mark.usefixtures("bot")
async def test_what_an_order_lacks_is_told_alone_and_asked_for_where_admins_read_it(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    await band.changes(alice, "administrator")
    asked = await band.says(bob, f"/speak Aria {'Hello ' * 40}")
    told = await settled(band, bob, "This costs $0.0239, and you have $0.01 left today.")
    assert (told.reply_to, band.sent) == (asked.id, [])
    await pressed(world, bob, told, "Ask an admin")
    await band.wait_for(lambda chat: [t for t in chat.texts if "of credit is asked for by Bob" in t])
    assert told.buttons == {}


@pytest.mark.usefixtures("bot")
async def test_a_price_is_asked_about_alone_and_confirmed_there(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    await band.changes(alice, "administrator")
    await band.says(alice, "/limits confirm 0.0001")
    await settled(band, alice, "Limits")
    order = await band.says(bob, "/speak Roger Hello")
    question = await settled(band, bob, "This costs $0.0005; ")
    await pressed(world, bob, question, "Go ahead")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (voice.reply_to, question.buttons) == (order.id, {})


@pytest.mark.usefixtures("menus")
async def test_what_an_alert_has_no_room_for_is_whispered(
    world: TelegramWorld, band: Chat, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where that comes too late, only as many whole lines are told as there is room for."""
    await band.says(bob, "hello")
    for n in range(4):
        await band.whispers_as(alice, f"/grant @bob 1 for the song number {n} of the long evening in the choir")
    await heard(band, alice, 4)
    line = await band.reply_to(await band.says(bob, "/balance"))
    told = await pressed(world, bob, line, "What I have left")
    assert "text" not in told
    whole = await settled(band, bob, "You have ")
    assert len(whole.text) > 200
    ticks, now_s = iter([time.time()]), time.time() + 16
    monkeypatch.setattr(world, "now_s", lambda: next(ticks, now_s))
    late = await pressed(world, bob, line, "What I have left")
    told_late = late["text"]
    assert whole.text.startswith(f"{told_late}\n")
    assert late["show_alert"] == "true"
    assert [m.text for m in band.sent] == [line.text]


@pytest.mark.usefixtures("bot")
async def test_numbers_that_are_used_again_are_no_repetition(
    world: TelegramWorld, band: Chat, bob: User, rig: Rig
) -> None:
    said: dict[str, Any] = {"from": bob.raw, "receiver_user": world.bot.raw, "text": "/speak Hello"}
    said |= {"entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
    first = band.whisper(said).raw
    await world.send_update("message", first)
    await world.send_update("message", first)
    await world.send_update("message", first | {"date": first["date"] - 60})
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert len(rig.gateway.parameters) == 2


@pytest.mark.usefixtures("menus")
async def test_clients_hide_the_commands_about_money_and_no_orders(world: TelegramWorld) -> None:
    hidden = {command["command"] for command in world.commands if command.get("is_ephemeral")}
    assert hidden >= {"balance", "history", "help", "quota", "grant", "limits", "usage", "why"}
    assert hidden.isdisjoint({"speak", "music", "again", "form", "voices", "voice"})
