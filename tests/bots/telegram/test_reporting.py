"""Audio that members report: one notice for the group's admins, who delete it, block its member, or dismiss it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bots.text.audit_replies import line
from storage.admin_store import SqlAdminStore
from storage.driver import Statement
from tests.bots.telegram.reports import REPORTED, heard, notice_in, report
from tests.bots.telegram.rig import Bot, Rig, closed
from tests.bots.telegram.talk import ADMINS_ONLY, answer, pressed, sent
from tests.makers import caller
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User


@pytest.fixture
def carol(world: TelegramWorld, band: Chat) -> User:
    carol = world.user("Carol")
    band.add(carol)
    return carol


@pytest.fixture
def dave(world: TelegramWorld, band: Chat) -> User:
    dave = world.user("Dave")
    band.add(dave)
    return dave


async def test_two_taps_tell_the_admins_once_and_later_reports_are_counted(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob, "Some secret words")
    card = dict(voice.buttons)
    asked = await pressed(world, carol, voice, "Report")
    assert asked["text"] == (
        "Report this audio to the admins here? I post who ordered it and how many reported it. "
        "Who did, and why, is told to admins alone."
    )
    assert not [m for m in band.sent if m.text.startswith("For admins: ")]
    assert await report(world, carol, voice) == REPORTED
    assert voice.buttons == card
    notice = notice_in(band)
    line = f"For admins: 1 member reported audio that Bob (id {bob.id}) ordered."
    assert (notice.text, notice.reply_to) == (f"{line}\nAlice", voice.id)
    [found] = [call.params["entities"] for call in world.calls_to("sendMessage") if "entities" in call.params]
    [mention] = json.loads(found)
    assert (mention["type"], mention["user"]["id"]) == ("text_mention", alice.id)
    assert list(notice.buttons) == ["Delete", "Block for a day", "Who reported it", "Dismiss"]
    assert await report(world, carol, voice) == "You have reported that already, and once is enough."
    assert notice.text.startswith(line)
    assert await report(world, dave, voice) == "It is reported, as it was by others before you."
    assert notice.text == f"For admins: 2 members reported audio that Bob (id {bob.id}) ordered."
    assert list(notice.buttons) == ["Delete", "Block for a day", "Who reported it", "Dismiss"]
    assert "secret" not in notice.text
    who = await pressed(world, alice, notice, "Who reported it")
    assert (who["text"], who["show_alert"]) == (
        f"Reported by Carol (id {carol.id}), Dave (id {dave.id})",
        "true",
    )


async def test_admins_alone_are_told_why_if_its_reporter_says_so(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    card = dict(voice.buttons)
    assert await report(world, carol, voice, "It is hurtful") == REPORTED
    assert voice.buttons == card
    assert await report(world, dave, voice) == "It is reported, as it was by others before you."
    assert "hurtful" not in notice_in(band).text
    assert (await pressed(world, alice, notice_in(band), "Who reported it"))["text"] == (
        f"Reported by Carol (id {carol.id}): It is hurtful, Dave (id {dave.id})"
    )
    job_id = card["Details"].partition(":")[2]
    for made_up in (f"tell:{job_id}:rude", f"tell:{job_id}:", "tell:spam:spam", "tell::spam"):
        assert (await sent(world, alice, voice, made_up))["text"].startswith("I don't know that order"), made_up


async def test_admins_are_called_once_within_an_hour(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    first, second = await heard(band, bob), await heard(band, bob, "Bye", 2)
    for voice in (first, second):
        assert await report(world, carol, voice) == REPORTED
    notices = [m.text for m in band.sent if m.text.startswith("For admins: ")]
    assert [text.endswith("\nAlice") for text in notices] == [True, False]


async def test_only_admins_act_on_a_report(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await report(world, carol, voice)
    notice = notice_in(band)
    await answer(band, alice, "/limits")
    band.add(alice, "member")
    for caption in list(notice.buttons):
        for who in (bob, carol, alice):
            said = await pressed(world, who, notice, caption)
            assert (said["text"], said["show_alert"]) == (ADMINS_ONLY, "true")
    assert not voice.deleted
    choir = world.group("Choir", alice)
    choir.add(alice, "creator")
    theirs = await choir.reply_to(await choir.says(alice, "/voices"))
    said = await sent(world, alice, theirs, notice.buttons["Delete"])
    assert said["text"] == "I don't know that report any more."


async def test_what_an_admin_deletes_is_offered_nowhere_and_stays_charged(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot, rig: Rig
) -> None:
    voice = await heard(band, bob)
    job_id = voice.buttons["Details"].partition(":")[2]
    await closed(bot, job_id)
    card, files = dict(voice.buttons), list((rig.folder / "spool").iterdir())
    await report(world, carol, voice)
    notice = notice_in(band)
    delete = notice.buttons["Delete"]
    said = "Alice deleted it, and nothing sends it again. What it cost stays charged."
    assert (await pressed(world, alice, notice, "Delete"))["text"] == said
    assert (voice.deleted, notice.text.splitlines()[-1]) == (True, said)
    assert list(notice.buttons) == ["Block for a day", "Who reported it"]
    assert (bool(files), list((rig.folder / "spool").iterdir())) == (True, [])
    band.add(dave, "administrator")
    late = await sent(world, dave, notice, delete)
    assert (late["text"], late["show_alert"]) == ("Alice has deleted it already.", "true")
    assert (await sent(world, dave, voice, card["Report"]))["text"].startswith("Report this audio")
    assert (await sent(world, dave, voice, f"tell:{job_id}"))["text"] == (
        "An admin has had that deleted, so this copy is deleted, too."
    )
    assert (await sent(world, bob, voice, card["As a file"]))["show_alert"] == "true"
    history = await answer(band, bob, "/history")
    assert "Hello" not in history
    assert "\nYou have $0.0095 left today.\n" in await answer(band, bob, "/balance")
    assert "Alice deleted reported audio of Bob" in await audit(bot, band)


async def test_where_its_message_can_not_be_deleted_that_is_said_and_tried_again(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await report(world, carol, voice)
    notice = notice_in(band)
    world.fail("deleteMessage", Fault.bad_request("Bad Request: message can't be deleted"))
    said = await pressed(world, alice, notice, "Delete")
    assert said["text"].startswith("Alice deleted it: nothing sends it again, but its message I may not delete")
    assert not voice.deleted
    await pressed(world, alice, notice, "Delete")
    assert (voice.deleted, "Delete" in notice.buttons) == (True, False)


async def test_what_was_sent_again_goes_with_it(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, tmp_path: Path
) -> None:
    async with Rig(world, tmp_path, repeats=True).bot() as bot:
        voice = await heard(band, bob)
        job_id = voice.buttons["Details"].partition(":")[2]
        await closed(bot, job_id)
        await report(world, carol, voice)
        notice = notice_in(band)
        await pressed(world, bob, voice, "As a file")
        await band.wait_for(lambda chat: len(chat.audios) == 2)
        await closed(bot, job_id)
        assert "from an earlier take" in (await heard(band, dave, number=3)).text
        await closed(bot, job_id)
        said = await pressed(world, alice, notice, "Delete")
        assert said["text"].startswith("Alice deleted it, and nothing sends it again.")
        assert [message.deleted for message in band.audios] == [True, True, True]


async def test_a_press_blocks_its_member_for_a_day_once(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await report(world, carol, voice)
    notice, block = notice_in(band), notice_in(band).buttons["Block for a day"]
    assert (await pressed(world, alice, notice, "Block for a day"))["text"].startswith(
        "Alice blocked the orders of Bob until "
    )
    assert list(notice.buttons) == ["Delete", "Who reported it", "Dismiss"]
    band.add(carol, "administrator")
    late = await sent(world, carol, notice, block)
    assert late["text"].startswith("Alice has blocked their orders already, until ")
    refused = await band.reply_to(await band.says(bob, "/speak More"))
    assert refused.text.startswith("An admin of this community has blocked your orders until ")
    assert "Alice blocked Bob" in await audit(bot, band)
    await pressed(world, alice, notice, "Dismiss")
    assert notice.text.splitlines()[-1] == "Alice dismissed that: the audio stays."
    assert notice.buttons == {}
    assert await report(world, carol, voice) == "An admin has looked at that already, and left it."
    assert not voice.deleted


async def test_a_report_outlives_the_process(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot():
        voice = await heard(band, bob)
        await pressed(world, carol, voice, "Report")
    async with rig.bot():
        assert await report(world, carol, voice) == REPORTED
    async with rig.bot():
        assert await report(world, dave, voice) == "It is reported, as it was by others before you."
        notice = notice_in(band)
        assert notice.text.startswith("For admins: 2 members reported")
        await pressed(world, alice, notice, "Delete")
    assert voice.deleted


async def test_whoever_taps_twice_at_once_is_not_said_to_follow_others(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice, notice = await heard(band, bob), await band.reply_to(await band.says(alice, "/help"))
    await pressed(world, carol, voice, "Report")
    job_id, file, filed = voice.buttons["Details"].partition(":")[2], bot.store.file_report, asyncio.Event()
    who = replace(caller("carol"), community=f"telegram:{band.id}", member=f"telegram:{carol.id}")
    await file(who, job_id, [(band.id, voice.id)])  # by the first tap, which is about to tell the admins

    async def file_and_tell(*about: Any) -> Any:
        found = await file(*about)
        filed.set()
        return found

    monkeypatch.setattr(bot.store, "file_report", file_and_tell)
    tap = asyncio.create_task(pressed(world, carol, voice, "Report it"))
    await filed.wait()
    await bot.store.note_notice(job_id, (band.id, notice.id))
    assert (await tap)["text"] == REPORTED


async def test_a_report_that_no_admin_has_seen_is_not_said_to_have_been_posted(
    band: Chat, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.reported.NOTICE_S", 0.0)
    voice = await heard(band, bob)
    job_id, who = voice.buttons["Details"].partition(":")[2], caller("carol")
    who = replace(who, community=f"telegram:{band.id}")
    await bot.store.file_report(who, job_id, [(band.id, voice.id)])  # by a process that died then
    assert await report(world, dave, voice) == (
        "It is noted, but the admins are not told yet. If nothing is posted here within a minute, report it once more."
    )


async def test_two_who_report_at_once_are_counted_in_one_notice(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await pressed(world, carol, voice, "Report")
    data = voice.buttons["Report it"]
    await asyncio.gather(*(sent(world, who, voice, data) for who in (carol, dave, alice)))
    assert notice_in(band).text.startswith("For admins: 3 members reported")


async def test_a_notice_that_somebody_deleted_is_posted_anew(
    band: Chat, alice: User, bob: User, carol: User, dave: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await report(world, carol, voice)
    notice_in(band).deleted = True
    assert await report(world, dave, voice) == REPORTED
    assert notice_in(band).text.startswith("For admins: 2 members reported")


async def test_where_nothing_can_be_posted_nothing_is_reported(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    await pressed(world, carol, voice, "Report")
    data = voice.buttons["Report it"]
    world.fail("sendMessage", Fault.kicked())
    assert (await sent(world, carol, voice, data))["text"].startswith("I can't tell the admins now, so nothing is")
    [[found]] = await bot.store._driver.run([Statement("SELECT count(*) AS n FROM reported")])
    assert found["n"] == 0
    assert (await sent(world, carol, voice, data))["text"].startswith("It is reported: ")
    assert notice_in(band).text.endswith("\nAlice")  # they were not called before


async def test_where_no_admin_can_be_seen_that_is_said(
    band: Chat, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    world.fail("getChatAdministrators", Fault.bad_request("member list is inaccessible"))
    assert await report(world, carol, voice) == (
        "It is reported in this chat. I can't see who its admins are, so nobody is called."
    )
    assert notice_in(band).text.endswith(" ordered.")


async def test_nobody_reports_their_own_or_what_is_not_there(
    band: Chat, alice: User, bob: User, world: TelegramWorld, bot: Bot
) -> None:
    voice = await heard(band, bob)
    said = await pressed(world, bob, voice, "Report")
    assert (said["text"], said["show_alert"]) == ("That is your own order: Delete takes its audio away.", "true")
    job_id = voice.buttons["Details"].partition(":")[2]
    assert (await sent(world, bob, voice, f"tell:{job_id}"))["text"].startswith("That is your own order")
    cards = await band.reply_to(await band.says(alice, "/voices"))
    assert (await sent(world, alice, cards, f"tell:{job_id}"))["text"] == "I don't know that order any more."
    choir = world.group("Choir", alice)
    theirs = await choir.reply_to(await choir.says(alice, "/voices"))
    for data in (f"report:{job_id}", f"tell:{job_id}"):
        assert (await sent(world, alice, theirs, data))["text"] == "I don't know that order any more."
    for made_up in ("report:", "tell:x y", "remove:", "remove:nothing", "block:x", "who:é", "dismiss:"):
        assert (await sent(world, alice, voice, made_up))["text"].startswith("I don't know that ")


async def test_a_direct_chat_has_nobody_to_report_to(alice: User, bob: User, world: TelegramWorld, bot: Bot) -> None:
    chat = world.private(bob)
    await chat.says(bob, "/speak Hello")
    voice = await chat.wait_for(lambda chat: next(iter(chat.audios), None))
    assert "Report" not in voice.buttons
    job_id = voice.buttons["Details"].partition(":")[2]
    said = await sent(world, bob, voice, f"report:{job_id}")
    assert said["text"] == "A direct chat has no admins who could be asked."


async def audit(bot: Bot, band: Chat) -> str:
    """Return what the group's audit says."""
    store = SqlAdminStore(bot.store._driver, bot.store._clock, bot.store)
    return "\n".join(line(entry, {}) for entry in await store.audit(f"telegram:{band.id}", 9))
