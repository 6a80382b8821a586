"""Words for one user alone, from a process that has no websocket."""

import pytest

from bots.discord.delivery import DiscordDelivery
from bots.platform import Button
from core.domain.errors import DeliveryDelayed, DeliveryRefused
from tests.bots.discord.conftest import Stage


async def test_a_user_is_written_to_directly_with_buttons(stage: Stage, chat: DiscordDelivery) -> None:
    direct = stage.world.dm(stage.boss)
    await chat.write_to(
        f"discord:{stage.boss.id}", "*Who* is @everyone?", [Button("Approve", "c:1"), Button("No", "d")]
    )
    [message] = direct.posted
    assert message.content == r"\*Who\* is @" + "\u200beveryone?"
    assert [(b["label"], b["custom_id"]) for b in message.buttons] == [("Approve", "c:1"), ("No", "d")]
    assert not message.pings


async def test_a_user_who_lets_no_bot_write_is_a_refusal_and_an_outage_a_delay(
    stage: Stage, chat: DiscordDelivery
) -> None:
    stage.world.dm(stage.boss)
    stage.boss.user.takes_direct_messages = False
    with pytest.raises(DeliveryRefused):
        await chat.write_to(f"discord:{stage.boss.id}", "Hello")
    await stage.world.stop()
    with pytest.raises(DeliveryDelayed):
        await chat.write_to(f"discord:{stage.boss.id}", "Hello")
