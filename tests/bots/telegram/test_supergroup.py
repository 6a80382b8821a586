"""A group that has become a supergroup goes on as it was: all that its admins set, and what its members ordered."""

from pathlib import Path

import pytest

from tests.bots.telegram.reports import REPORTED, heard, notice_in, report
from tests.bots.telegram.rig import Bot, Rig, closed
from tests.bots.telegram.talk import answer, pressed
from tests.worlds.telegram import Chat, TelegramWorld, User


@pytest.fixture
def rig(world: TelegramWorld, tmp_path: Path) -> Rig:
    return Rig(world, tmp_path, repeats=True)


@pytest.fixture
def carol(world: TelegramWorld, band: Chat) -> User:
    carol = world.user("Carol", "carol")
    band.add(carol)
    return carol


async def test_what_admins_set_holds(band: Chat, alice: User, bob: User, carol: User, bot: Bot, rig: Rig) -> None:
    for who in (bob, carol):
        await answer(band, who, "/help")
    for line in (
        "/quota default 0.03 day",
        "/quota set @carol 0.04 day",
        "/grant @carol 0.50",
        "/limits voice Bill",
        '/pronounce here "Troubadour" as "true-ba-door"',
        "/block @bob 2h",
    ):
        await answer(band, alice, line)
    await band.says(carol, "/speak Troubadour")
    first = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    await closed(bot, first.buttons["Details"].partition(":")[2])
    new = await band.migrate()
    assert "blocked your orders until" in await answer(new, bob, "/speak Hello")
    await new.says(carol, "/speak Troubadour")
    assert (await new.wait_for(lambda chat: next(iter(chat.audios), None))).text.startswith("Bill: “true-ba-door”")
    assert (await answer(new, alice, "/quota show @carol")).startswith(
        "Carol: $0.04 a day (own quota); $0.0012 used, $0.0388 left today and $0.50 credit"
    )


async def test_what_was_heard_before_is_sent_again_and_reported(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    first = await heard(band, bob)
    job_id = first.buttons["Details"].partition(":")[2]
    await closed(bot, job_id)
    assert await report(world, carol, first) == REPORTED
    old = notice_in(band)
    new = await band.migrate()
    copy = await heard(new, carol)
    assert "from an earlier take" in copy.text
    await closed(bot, job_id)
    dave = world.user("Dave")
    new.add(dave)
    assert await report(world, dave, copy) == REPORTED
    notice = notice_in(new)
    assert notice.text.startswith("For admins: 2 members reported audio that Bob")
    assert not old.edits
    said = (await pressed(world, alice, notice, "Delete"))["text"]
    assert said.startswith("Alice deleted it: nothing sends it again, but its message I may not delete")
    assert (first.deleted, copy.deleted) == (False, True)
    assert not await bot.store.history(f"telegram:{bob.id}", f"telegram:{new.id}", 9)


async def test_history_there_has_what_was_heard_before(
    band: Chat, bob: User, world: TelegramWorld, bot: Bot, rig: Rig
) -> None:
    own, first = world.private(bob), await heard(band, bob)
    await closed(bot, first.buttons["Details"].partition(":")[2])
    new = await band.migrate()
    assert await answer(new, bob, "/history") == "I have sent it to you alone, in our own chat."
    listed = await own.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))
    await pressed(world, bob, listed, "1")
    (again,) = await own.wait_for(lambda chat: chat.audios or None)
    assert again.content == first.content
    assert len(rig.gateway.parameters) == 1


async def test_a_request_for_credit_is_asked_there_once_more_and_its_order_goes(
    band: Chat, alice: User, bob: User, world: TelegramWorld, bot: Bot, rig: Rig
) -> None:
    refusal = await band.reply_to(await band.says(bob, "/speak " + "la " * 40))
    await pressed(world, bob, refusal, "Ask, then order it ($0.0119)")
    asked = await band.wait_for(lambda chat: next((m for m in chat.sent if "Approve" in m.buttons), None))
    new = await band.migrate()
    anew = await new.wait_for(lambda chat: next((m for m in chat.sent if "Approve" in m.buttons), None))
    assert anew.text == asked.text.removesuffix("\nAlice")
    await pressed(world, alice, anew, "Approve")
    voice = await new.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.text.startswith("Aria for Bob: “la la")
    assert [m.text for m in new.sent if "Approve" in m.buttons] == []
    assert len(rig.gateway.parameters) == 1
