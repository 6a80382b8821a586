"""A dialogue in a message, and in a file."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")
TALK = "Aria: Hello\nGeorge: Hi"


async def test_each_speaks_with_their_voice(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    await band.says(bob, f"/speak {TALK}")
    await band.says(bob, "/speak Roger", more=world.document("scene.txt", f"It was night.\n{TALK}".encode()))
    await band.wait_for(lambda chat: chat.audios[1:])
    spoken = sorted((each["voice"], each["text"]) for each in rig.gateway.parameters)
    assert spoken == [("Aria", "Hello")] * 2 + [("George", "Hi")] * 2 + [("Roger", "It was night.")]


async def test_a_name_that_is_no_voices_is_refused_with_its_line(band: Chat, bob: User, rig: Rig) -> None:
    said = await answer(band, bob, f"/speak {TALK}\nBob: Hey")
    assert "voice “Bob” can't be used: it must be the name of a voice in line 3: Aria, " in said
    assert said.endswith("Write Aria: Hey, or George: Bob: Hey to have all of it said")
    assert rig.gateway.parameters == []
