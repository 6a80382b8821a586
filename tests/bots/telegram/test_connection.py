"""Polling, pace and a token that does not work."""

import asyncio
import logging
from pathlib import Path

import pytest
from telegram.error import TelegramError

from bots.app.life import keep_running
from bots.telegram.connection import Poller, make_bot, make_requests
from bots.telegram.errors import upload_fault
from bots.telegram.rate_limiter import RateLimiter
from core.domain.errors import DeliveryDelayed, PlatformError
from storage.driver import Statement
from tests import tokens
from tests.audio import OGG
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer
from tests.waiting import until
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User


async def test_a_bad_token_is_the_operators_to_mend_and_is_not_shown(rig: Rig) -> None:
    rig.token = tokens.OTHER_TELEGRAM
    async with rig.bot() as bot:
        with pytest.raises(PlatformError) as failure:
            await bot.run
    assert "canary" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


async def test_a_token_revoked_while_polling_ends_the_run(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User
) -> None:
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    world.fail("getUpdates", Fault.unauthorized())
    await band.says(bob, "hello")
    with pytest.raises(PlatformError):
        await bot.run


async def test_polls_without_an_answer_end_nothing_and_an_answer_ends_the_pauses(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User
) -> None:
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    for fault in (Fault.server_error(502), Fault.drop_before(), Fault.server_error(502)):
        world.fail("getUpdates", fault)
        await band.reply_to(await band.says(bob, "/voices"))
        source = bot.telegram._source
        assert isinstance(source, Poller)
        assert (source._failures, source.live, bot.run.done()) == (0, True, False)


async def test_a_long_outage_is_said_once_and_is_not_ready(
    bot: Bot,
    world: TelegramWorld,
    band: Chat,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bots.telegram.connection.LONGEST_OUTAGE_PAUSE_S", 0.01)
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    world.fail("getUpdates", Fault.server_error(502), times=9)
    await band.says(bob, "hello")
    await world.until(lambda: not bot.telegram.receiving, "still ready")
    await band.reply_to(await band.says(bob, "/voices"))
    assert bot.telegram.receiving
    assert [r.levelname for r in caplog.records if r.name == "bots.telegram.connection"] == ["ERROR", "WARNING"]


async def test_a_login_waits_as_long_as_it_is_told(
    world: TelegramWorld, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    world.fail("getMe", Fault.flood(3600))
    stop = asyncio.Event()
    async with rig.bot(receiving=False) as bot:
        life = asyncio.create_task(keep_running(bot.telegram, stop))
        await until(lambda: "trying again" in caplog.text)
        assert "3600 s" in caplog.text
        stop.set()
        await life
    assert len(world.calls_to("getMe")) == 1


async def test_another_process_with_the_same_token_is_named_once(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    world.fail("getUpdates", Fault.conflict(), times=2)
    await band.says(bob, "wakes the poll that waits")
    await world.until(lambda: [c for c in world.calls_to("getUpdates") if c.status == 409][1:], "no conflicts")
    await band.reply_to(await band.says(bob, "/voices"))
    named = [r for r in caplog.records if "same token" in r.message]
    assert [r.levelno for r in named] == [logging.ERROR]


async def test_what_was_handled_is_confirmed_and_what_came_later_stays(
    world: TelegramWorld, band: Chat, bob: User, rig: Rig
) -> None:
    async with rig.bot():
        await band.reply_to(await band.says(bob, "/voices"))
    later = await band.says(bob, "/balance")
    async with rig.bot():
        await band.reply_to(later)
    assert len(band.texts) == 2


SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n"


async def test_orders_are_stored_before_they_are_confirmed_however_long_that_takes(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 0.001)
    first = await band.says(bob, "/voices")
    await band.reply_to(first)
    assert first.update is not None
    last = first.update["update_id"] + 1
    busy = asyncio.create_task(bot.store._driver.run([Statement(SLOW)]))
    await asyncio.sleep(0)
    await band.says(bob, "/speak Hello")
    await world.until(
        lambda: [c for c in world.calls_to("getUpdates") if (c.number("offset") or 0) > last], "not confirmed"
    )
    assert busy.done()  # which the order had to wait for
    await busy
    await band.wait_for(lambda chat: chat.audios)
    assert len(rig.gateway.posted) == 1  # however often it was given


async def test_what_the_store_never_took_comes_again_after_a_start(
    world: TelegramWorld, band: Chat, bob: User, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 0.001)
    monkeypatch.setattr("bots.telegram.connection.STOP_S", 0.1)
    stalled = asyncio.Event()

    async def never(*_: object, **__: object) -> object:
        await stalled.wait()
        raise AssertionError

    async with rig.bot():
        with monkeypatch.context() as patch:
            patch.setattr("core.service.service.Service.order", never)
            said = await band.says(bob, "/speak Hello")
            await world.until(lambda: len(world.calls_to("getUpdates")) > 3, "polling stopped")
            await band.reply_to(await band.says(bob, "/voices"))  # which one stalled order does not hold up
    assert said.update in world._updates
    async with rig.bot():
        await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.posted == ["Hello"]


async def test_an_update_that_breaks_its_handler_is_tried_three_times_and_holds_up_nobody(
    bot: Bot,
    world: TelegramWorld,
    band: Chat,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bots.telegram.intake.PAUSE_S", 0.001)
    monkeypatch.setattr("bots.telegram.commands.caller_of", None)  # no handler gets further
    said = await band.says(bob, "hello")
    await world.until(lambda: said.update not in world._updates, "not confirmed")
    broke = [r for r in caplog.records if "broke its handler" in r.message]
    assert len(broke) == 3


async def test_an_update_that_cannot_be_read_costs_itself_alone(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = await world.send_update("message", {"message_id": "words of a member", "chat": 5})
    await world.repeat({"message": "no number, and words of a member"})
    await band.reply_to(await band.says(bob, "/voices"))
    await world.until(lambda: unreadable not in world._updates, "not confirmed")
    assert "words of a member" not in caplog.text
    assert f"update {unreadable['update_id']} can't be read" in caplog.text


async def test_a_slow_answer_holds_up_no_other_chat(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.connection.BATCH_S", 600)
    held, other = asyncio.Event(), world.group("Others", bob)
    world.fail("sendMessage", Fault.slow(held), chat=band)
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.sent)
    await other.reply_to(await other.says(bob, "/voices"))
    held.set()
    await band.wait_for(lambda chat: chat.audios)


async def test_two_processes_take_turns_and_each_says_so_once(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "second").mkdir()
    await world.until(lambda: world.calls_to("getUpdates"), "no poll")
    async with Rig(world, tmp_path / "second").bot() as second:
        await world.until(lambda: [c for c in world.calls_to("getUpdates") if c.status == 409][3:], "no conflicts")
        await band.reply_to(await band.says(bob, "/voices"))
        assert not bot.run.done()
        assert not second.run.done()
    named = [r for r in caplog.records if "same token" in r.message]
    assert len(named) == 2


async def test_without_a_menu_orders_are_taken(world: TelegramWorld, band: Chat, bob: User, rig: Rig) -> None:
    world.fail("setMyCommands", Fault.server_error())
    async with rig.bot():
        await band.reply_to(await band.says(bob, "/voices"))


async def test_an_upload_that_never_left_may_be_repeated(world: TelegramWorld) -> None:
    await world.stop()
    requests = make_requests()
    telegram = make_bot(world.token, world.api_url, requests, RateLimiter())
    with pytest.raises(TelegramError) as failure:
        await telegram.send_voice(1, OGG)
    assert isinstance(upload_fault(failure.value, len(OGG)), DeliveryDelayed)
    for request in requests:
        await request.shutdown()


async def test_without_the_store_nothing_is_promised(
    bot: Bot, band: Chat, bob: User, rig: Rig, world: TelegramWorld
) -> None:
    await bot.store.close()
    assert "no orders" in (await band.reply_to(await band.says(bob, "/speak Hello"))).text
    assert "Something went wrong" in await answer(world.private(bob), bob, "/balance")
    assert rig.gateway.posted == []


async def test_a_flood_wait_over_the_wire_delays_one_chat(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User, alice: User
) -> None:
    other = world.group("Others", alice)
    world.fail("sendVoice", Fault.flood(600), chat=band)
    await band.says(bob, "/speak Hello")
    await world.until(lambda: [c for c in world.calls_to("sendVoice") if c.status == 429], "no flood")
    await other.says(alice, "/speak Hello")
    await other.wait_for(lambda chat: chat.audios)
    assert band.audios == []
