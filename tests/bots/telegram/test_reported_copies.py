"""Reported audio that was sent more than once: whose it is, and where it is deleted."""

from pathlib import Path

import pytest

from tests.bots.telegram.reports import REPORTED, heard, notice_in, report
from tests.bots.telegram.rig import Bot, Rig, closed
from tests.bots.telegram.talk import answer, pressed
from tests.worlds.telegram import Chat, Message, TelegramWorld, User


@pytest.fixture
def rig(world: TelegramWorld, tmp_path: Path) -> Rig:
    return Rig(world, tmp_path, repeats=True)


@pytest.fixture
def carol(world: TelegramWorld, band: Chat) -> User:
    carol = world.user("Carol")
    band.add(carol)
    return carol


async def both(band: Chat, bob: User, other: User, bot: Bot) -> tuple[Message, Message]:
    """Let one order something, and another the same, free."""
    first = await heard(band, bob)
    await closed(bot, first.buttons["Details"].partition(":")[2])
    copy = await heard(band, other, number=2)
    await closed(bot, first.buttons["Details"].partition(":")[2])
    assert "from an earlier take" in copy.text
    return first, copy


async def test_a_copy_is_of_whoever_had_it_sent(
    band: Chat, alice: User, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    dave = world.user("Dave")
    band.add(dave)
    first, copy = await both(band, bob, dave, bot)
    assert await report(world, dave, copy) == "You had that sent yourself, so there is nobody to report."
    assert await report(world, carol, copy) == REPORTED
    notice = notice_in(band)
    assert notice.text.startswith(f"For admins: 1 member reported audio that Dave (id {dave.id}) ordered.")
    assert notice.reply_to == copy.id
    await pressed(world, alice, notice, "Block for a day")
    assert "blocked your orders until" in await answer(band, dave, "/speak Bye")
    await pressed(world, alice, notice, "Delete")
    assert (first.deleted, copy.deleted) == (True, True)


async def test_the_first_is_of_whoever_ordered_it_also_after_copies(
    band: Chat, bob: User, carol: User, world: TelegramWorld, bot: Bot
) -> None:
    first, _ = await both(band, bob, carol, bot)
    assert await report(world, carol, first) == REPORTED
    assert f"Bob (id {bob.id})" in notice_in(band).text
