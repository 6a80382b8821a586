"""What can go wrong between a finished file and the chat."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.domain.lifecycle import DeliveryState
from core.domain.orders import Destination
from tests.audio import MP3, OGG
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer
from tests.core.rig import Answer
from tests.makers import BLANK
from tests.waiting import WAIT_S, until
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User


def _button(chat: Chat) -> Message | None:
    return next((m for m in chat.sent if "Send again" in m.buttons and not m.deleted), None)


async def _pressed(world: TelegramWorld, user: User, message: Message) -> dict[str, Any]:
    return await (await world.press(user, message, message.buttons["Send again"])).answered()


async def test_the_same_words_are_sent_again_only_where_they_may_be_overwritten(
    bot: Bot, band: Chat, bob: User, world: TelegramWorld
) -> None:
    status = await band.reply_to(await band.says(bob, "/balance"))  # any message of the bot's will do
    place = {"chat": band.id, "status": status.id}
    job = replace(BLANK, job_id="a1", destination=Destination("telegram", place), worker_id="first")
    for shown in (job, job, replace(job, worker_id="second")):
        await bot.telegram.progress(shown)
    assert [call.status for call in world.calls_to("editMessageText")] == [200, 400]  # it said so already


async def test_the_status_message_is_known_after_a_restart(rig: Rig, band: Chat, bob: User) -> None:
    rig.gateway.statuses = [Answer("QUEUED", ())] * 100_000
    async with rig.bot() as bot:
        await band.says(bob, "/speak Hello")
        await band.wait_for(lambda chat: chat.texts)
        async with asyncio.timeout(WAIT_S):
            while not (await bot.store.unfinished())[0].destination.data["status"]:
                await asyncio.sleep(0)
    rig.gateway.statuses = []
    async with rig.bot():
        await band.wait_for(lambda chat: chat.audios and not chat.texts)


@pytest.mark.usefixtures("bot")
async def test_a_flood_wait_delays_and_repeats_nothing(band: Chat, bob: User, world: TelegramWorld) -> None:
    world.fail("sendVoice", Fault.flood(1))
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    assert [call.status for call in world.calls_to("sendVoice")] == [429, 200]
    assert len(band.audios) == 1


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [Fault.drop_after(), Fault.drop_before(), Fault.server_error(502)])
async def test_an_upload_with_an_unknown_outcome_waits_for_a_person(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, fault: Fault
) -> None:
    world.fail("sendVoice", fault)
    asked = await band.says(bob, "/speak Hello")
    message = await band.wait_for(_button)
    assert message.text.startswith("I can't tell whether the audio reached this chat. It is kept")
    assert len(world.calls_to("sendVoice")) == 1
    arrived = len(band.audios)
    answer = await _pressed(world, bob, message)
    assert answer["text"] == "Sending it again. This costs nothing."
    voice = await band.wait_for(lambda chat: chat.audios[arrived:])
    assert (voice[0].content, voice[0].reply_to) == (OGG, asked.id)
    assert voice[0].text.startswith("Aria: “Hello”\n5 characters")
    await band.wait_for(lambda _: message.deleted)
    assert rig.gateway.posted == ["Hello"]


@pytest.mark.usefixtures("bot")
async def test_only_the_member_sends_again_and_only_once(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    world.fail("sendVoice", Fault.drop_before())
    await band.says(bob, "/speak Hello")
    message = await band.wait_for(_button)
    assert (await _pressed(world, alice, message))["text"] == "That order belongs to somebody else."
    await _pressed(world, bob, message)
    await band.wait_for(lambda chat: chat.audios)
    assert (await _pressed(world, bob, message))["text"] == "I don't know that order any more."
    assert len(band.audios) == 1


@pytest.mark.usefixtures("bot")
async def test_a_button_too_old_to_be_read_still_works(band: Chat, bob: User, world: TelegramWorld) -> None:
    world.fail("sendVoice", Fault.drop_before())
    await band.says(bob, "/speak Hello")
    message = await band.wait_for(_button)
    await (await world.press(bob, message, message.buttons["Send again"], old=True)).answered()
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to is None
    await band.wait_for(lambda _: message.deleted)


@pytest.mark.usefixtures("bot")
async def test_of_two_files_the_one_that_arrived_is_not_repeated(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async def refuse_the_second() -> Answer:
        world.fail("sendAudio", Fault())
        world.fail("sendAudio", Fault.flood(1))
        return Answer(media_urls=("http://gateway/1", "http://gateway/2"))

    rig.gateway.statuses.append(refuse_the_second)
    await band.says(bob, "/music rain")
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert [call.status for call in world.calls_to("sendAudio")] == [200, 429, 200]
    assert [bool(message.text) for message in band.audios] == [True, False]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [Fault.kicked(), Fault.chat_not_found()])
async def test_a_refusal_is_said_and_the_audio_kept(band: Chat, bob: User, world: TelegramWorld, fault: Fault) -> None:
    world.fail("sendVoice", fault)
    await band.says(bob, "/speak Hello")
    message = await band.wait_for(_button)
    assert message.text.startswith(
        "The audio is ready, but I may not post it here. It is kept, and sending it again is"
    )
    await _pressed(world, bob, message)
    await band.wait_for(lambda chat: chat.audios)


@pytest.mark.usefixtures("bot")
async def test_a_blocked_bot_comes_to_rest(bob: User, world: TelegramWorld, bot: Bot) -> None:
    chat = world.private(bob)
    world.fail("sendVoice", Fault.blocked())
    world.fail("editMessageText", Fault.blocked(), times=9)
    await chat.says(bob, "/speak Hello")
    await world.until(lambda: world.calls_to("sendVoice"), "no upload")
    await bot.worker.stop(5)
    assert await bot.store.unfinished() == []


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("fault", [Fault.voice_forbidden(), Fault.no_voice_rights()])
async def test_where_voice_is_forbidden_speech_becomes_a_song(
    bob: User, world: TelegramWorld, rig: Rig, fault: Fault
) -> None:
    chat = world.private(bob)
    world.fail("sendVoice", fault, times=9)
    await chat.says(bob, "/speak Roger Hello")
    song = await chat.wait_for(lambda c: next(iter(c.audios), None))
    assert (song.kind, song.content) == ("audio", MP3)
    assert (song.raw["audio"]["title"], song.raw["audio"]["performer"]) == ("Hello", "Roger")
    [call] = world.calls_to("sendAudio")
    assert any(file.content.startswith(b"\xff\xd8\xff") for file in call.files.values()), "it has a cover"
    await chat.says(bob, "/speak Hello again")
    await chat.wait_for(lambda c: c.audios[1:])
    assert len(world.calls_to("sendVoice")) == 1


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("body", ["", "<html>413 Request Entity Too Large</html>"])
async def test_what_is_too_large_is_made_smaller_once(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, body: str
) -> None:
    fault = Fault.too_large()
    fault.body = body
    world.fail("sendVoice", fault)
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    assert [want.max_bytes for want in rig.media.wants] == [50_000_000, len(OGG) * 3 // 4]


@pytest.mark.usefixtures("bot")
async def test_a_job_follows_its_group_into_the_supergroup(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await band.reply_to(await band.says(alice, "/quota default 0.02 day"))
    new: list[Chat] = []

    async def migrate() -> None:
        band.moved_to = world.supergroup("Band", alice, bob)
        new.append(band.moved_to)

    rig.gateway.statuses.append(migrate)
    await band.says(bob, "/speak Hello")
    await world.until(lambda: new, "no migration")
    voice = await new[0].wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to is None
    assert "$0.0195 left today" in await answer(new[0], bob, "/balance")


async def test_an_old_message_id_means_nothing_in_the_supergroup(band: Chat, bob: User, bot: Bot, rig: Rig) -> None:
    """Ids begin anew there: what has the number of the status message is another answer of the bot."""
    finished = asyncio.Event()

    async def wait() -> None:
        await finished.wait()

    rig.gateway.statuses.append(wait)
    await band.says(bob, "Good evening")
    await band.says(bob, "/speak Hello")
    status = await band.wait_for(lambda chat: next(iter(chat.sent), None))
    await band.wait_for(lambda _: "Generating" in status.text)
    new = await band.migrate()
    answer = await new.reply_to(await new.says(bob, "/balance"))
    assert answer.id == status.id
    finished.set()
    await new.wait_for(lambda chat: chat.audios)
    async with asyncio.timeout(WAIT_S):
        while await bot.store.unfinished():
            await asyncio.sleep(0.001)
    assert not answer.deleted
    assert not answer.edits


@pytest.mark.usefixtures("bot")
async def test_service_messages_carry_a_group_over(band: Chat, alice: User, bob: User) -> None:
    await band.reply_to(await band.says(alice, "/quota default 0.02 day"))
    new = await band.migrate()
    assert "$0.02 left today" in await answer(new, bob, "/balance")


async def test_a_group_is_carried_over_when_the_store_is_back(
    band: Chat, alice: User, bob: User, bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0.001)
    await band.reply_to(await band.says(alice, "/quota default 0.02 day"))
    await bot.store.close()
    new = await band.migrate()
    await until(lambda: any("asked again" in r.getMessage() for r in caplog.records))
    await bot.store.open()
    async with asyncio.timeout(WAIT_S):
        while "$0.02 left today" not in await answer(new, bob, "/balance"):
            pass


@pytest.mark.usefixtures("bot")
async def test_a_failed_job_is_told_in_the_status_message(band: Chat, bob: User, rig: Rig) -> None:
    rig.gateway.statuses.append(Answer("FAILED"))
    asked = await band.says(bob, "/speak Hello")
    told = await band.wait_for(lambda chat: next((m for m in chat.sent if "could not generate" in m.text), None))
    assert "You were not charged." in told.text
    assert told.reply_to == asked.id
    assert [*told.buttons] == ["Try again ($0.0005)", "Details"]
    assert len(band.sent) == 1


@pytest.mark.usefixtures("bot")
async def test_a_status_message_that_was_deleted_is_replaced(band: Chat, bob: User, rig: Rig) -> None:
    async def delete() -> Answer:
        first = await band.wait_for(lambda chat: next(iter(chat.sent), None))
        first.deleted = True
        return Answer("FAILED")

    rig.gateway.statuses.append(delete)
    asked = await band.says(bob, "/speak Hello")
    told = await band.wait_for(lambda chat: next((m for m in chat.sent if "could not generate" in m.text), None))
    assert (told.reply_to, told.deleted) == (asked.id, False)


@pytest.mark.usefixtures("bot")
async def test_status_messages_are_not_needed(band: Chat, bob: User, world: TelegramWorld) -> None:
    for method in ("sendMessage", "editMessageText", "sendChatAction", "deleteMessage"):
        world.fail(method, Fault.server_error(500), times=99)
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)


async def test_after_a_crash_in_the_upload_nothing_is_repeated(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    never = asyncio.Event()
    world.fail("sendVoice", Fault.slow(never))
    async with rig.bot() as first:
        await band.says(bob, "/speak Hello")
        await band.wait_for(lambda chat: chat.audios)
        await first.worker.stop(0)
    async with rig.bot():
        message = await band.wait_for(_button)
        assert len(band.audios) == 1
        await _pressed(world, bob, message)
        await band.wait_for(lambda chat: chat.audios[1:])


async def test_a_process_that_does_not_receive_delivers(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    rig.gateway.statuses.append(forever)
    async with rig.bot() as first:
        await band.says(bob, "/speak Hello")
        await world.until(lambda: rig.gateway.asked, "not submitted")
        await first.worker.stop(0)
    async with rig.bot(receiving=False):
        voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.content == OGG
    assert rig.gateway.posted == ["Hello"]


async def test_of_several_files_another_process_sends_the_rest(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    rig.gateway.statuses = [Answer(media_urls=("http://gateway/1", "http://gateway/2"))]
    go = asyncio.Event()
    world.fail("sendVoice", Fault.slow(go))
    world.fail("sendVoice", Fault.flood(600))
    async with rig.bot() as first:
        await band.says(bob, "/speak Hello")
        await band.wait_for(lambda chat: chat.audios)
        go.set()
        await world.until(lambda: len(world.calls_to("sendVoice")) == 2, "no second file")
        [job] = await first.store.unfinished()
        async with asyncio.timeout(WAIT_S):
            while job.stage is not DeliveryState.PENDING:
                [job] = await first.store.unfinished()
        await first.worker.stop(0)
    async with rig.bot():
        await band.wait_for(lambda chat: len(chat.audios) == 2)
        await band.wait_for(lambda chat: all(message.deleted for message in chat.sent if message.kind == "text"))
    assert len(world.calls_to("sendVoice")) == 3
