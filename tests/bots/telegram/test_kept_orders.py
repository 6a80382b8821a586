"""An order that is refused for want of credit is kept while the admins are asked for some."""

from core.domain.products import PRICE_MICROS, catalog
from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer, pressed, sent
from tests.worlds.telegram import Chat, Message, TelegramWorld, User

LONG = "/speak " + "la " * 40
"""Costs $0.0119, of $0.01 a day."""
ASK, ASK_AND_ORDER, ORDER = "Ask an admin", "Ask, then order it ($0.0119)", "Order it now ($0.0119)"


async def asked(world: TelegramWorld, band: Chat, bob: User, label: str) -> tuple[Message, Message]:
    """Let Bob be refused and ask; return his order and what the admins see."""
    order = await band.says(bob, LONG)
    refusal = await band.reply_to(order)
    assert list(refusal.buttons)[:2] == [ASK, ASK_AND_ORDER]
    said = await pressed(world, bob, refusal, label)
    then = "when one of them approves, a button" if label == ASK else "within 24 hours, your order goes by itself."
    assert then in said["text"]
    return order, await band.wait_for(lambda chat: next((m for m in chat.sent if "Approve" in m.buttons), None))


async def approved(world: TelegramWorld, band: Chat, alice: User, request: Message) -> Message:
    await pressed(world, alice, request, "Approve")
    told = band.sent[-1]
    assert told.text.startswith("Your request for $0.0019 of credit was granted. ")
    assert told.text.endswith("\nBob")
    return told


async def test_it_is_ordered_in_one_tap_once_also_after_restarts(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot():
        order, request = await asked(world, band, bob, ASK)
    async with rig.bot():
        told = await approved(world, band, alice, request)
        assert "The order that you asked for costs $0.0119 today." in told.text
        assert rig.gateway.parameters == []
    async with rig.bot():
        data = told.buttons[ORDER]
        assert (await sent(world, alice, told, data))["text"] == "That order belongs to somebody else."
        assert (await sent(world, bob, told, data))["text"].startswith("Working on it: 119 characters, $0.0119.")
        voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
        assert voice.reply_to == order.id
        late = await sent(world, bob, told, data)
        assert late["text"].startswith("That order is not kept any more: it is ordered already, ")
    assert rig.gateway.parameters == [{"voice": "Aria", "text": LONG.removeprefix("/speak ").strip()}]


async def test_it_goes_by_itself_if_its_member_chose_that(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot():
        order, request = await asked(world, band, bob, ASK_AND_ORDER)
    async with rig.bot():
        told = await approved(world, band, alice, request)
        assert "Your order is under way." in told.text
        assert told.buttons == {}
        voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
        assert voice.reply_to == order.id
        assert "\nYou have $0.00 left today.\n" in await answer(band, bob, "/balance")
    assert len(rig.gateway.parameters) == 1


async def test_it_does_not_go_by_itself_for_whoever_left(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot():
        _, request = await asked(world, band, bob, ASK_AND_ORDER)
        band.add(bob, "left")
        told = await approved(world, band, alice, request)
        assert "Your order did not go by itself, as I can't see that you are a member here." in told.text
        assert rig.gateway.parameters == []
        band.add(bob)
        await pressed(world, bob, told, ORDER)
        await band.wait_for(lambda chat: chat.audios)


async def test_it_does_not_go_by_itself_for_whoever_is_blocked(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot():
        _, request = await asked(world, band, bob, ASK_AND_ORDER)
        await answer(band, alice, "/block @bob")
        told = await approved(world, band, alice, request)
        assert "did not go by itself. An admin of this community has blocked your orders." in told.text
        assert "has blocked your orders" in (await pressed(world, bob, told, ORDER))["text"]
        assert rig.gateway.parameters == []


async def test_it_does_not_go_by_itself_for_more_than_was_said(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    async with rig.bot() as bot:
        _, request = await asked(world, band, bob, ASK_AND_ORDER)
        bot.service.catalog = catalog(price_micros=2 * PRICE_MICROS)
        told = await approved(world, band, alice, request)
        assert "costs $0.0238 now, more than before, so it did not go by itself." in told.text
        assert "This costs $0.0238" in (await pressed(world, bob, told, "Order it now ($0.0238)"))["text"]
        assert rig.gateway.parameters == []


async def test_it_is_kept_for_a_day(band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig) -> None:
    async with rig.bot():
        _, request = await asked(world, band, bob, ASK)
        told = await approved(world, band, alice, request)
        rig.clock.forward(hours=24)
        assert (await pressed(world, bob, told, ORDER))["text"].startswith("That order is not kept any more")
        assert rig.gateway.parameters == []
