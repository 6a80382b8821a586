"""What can be done about audio in the chat: its number, the same once more or in another voice, as a file, deleting it."""

import pytest

from core.domain.products import PRICE_MICROS, catalog
from tests.bots.telegram.rig import Bot, Rig, closed
from tests.bots.telegram.talk import answer, pressed, sent
from tests.core.rig import Answer
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

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


async def test_one_tap_repeats_it_in_another_voice_for_whoever_presses(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await band.says(bob, "/speak Brian Hello")
    await band.wait_for(lambda chat: len(chat.audios) == 1)
    await pressed(world, bob, await band.reply_to(await band.says(bob, "/voices Sarah")), "☆")
    await band.says(bob, "/speak Roger Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios[1:]), None))
    card = dict(voice.buttons)
    assert list(card)[:4] == ["Again ($0.0005)", "Sarah ($0.0005)", "Aria ($0.0005)", "More voices…"]
    said = [await pressed(world, alice, voice, "Sarah ($0.0005)") for _ in range(2)]
    assert said[1]["text"] == "That is ordered already."
    await band.wait_for(lambda chat: len(chat.audios) == 3)
    assert rig.gateway.parameters[2:] == [{"voice": "Sarah", "text": "Hello"}]
    assert "\nYou have $0.0095 left today.\n" in await answer(band, alice, "/balance")
    forged = await sent(world, alice, voice, f"{card['Again ($0.0005)']}:Nobody")
    assert forged["text"] == "I don't know a voice Nobody. /voices shows those that there are."


async def test_a_press_shows_more_voices_and_another_hides_them(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await band.says(bob, "/speak Roger Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    card = dict(voice.buttons)
    assert (await pressed(world, bob, voice, "More voices…"))["text"] == "Which voice says it? It costs $0.0005."
    offered = list(voice.buttons)[len(card) :]
    assert (len(offered), {"Roger ($0.0005)", *card} & {*offered}) == (8, set())
    await pressed(world, bob, voice, offered[-1])
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert f"{rig.gateway.parameters[1]['voice']} ($0.0005)" == offered[-1]
    await pressed(world, bob, voice, "More voices…")
    assert voice.buttons == card


async def test_a_price_that_rose_is_asked_about_before_it_is_ordered_again(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    await answer(band, alice, "/limits confirm 0.0001")
    question = await band.reply_to(await band.says(bob, "/speak Roger Hello"))
    await pressed(world, bob, question, "Go ahead")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    bot.service.catalog = catalog(price_micros=2 * PRICE_MICROS)
    await pressed(world, bob, voice, "Again ($0.0005)")
    [asked] = band.heard_by(bob)
    assert (asked.reply_to, asked.text[:18]) == (voice.id, "This costs $0.001;")
    assert len(rig.gateway.parameters) == 1
    await pressed(world, bob, asked, "Go ahead")
    assert asked.buttons == {}
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert "\nYou have $0.0085 left today.\n" in await answer(band, bob, "/balance")


async def test_audio_is_deleted_by_its_member_or_an_admin(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    carol = world.user("Carol")
    band.members[carol.id] = "member"
    await band.says(bob, "/speak Hello")
    await band.says(bob, "/speak Bye")
    first, second = await band.wait_for(lambda chat: chat.audios if len(chat.audios) == 2 else None)
    theirs = await pressed(world, carol, first, "Delete")
    assert (theirs["text"], first.deleted) == ("That order belongs to somebody else.", False)
    data = first.buttons["Delete"]
    assert (await pressed(world, bob, first, "Delete"))["text"] == "Deleted here. What it cost stays charged."
    assert first.deleted
    assert (await sent(world, bob, first, data))["text"] == "It is gone already."
    world.fail("deleteMessage", Fault.bad_request("Bad Request: message can't be deleted for everyone"))
    old = await pressed(world, alice, second, "Delete")
    assert old["text"].startswith("Telegram lets me delete only what is younger than 48 hours.")
    await pressed(world, alice, second, "Delete")
    assert second.deleted


async def test_speech_comes_once_more_as_a_file_free_while_it_is_kept(
    band: Chat, bob: User, world: TelegramWorld, bot: Bot
) -> None:
    await band.says(bob, "/speak Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    for _ in range(2):
        await pressed(world, bob, voice, "As a file")
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert [(audio.kind, audio.reply_to) for audio in band.audios[1:]] == [("audio", voice.id)]
    await pressed(world, bob, voice, "As a file")
    assert "\nYou have $0.0095 left today.\n" in await answer(band, bob, "/balance")
    assert len(band.audios) == 2
    await band.says(bob, "/speak Bye")
    bye = await band.wait_for(lambda chat: next(iter(chat.audios[2:]), None))
    job = await closed(bot, bye.buttons["Details"].partition(":")[2])
    assert await bot.store.drop_artifacts(job, chat_keeps=True)
    late = await pressed(world, bob, bye, "As a file")
    assert late["text"] == "Its audio is kept no longer, so I can't make a file of it any more."
