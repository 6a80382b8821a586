"""Members hear alone, and admins in the group, that little is left."""

import pytest

from core.domain.errors import DeliveryDelayed
from core.domain.orders import Destination
from core.domain.warnings import Budget, BudgetWarning
from tests.bots.telegram.rig import Bot, Rig, fill
from tests.bots.telegram.talk import LEFT, pressed
from tests.makers import day, job
from tests.worlds.telegram import Chat, Message, TelegramWorld, User

NEAR = "Over 80 % of your allowance is used: $0.002 left today. It is $0.01 a day, and begins anew 19 Mar 00:00 UTC."
LINE = "Bob: Little is left of what you may spend here."


def saying(chat: Chat, words: str) -> list[Message]:
    return [message for message in chat.sent if words in message.text]


async def test_a_member_with_a_direct_chat_is_warned_there_once(
    world: TelegramWorld, band: Chat, bob: User, rig: Rig
) -> None:
    alone = world.private(bob)
    async with rig.bot():
        await band.says(bob, f"/speak {'x' * 80}")
        said = await alone.wait_for(lambda chat: next(iter(saying(chat, "allowance")), None))
        assert said.text == f"Where you ordered “{'x' * 59}…”: {NEAR}"
    async with rig.bot():
        await band.says(bob, "/speak Hi")
        await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert len(alone.sent) == 1
    assert saying(band, "allowance") + saying(band, "left") == []


@pytest.mark.usefixtures("bot")
async def test_a_member_without_one_has_a_line_without_money(world: TelegramWorld, band: Chat, bob: User) -> None:
    asked = await band.says(bob, f"/speak {'x' * 80}")
    [line] = await band.wait_for(lambda chat: saying(chat, "Little is left"))
    assert (line.text, line.reply_to) == (LINE, asked.id)
    assert "$0.002 left today" in (await pressed(world, bob, line, LEFT))["text"]


@pytest.mark.usefixtures("bot")
async def test_in_a_direct_chat_a_member_is_warned_beside_the_order(world: TelegramWorld, bob: User) -> None:
    alone = world.private(bob)
    await alone.says(bob, f"/speak {'x' * 80}")
    [said] = await alone.wait_for(lambda chat: saying(chat, "allowance"))
    assert said.text == NEAR


async def test_admins_are_warned_of_the_pool_where_it_was_drawn(band: Chat, bob: User, bot: Bot) -> None:
    bot.store.default_pool_micros = 1000
    await band.says(bob, "/speak Hello band")
    await band.says(bob, "/speak Hi")
    [said] = await band.wait_for(lambda chat: saying(chat, "For admins"))
    assert said.text == (
        "For admins: What all of this chat may spend this month is at its end. An order that costs more than is left "
        "of it is refused until 1 Apr 00:00 UTC. /usage shows where it went."
    )


async def test_a_group_without_room_is_warned_with_a_later_order(band: Chat, bob: User, bot: Bot) -> None:
    standing = await bot.store.standing(f"telegram:{band.id}", f"telegram:{bob.id}", day(1))
    pool = BudgetWarning(budget=Budget.POOL, percent=80, ends_ms=1, standing=standing)
    fill(bot, band)
    with pytest.raises(DeliveryDelayed, match="no room"):
        await bot.telegram.warn(job(platform="telegram", destination=Destination("telegram", {"chat": band.id})), pool)
    assert band.sent == []
