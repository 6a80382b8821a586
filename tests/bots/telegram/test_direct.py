"""Words for one user alone, also from a process that receives nothing."""

import pytest

from bots.platform import Button
from core.domain.errors import DeliveryDelayed, DeliveryRefused
from tests.bots.telegram.rig import Rig
from tests.worlds.telegram import Fault, TelegramWorld, User


async def test_a_user_is_written_to_directly_with_buttons(rig: Rig, world: TelegramWorld, alice: User) -> None:
    async with rig.bot(receiving=False) as bot:
        with pytest.raises(DeliveryRefused):  # until the user has written to the bot
            await bot.telegram.write_to(f"telegram:{alice.id}", "Hello")
        world.private(alice)
        await bot.telegram.write_to(f"telegram:{alice.id}", "Ask @bob", [Button("Approve", "c:1"), Button("No", "d")])
        [message] = world.private(alice).sent
        assert message.text == "Ask @\u2060bob"
        assert message.buttons == {"Approve": "c:1", "No": "d"}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.blocked(), DeliveryRefused), (Fault.flood(7), DeliveryDelayed), (Fault.server_error(), DeliveryDelayed)],
)
async def test_what_goes_wrong_says_what_follows(
    rig: Rig, world: TelegramWorld, alice: User, fault: Fault, kind: type[Exception]
) -> None:
    async with rig.bot(receiving=False) as bot:
        world.private(alice)
        world.fail("sendMessage", fault)
        with pytest.raises(kind):
            await bot.telegram.write_to(f"telegram:{alice.id}", "Hello")
