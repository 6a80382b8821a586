"""How words are said, with /pronounce."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import ADMINS_ONLY, answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def test_a_list_is_the_members_alone_and_changes_what_is_spoken(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    assert "“nginx” is said as “engine x” from now on." in await answer(band, bob, "/pronounce nginx as engine x")
    assert await answer(band, bob, "/pronounce here gif as jif") == ADMINS_ONLY
    assert "from now on" in await answer(band, alice, "/pronounce here gif as jif")
    await band.says(bob, "/speak Aria the nginx gif was shown")
    await band.wait_for(lambda chat: chat.audios)
    await band.says(alice, "/speak Aria the nginx gif was shown")
    await band.wait_for(lambda chat: chat.audios[1:])
    assert [each["text"] for each in rig.gateway.parameters] == [
        "the engine x jif was shown",
        "the nginx jif was shown",
    ]
    alone = world.private(bob)
    asked = await band.says(bob, "/pronounce")
    told = await alone.wait_for(lambda chat: next(iter(chat.texts), None))
    assert "“nginx” is said as “engine x”" in told
    assert "engine x" not in (await band.reply_to(asked)).text
    assert "as in nginx as engine x" in await answer(band, bob, "/pronounce nginx")
    assert "as it is written from now on" in await answer(band, bob, "/pronounce remove nginx")
