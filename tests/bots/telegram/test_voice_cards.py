"""Voices are looked at, heard and chosen before anybody pays for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.app.life import App
from tests.audio import Shapes
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import pressed, sent
from tests.service import service
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    async with Studio() as studio:
        yield studio


@pytest.fixture
async def app(
    world: TelegramWorld, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)
    async with service(world, studio, tmp_path, preview_budget="1.00") as app:
        yield app


@pytest.mark.usefixtures("app")
async def test_in_a_direct_chat_a_voice_is_heard_as_a_voice_message(
    bob: User, world: TelegramWorld, studio: Studio
) -> None:
    own = world.private(bob)
    shown = await own.reply_to(await own.says(bob, "/voices deep male"))
    assert list(shown.buttons) == ["▶ Brian", "Use Brian", "☆"]
    assert (await pressed(world, bob, shown, "▶ Brian"))["text"] == "One moment…"
    [heard] = await own.wait_for(lambda chat: chat.audios)
    assert (heard.kind, heard.text) == ("voice", "Brian: deep, male, middle-aged, American, narration, English")
    await pressed(world, bob, shown, "☆")
    await world.until(lambda: "★ Brian" in shown.text, "the star")
    world.fail("sendVoice", Fault.bad_request("VOICE_MESSAGES_FORBIDDEN"))
    await pressed(world, bob, shown, "▶ Brian")
    await own.wait_for(lambda chat: [m for m in chat.sent if m.kind == "document"])
    assert len(studio.orders) == 1


@pytest.mark.usefixtures("app")
async def test_in_a_group_it_comes_to_whoever_pressed_alone(band: Chat, bob: User, world: TelegramWorld) -> None:
    own = world.private(bob)
    await own.reply_to(await own.says(bob, "/start"))
    shown = await band.reply_to(await band.says(bob, "/voices"))
    await pressed(world, bob, shown, "▶ All 24")
    [heard] = await own.wait_for(lambda chat: chat.audios)
    assert heard.text.startswith("0:00 Aria\n0:01 Roger\n")
    assert band.audios == []
    assert (await pressed(world, bob, shown, "Use Roger"))["text"].startswith("Roger speaks for you")
    assert (await sent(world, bob, shown, "like:Roger"))["text"].startswith("Roger is among your favourites")
    await pressed(world, bob, shown, "More")
    await world.until(lambda: "Charlie" in shown.text, "the next page")
    await pressed(world, bob, shown, "Back")
    await world.until(lambda: "Roger" in shown.text, "the first page")
    assert "★" not in shown.text  # nobody else's business


@pytest.mark.usefixtures("app")
async def test_whom_the_bot_may_not_write_to_hears_it_in_the_group(
    band: Chat, alice: User, world: TelegramWorld
) -> None:
    shown = await band.reply_to(await band.says(alice, "/voices deep male"))
    await pressed(world, alice, shown, "▶ Brian")
    await band.wait_for(lambda chat: chat.audios)


async def test_without_a_budget_nothing_can_be_heard(band: Chat, bob: User, world: TelegramWorld, bot: object) -> None:
    shown = await band.reply_to(await band.says(bob, "/voices"))
    assert not [label for label in shown.buttons if "▶" in label]
