"""The local Telegram serves the real library, and is as strict as Telegram where it matters."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, CommandHandler, ContextTypes, ExtBot

from tests.worlds.telegram import Fault, TelegramWorld
from tests.worlds.telegram.wire import spec

Context = ContextTypes.DEFAULT_TYPE
OGG = b"OggS" + bytes(24) + b"OpusHead" + bytes(40)
MP3 = b"ID3" + bytes(60)


@pytest.fixture(autouse=True)
def _library_as_the_adapter_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld() as world:
        yield world


@pytest.fixture
async def bot(world: TelegramWorld) -> AsyncIterator[ExtBot[None]]:
    async with ExtBot(world.token, base_url=f"{world.api_url}/bot") as bot:
        yield bot


async def _echo(update: Update, context: Context) -> None:
    assert update.message is not None
    button = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more")]])
    await update.message.reply_text(" ".join(context.args or ()), do_quote=True, reply_markup=button)


async def _more(update: Update, context: Context) -> None:
    query = update.callback_query
    assert query is not None
    await query.answer("Here it comes")
    await query.edit_message_text("more")


@pytest.fixture
async def app(world: TelegramWorld) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    app = ApplicationBuilder().token(world.token).base_url(f"{world.api_url}/bot").build()
    app.add_handlers([CommandHandler("echo", _echo), CallbackQueryHandler(_more)])
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling(allowed_updates=["message", "callback_query"])
        yield app
        await app.updater.stop()
        await app.stop()


async def test_command_button_and_edit_through_a_real_application(world: TelegramWorld, app: object) -> None:
    alice = world.user("Alice", "alice")
    group = world.group("Band", alice)
    asked = await group.says(alice, "/echo@troubadour_bot hello there")
    answer = await group.reply_to(asked)
    assert (answer.text, answer.buttons) == ("hello there", {"More": "more"})
    press = await world.press(alice, answer, answer.buttons["More"])
    assert (await press.answered())["text"] == "Here it comes"
    await group.wait_for(lambda chat: chat.texts == ["more"])
    assert answer.edits[0]["text"] == "hello there"


async def test_a_repeated_update_arrives_twice(world: TelegramWorld, app: object) -> None:
    alice = world.user("Alice")
    chat = world.private(alice)
    asked = await chat.says(alice, "/echo twice")
    await chat.wait_for(lambda c: len(c.texts) == 1)
    assert asked.update is not None
    await world.repeat(asked.update)
    await chat.wait_for(lambda c: c.texts == ["twice", "twice"])


async def test_confirmed_updates_vanish_and_others_stay(world: TelegramWorld, bot: ExtBot[None]) -> None:
    alice = world.user("Alice")
    for text in ("one", "two", "three"):
        await world.private(alice).says(alice, text)
    first = await bot.get_updates(limit=2)
    assert [u.message.text for u in first if u.message] == ["one", "two"]
    again = await bot.get_updates(offset=first[0].update_id)
    assert [u.message.text for u in again if u.message] == ["one", "two", "three"]
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [u.message.text for u in rest if u.message] == ["three"]
    assert await bot.get_updates(offset=rest[-1].update_id + 1) == ()


async def test_a_second_poller_ends_the_first(world: TelegramWorld, bot: ExtBot[None]) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    async with ExtBot(world.token, base_url=f"{world.api_url}/bot") as other:
        second = asyncio.create_task(other.get_updates(timeout=30))
        with pytest.raises(Conflict):
            await first
        alice = world.user("Alice")
        await world.private(alice).says(alice, "hi")
        assert len(await second) == 1


async def test_files_keep_their_bytes_and_their_kind(world: TelegramWorld, bot: ExtBot[None]) -> None:
    group = world.group("Band")
    voice = await bot.send_voice(group.id, OGG, duration=3, caption="receipt", filename="a.ogg")
    audio = await bot.send_audio(group.id, MP3, title="Rain", performer="Troubadour", filename="a.mp3")
    document = await bot.send_audio(group.id, b"RIFF....WAVE", filename="a.wav")
    assert voice.voice
    assert document.document
    assert document.audio is None
    assert audio.audio is not None
    assert audio.audio.title == "Rain"
    assert [m.content for m in group.audios] == [OGG, MP3, b"RIFF....WAVE"]
    assert group.audios[0].text == "receipt"
    await bot.delete_message(group.id, voice.message_id)
    assert group.audios[0].deleted


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.flood(7), RetryAfter), (Fault.kicked(), Forbidden), (Fault.blocked(), Forbidden), (Fault.voice_forbidden(), BadRequest),
        (Fault.too_large(), NetworkError), (Fault.server_error(502), NetworkError), (Fault.unauthorized(), InvalidToken),
        (Fault.drop_before(), NetworkError), (Fault.drop_after(), NetworkError), (Fault.chat_not_found(), BadRequest),
    ],
)  # fmt: skip
async def test_faults_become_the_librarys_own_errors(
    world: TelegramWorld, bot: ExtBot[None], fault: Fault, error: type[Exception]
) -> None:
    group = world.group("Band")
    world.fail("sendMessage", fault, chat=group)
    with pytest.raises(error):
        await bot.send_message(group.id, "hi")
    assert group.texts == (["hi"] if fault.drop == "after" else [])
    await bot.send_message(group.id, "again")
    assert group.texts[-1] == "again"


async def test_a_slow_answer_comes_after_its_effect(world: TelegramWorld, bot: ExtBot[None]) -> None:
    group = world.group("Band")
    never = asyncio.Event()
    world.fail("sendMessage", Fault.slow(never))
    with pytest.raises(TimedOut):
        await bot.send_message(group.id, "late", read_timeout=0.1)
    assert group.texts == ["late"]


async def test_a_group_becomes_a_supergroup(world: TelegramWorld, bot: ExtBot[None]) -> None:
    group = world.group("Band", world.user("Alice"))
    new = await group.migrate()
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "hi")
    assert moved.value.new_chat_id == new.id
    services = [u.message for u in await bot.get_updates() if u.message]
    assert (services[0].migrate_to_chat_id, services[1].migrate_from_chat_id) == (new.id, group.id)


async def test_topics_answers_and_entities_look_as_telegram_sends_them(world: TelegramWorld, bot: ExtBot[None]) -> None:
    bob, quiet = world.user("Bob", "bob"), world.user("Zoë 🎵")
    forum = world.supergroup("Forum", bob, quiet, forum=True)
    songs = forum.topic("Songs")
    await forum.says(bob, f"/quota set 🎵 {bob.mention} {quiet.mention}", topic=songs)
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.parse_entities() == dict(zip(message.entities, ["/quota", "@bob", "Zoë 🎵"], strict=True))
    assert message.is_topic_message
    assert message.reply_to_message is not None
    assert message.reply_to_message.forum_topic_created is not None
    sent = await bot.send_message(forum.id, "here", message_thread_id=songs.id)
    assert sent.message_thread_id == songs.id
    with pytest.raises(BadRequest, match="thread not found"):
        await bot.send_message(forum.id, "lost", message_thread_id=999)
    with pytest.raises(BadRequest, match="replied not found"):
        await bot.send_message(forum.id, "lost", reply_to_message_id=999)


async def test_privacy_mode_hides_what_is_not_for_the_bot(world: TelegramWorld, bot: ExtBot[None]) -> None:
    alice = world.user("Alice")
    group = world.group("Band", alice)
    group.privacy = True
    for text in ("chatter", "/speak hi", "/speak@troubadour_bot hi", "/speak@other_bot hi"):
        await group.says(alice, text)
    assert [u.message.text for u in await bot.get_updates() if u.message] == ["/speak@troubadour_bot hi"]


async def test_admins_and_anonymous_admins(world: TelegramWorld, bot: ExtBot[None]) -> None:
    alice, bob = world.user("Alice"), world.user("Bob")
    group = world.group("Band", bob)
    group.add(alice, "administrator")
    assert [m.user.id for m in await bot.get_chat_administrators(group.id)] == [alice.id]
    assert (await bot.get_chat_member(group.id, bob.id)).status == "member"
    assert (await bot.get_chat(group.id)).title == "Band"
    await group.says(alice, "hidden", anonymous=True)
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert message.from_user is not None
    assert message.from_user.id == 1087968824
    assert message.sender_chat is not None
    assert message.sender_chat.id == group.id


async def test_a_violation_is_seen() -> None:
    world = await TelegramWorld().start()
    async with ExtBot(world.token, base_url=f"{world.api_url}/bot") as bot:
        await bot.send_message(world.group("Band").id, "hi", api_kwargs={"colour": "red"})
    await world.stop()
    assert world.violations == (["sendMessage.colour: unknown parameter"] if spec() else [])


async def test_start_and_stop_are_quick_even_with_a_waiting_poll() -> None:
    began = time.perf_counter()
    world = await TelegramWorld().start()
    async with ExtBot(world.token, base_url=f"{world.api_url}/bot") as bot:
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await world.until(lambda: world.calls_to("getUpdates"), "no poll")
        await world.stop()
        with pytest.raises((Conflict, NetworkError)):
            await poll
    assert time.perf_counter() - began < 2
