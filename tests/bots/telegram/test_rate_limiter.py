"""Who gets the messages that a chat takes: audio first, a share for answers, and nobody all of it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from telegram.error import RetryAfter

from bots.telegram.errors import NoRoom
from bots.telegram.rate_limiter import ALL_PER_S, EVERY_S, MOST_WAITING, Priority, RateLimiter, _Group
from bots.telegram.statuses import QUIET_S
from bots.text import replies
from tests.bots.telegram.rig import Bot, Rig, fill
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

Send = Callable[[], Coroutine[Any, Any, Any]]


async def _sent() -> bool:
    return True


async def _post(
    limiter: RateLimiter, chat_id: int, priority: Priority | None = None, send: Send = _sent, how: str = "sendMessage"
) -> None:
    await limiter.process_request(send, (), {}, how, {"chat_id": chat_id}, priority)


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes in which a chat would regain room, however slow the machine is."""
    monkeypatch.setattr("bots.telegram.rate_limiter._now_s", lambda: 1000.0)


@pytest.mark.usefixtures("_still")
async def test_a_group_has_room_for_twenty_messages_and_each_rank_leaves_some_to_those_above() -> None:
    limiter = RateLimiter()
    room = dict.fromkeys(Priority, 0)
    for number in range(1, 21):
        room |= {priority: number for priority in Priority if not limiter.room_in_s(-5, priority)}
        await _post(limiter, -5, how="sendVoice")
        limiter._groups[-5].since_answer = 0
    assert room == {Priority.OUTCOME: 20, Priority.ADMIN: 16, Priority.ANSWER: 15, Priority.PROGRESS: 8}
    await _post(limiter, -5, how="editMessageText")
    assert 0 < limiter.room_in_s(-5, Priority.OUTCOME) <= EVERY_S
    for priority in (Priority.OUTCOME, Priority.PROGRESS):
        with pytest.raises(NoRoom):  # whoever sends those knows what to do meanwhile
            await _post(limiter, -5, priority)
    assert limiter.room_in_s(-6, Priority.PROGRESS) == 0
    assert limiter.room_in_s(5, Priority.PROGRESS) == 0


def test_of_a_group_without_room_audio_gets_four_slots_in_five() -> None:
    group, now_s, sent = _Group(), 0.0, ""
    while len(sent) < 60:
        now_s += EVERY_S / 4
        group.waiting = [(Priority.ANSWER, 1)]
        for priority, sign in ((Priority.OUTCOME, "a"), (Priority.ANSWER, "t")):
            if not group.room_in_s(priority, now_s):
                group.spend(priority)
                sent += sign
    assert sent[-30:].count("t") == 6


@pytest.mark.usefixtures("_still")
async def test_status_messages_do_not_hold_audio_up_while_all_chats_have_their_share() -> None:
    """A chat action takes their place."""
    limiter, rooms = RateLimiter(), list[float]()
    async with asyncio.TaskGroup() as tasks:
        for number in range(ALL_PER_S + 9):
            rooms.append(limiter.room_in_s(-number - 1, Priority.PROGRESS))
            tasks.create_task(_post(limiter, -number - 1, how="sendVoice"))
            await asyncio.sleep(0)
        assert limiter.room_in_s(-100, Priority.OUTCOME) == 0
    assert rooms[:ALL_PER_S] == [0] * ALL_PER_S
    assert rooms[-1] > 0


async def test_admins_are_answered_before_others_and_a_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.rate_limiter.EVERY_S", 600)
    limiter, said = RateLimiter(), []

    def saying(what: str) -> Send:
        async def send() -> None:
            said.append(what)

        return send

    async def ask(what: str, priority: Priority) -> None:
        await _post(limiter, -5, priority, saying(what))

    for _ in range(20):
        await _post(limiter, -5, how="sendVoice")
    limiter._groups[-5].since_answer = 0
    async with asyncio.TaskGroup() as tasks:
        for _ in range(MOST_WAITING):
            tasks.create_task(ask("member", Priority.ANSWER))
        await asyncio.sleep(0)
        with pytest.raises(NoRoom):
            await ask("one more", Priority.ANSWER)
        tasks.create_task(ask("admin", Priority.ADMIN))
        await _post(limiter, -6)  # another chat waits for none of them
        assert said == []
        monkeypatch.setattr("bots.telegram.rate_limiter.EVERY_S", 0.02)
        limiter._groups[-5].changed.set()
    assert said == ["admin"] + ["member"] * MOST_WAITING


@pytest.mark.usefixtures("_still")
async def test_a_chat_that_wants_quiet_is_left_alone_and_only_that_chat() -> None:
    limiter, calls = RateLimiter(), []

    async def send() -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise RetryAfter(timedelta(seconds=30))
        return True

    async def say(chat_id: int) -> None:
        await limiter.process_request(send, (), {}, "sendMessage", {"chat_id": chat_id}, None)

    for _ in range(3):
        with pytest.raises(RetryAfter):
            await say(-5)
    assert len(calls) == 1  # Telegram was asked once
    assert 29 < limiter.room_in_s(-5, Priority.OUTCOME) <= 30
    await say(-6)
    await say(7)
    assert len(calls) == 3


@pytest.mark.usefixtures("_still", "bot")
async def test_one_noisy_member_silences_nobody(
    world: TelegramWorld, band: Chat, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 0.01)
    for _ in range(60):
        await band.says(bob, "/help")
    asked = await band.says(alice, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    assert band.audios[0].reply_to == asked.id
    answers = [m.text for m in band.sent if m.text and m.reply_to != asked.id]
    assert len(answers) <= 10
    assert answers.count(replies.TOO_MANY_ANSWERS) <= 1
    monkeypatch.setattr("bots.telegram.rate_limiter._now_s", lambda: 1060.0)
    assert "credit" in (await band.reply_to(await band.says(alice, "/grant @bob 1"))).text


@pytest.mark.usefixtures("bot")
async def test_who_asks_too_much_is_told_once(world: TelegramWorld, bob: User) -> None:
    chat = world.private(bob)
    for _ in range(10):
        await chat.reply_to(await chat.says(bob, "/voices"))
    for _ in range(3):
        await chat.says(bob, "/help")
    await chat.says(bob, "/speak Hello")
    await chat.wait_for(lambda c: c.audios)
    assert [m.text for m in chat.sent if m.text].count(replies.TOO_MANY_ANSWERS) == 1
    assert not [m for m in chat.sent if "/voices: " in m.text]


@pytest.mark.usefixtures("_still")
async def test_of_many_orders_at_once_the_audio_comes_first(
    bot: Bot, world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    for number in range(20):
        await band.says((alice, bob)[number % 2], "/speak Hello")
    await world.until(lambda: len(world.calls_to("sendVoice")) >= 12, "audio waits for status messages")
    assert len(world.calls_to("sendMessage")) <= 8
    assert {call.status for call in world.calls_to("sendVoice")} <= {200, None}


async def test_an_answer_is_given_before_the_update_is_forgotten(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 0.001)
    held, other = asyncio.Event(), world.group("Others", bob)
    world.fail("sendMessage", Fault.slow(held), chat=band)
    asked = await band.says(bob, "/voices")
    await other.reply_to(await other.says(bob, "/voices"))
    assert asked.update in world._updates
    held.set()
    await world.until(lambda: asked.update not in world._updates, "not confirmed")


async def test_an_answer_that_waits_for_room_holds_up_no_update(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 0.001)
    fill(bot, band)
    asked = await band.says(bob, "/voices")
    await world.until(lambda: asked.update not in world._updates, "not confirmed")
    assert band.sent == []


async def test_that_there_is_no_room_for_status_messages_is_logged_once_a_minute(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bots.telegram.statuses")
    fill(bot, band)
    for text in ("one", "two", "three"):
        await band.says(bob, f"/speak {text}")
    await world.until(lambda: len(rig.gateway.posted) == 3, "not submitted")
    logged = [record.getMessage() for record in caplog.records if "no status message" in record.getMessage()]
    assert [line.endswith("no room for a status message") for line in logged] == [True]
    bot.telegram._logged_s -= QUIET_S
    await band.says(bob, "/speak four")
    await world.until(lambda: len(rig.gateway.posted) == 4, "not submitted")
    assert sum("no status message" in record.getMessage() for record in caplog.records) == 2
