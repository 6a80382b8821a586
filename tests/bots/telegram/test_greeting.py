"""Who adds the bot to a group hears hello, with what to do next."""

import pytest

from tests.bots.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User

HELLO = "Hello! I say things with a voice and make music. Hear me: /speak@\u2060troubadour_bot Aria Hello everyone"


def hellos(chat: Chat) -> list[str]:
    return [text for text in chat.texts if text.startswith("Hello!")]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("status", ["member", "administrator"])
async def test_a_group_hears_hello_once(world: TelegramWorld, band: Chat, alice: User, status: str) -> None:
    band.members[world.bot.id] = "left"
    await band.changes(alice, status)
    await band.wait_for(hellos)
    for change in ("administrator", "member", "restricted", "left", "member", "kicked", "member"):
        await band.changes(alice, change)
    await answer(band, alice, "/voices")
    assert hellos(band) == [HELLO.replace("\u2060", "")]


@pytest.mark.usefixtures("bot")
async def test_a_change_of_rights_or_a_direct_chat_or_a_new_kind_of_group_is_no_arrival(
    world: TelegramWorld, band: Chat, alice: User
) -> None:
    for change in ("administrator", "restricted", "member"):
        await band.changes(alice, change)
    alone = world.private(alice)
    for change in ("kicked", "member"):
        await alone.changes(alice, change)
    new = await band.migrate()
    await answer(new, alice, "/voices")
    new.members[world.bot.id] = "left"
    await new.changes(alice, "member")
    await answer(new, alice, "/voices")
    assert not hellos(band) + hellos(alone) + hellos(new)
