"""What can be done about an order that is over: its number, and the same once more."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer, pressed, sent
from tests.core.rig import Answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def test_the_number_of_an_order_is_told_to_its_member_alone(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    await band.says(bob, "/speak Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    job_id = voice.buttons["Details"].partition(":")[2]
    assert job_id not in voice.text
    theirs = await pressed(world, alice, voice, "Details")
    assert (theirs["text"], theirs["show_alert"]) == ("That order belongs to somebody else.", "true")
    mine = await pressed(world, bob, voice, "Details")
    assert mine["text"].startswith("Speech · Aria · 5 characters · ")
    assert mine["text"].endswith(f"\nIf you ask somebody about it, name its number: {job_id}")
    assert mine["show_alert"] == "true"


async def test_who_presses_again_pays_and_pressing_twice_is_one_order(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await band.says(bob, "/speak Roger Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    said = [await pressed(world, alice, voice, "Again ($0.0005)") for _ in range(2)]
    assert said[0]["text"].startswith("Working on it: 5 characters, $0.0005.")
    assert said[1]["text"] == "That is ordered already."
    rig.clock.forward(ms=20_000)
    await pressed(world, alice, voice, "Again ($0.0005)")
    await band.wait_for(lambda chat: len(chat.audios) == 3)
    assert [audio.reply_to for audio in band.audios[1:]] == [voice.id] * 2
    assert rig.gateway.parameters == [{"voice": "Roger", "text": "Hello"}] * 3
    assert "\nYou have $0.0095 left today.\n" in await answer(band, bob, "/balance")
    assert "\nYou have $0.009 left today.\n" in await answer(band, alice, "/balance")
    elsewhere = world.group("Elsewhere", alice)
    theirs = await sent(
        world,
        alice,
        await elsewhere.reply_to(await elsewhere.says(alice, "/voices")),
        voice.buttons["Again ($0.0005)"],
    )
    assert theirs["text"] == "That order belongs to somebody else."


async def test_what_failed_is_tried_again_with_its_words_kept(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    rig.gateway.statuses = [Answer("FAILED", ())]
    await band.says(bob, "/speak Roger Hello")
    failed = await band.wait_for(lambda chat: next((m for m in chat.sent if "Try again ($0.0005)" in m.buttons), None))
    await pressed(world, bob, failed, "Try again ($0.0005)")
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.parameters == [{"voice": "Roger", "text": "Hello"}] * 2
