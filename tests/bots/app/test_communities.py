"""A new group waits for whoever runs the bot: the whole service, with Telegram."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer
from tests.service import service
from tests.worlds.telegram import TelegramWorld


@pytest.fixture
async def world() -> AsyncIterator[TelegramWorld]:
    async with TelegramWorld() as world:
        yield world


WAITS = "I wait for my operator here"


async def test_a_new_group_waits_for_an_owner(world: TelegramWorld, studio: Studio, tmp_path: Path) -> None:
    boss, eve = world.user("Boss"), world.user("Eve")
    home, group = world.private(boss), world.group("Kind people", eve)
    key = f"telegram:{group.id}"
    async with service(world, studio, tmp_path, communities="ask", owners=(f"telegram:{boss.id}",)) as app:
        group.members[world.bot.id] = "left"
        await group.changes(eve, "member")
        await group.wait_for(lambda chat: [text for text in chat.texts if text.startswith("Hello!") and WAITS in text])
        await app.health.look()
        told = f"(“Kind people” {key}, Eve telegram:{eve.id})"
        await home.wait_for(lambda chat: [text for text in chat.texts if text.endswith(told)])
        assert (await answer(group, eve, "/speak Hello")).startswith(WAITS)
        assert "Only whoever runs this bot" in (await answer(group, eve, f"/communities approve {key}"))
        await home.says(boss, "/communities")
        listed = await home.wait_for(
            lambda chat: next((text for text in chat.texts if f"/communities approve {key}" in text), None)
        )
        assert f"“Kind people” {key}" in listed
        assert f"waiting, first heard from Eve (telegram:{eve.id}); /communities approve {key}" in listed
        assert (await answer(home, boss, "/communities approve")).startswith("Write /communities")
        assert (await answer(home, boss, f"/communities approve {key}")) == f"I take orders in {key} now."
        await app.health.look()
        await home.wait_for(lambda chat: [text for text in chat.texts if text.startswith("All is well again: No comm")])
        await group.says(eve, "/speak Hello")
        await group.wait_for(lambda chat: chat.audios)
        assert (await answer(home, boss, f"/communities decline {key}")).startswith("I take no orders")
        assert (await answer(group, eve, "/speak Hello again")).startswith(WAITS)
