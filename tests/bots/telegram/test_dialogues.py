"""A dialogue in a message, and in a file."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import pressed
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")
TALK = "Aria: Hello\nGeorge: Hi"


async def test_each_speaks_with_their_voice(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    await band.says(bob, f"/speak {TALK}")
    await band.says(bob, "/speak Roger", more=world.document("scene.txt", f"It was night.\n{TALK}".encode()))
    await band.wait_for(lambda chat: chat.audios[1:])
    spoken = sorted((each["voice"], each["text"]) for each in rig.gateway.parameters)
    assert spoken == [("Aria", "Hello")] * 2 + [("George", "Hi")] * 2 + [("Roger", "It was night.")]


async def test_a_name_that_is_no_voices_is_asked_about_and_the_text_kept(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    question = await band.reply_to(await band.says(bob, f"/speak {TALK}\nBob (sad): Hey"))
    assert question.text.startswith("No voice of mine is called “Bob”. Who says those lines? Nothing is ordered yet")
    assert list(question.buttons) == ["Roger", "Sarah", "Laura", "Say all of it"]
    assert rig.gateway.parameters == []
    await pressed(world, bob, question, "Sarah")
    await band.wait_for(lambda chat: chat.audios)
    spoken = [(each["voice"], each["text"]) for each in rig.gateway.parameters]
    assert spoken == [("Aria", "Hello"), ("George", "Hi"), ("Sarah", "[sad] Hey")]


async def test_all_names_may_be_misspelt(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    question = await band.reply_to(await band.says(bob, "/speak Aira: Hello\nGoerge: Hi"))
    assert list(question.buttons) == ["Aria & George", "Say all of it"]
    await pressed(world, bob, question, "Aria & George")
    await band.wait_for(lambda chat: chat.audios)
    assert [(each["voice"], each["text"]) for each in rig.gateway.parameters] == [("Aria", "Hello"), ("George", "Hi")]
