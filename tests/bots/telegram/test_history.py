"""Audio that is sent again: to its member alone, wherever it was ordered."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer, pressed, sent
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def heard(band: Chat, user: User, text: str) -> None:
    before = len(band.audios)
    await band.says(user, text)
    await band.wait_for(lambda chat: len(chat.audios) > before)


async def test_what_was_heard_in_a_group_comes_again_to_its_member_alone(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Aria Hello everyone")
    assert (await answer(band, alice, "/history")).startswith("I may not write to you yet")
    assert await answer(band, bob, "/history") == "I have sent it to you alone, in our own chat."
    listed = await own.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))
    assert listed.text.startswith("Press a number to have it sent again, free:\n1. Aria: “Hello everyone” · ")
    said = await pressed(world, bob, listed, "1")
    assert said["text"] == "Sending it again. This costs nothing."
    (again,) = await own.wait_for(lambda chat: chat.audios or None)
    assert again.content == band.audios[0].content
    assert "sent again, free" in again.text
    assert listed in own.sent  # the list stays
    assert len(band.audios) == len(rig.gateway.parameters) == 1


async def test_after_a_kick_what_could_not_be_delivered_is_in_the_direct_chat(
    band: Chat, bob: User, world: TelegramWorld
) -> None:
    world.fail("sendVoice", Fault.kicked())
    await band.says(bob, "/speak Aria Hello")  # whom the bot may not write to yet
    await band.wait_for(lambda chat: [text for text in chat.texts if "may not post it here" in text])
    own = world.private(bob)
    listed = await own.reply_to(await own.says(bob, "/history"))
    assert "“Hello”" in listed.text
    assert listed.text.endswith("not delivered")
    await pressed(world, bob, listed, "1")
    await own.wait_for(lambda chat: chat.audios or None)


async def test_nobody_else_has_it_sent(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Hello")
    listed = await own.reply_to(await own.says(bob, "/history"))
    theirs = world.private(alice)
    empty = await theirs.reply_to(await theirs.says(alice, "/history"))
    assert (empty.text, empty.buttons) == ("There is nothing of yours to send again.", {})
    said = await sent(world, alice, empty, listed.buttons["1"])
    assert (said["text"], said["show_alert"]) == ("That order belongs to somebody else.", "true")
    assert theirs.audios == []
