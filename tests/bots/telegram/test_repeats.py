"""The same speech once more: what is kept of it comes, free, and says so; a new take is one press away."""

from pathlib import Path

import pytest

from core.domain.errors import MediaUnavailable
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer, pressed
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User


@pytest.fixture
def rig(world: TelegramWorld, tmp_path: Path) -> Rig:
    return Rig(world, tmp_path, repeats=True)


async def audio(band: Chat, number: int) -> Message:
    found: list[Message] = await band.wait_for(lambda chat: chat.audios if len(chat.audios) == number else None)
    return found[-1]


async def test_what_another_had_made_here_comes_free_and_a_new_take_is_paid(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    await band.says(bob, "/speak Hello")
    first = await audio(band, 1)
    assert "from an earlier take" not in first.text
    asked = await band.says(alice, "/speak Hello")
    again = await audio(band, 2)
    assert (again.kind, again.reply_to) == ("voice", asked.id)
    assert again.text == "Aria: “Hello”\n5 characters · free, from an earlier take"
    assert [text for text in again.buttons if "(" in text] == [
        "New take ($0.0005)",
        "Roger ($0.0005)",
        "Sarah ($0.0005)",
    ]
    assert "Delete" not in again.buttons  # it would be Bob's
    assert (await pressed(world, alice, again, "Details"))["text"].startswith("Speech · Aria")
    assert "\nYou have $0.01 left today." in await answer(band, alice, "/balance")
    await pressed(world, alice, again, "New take ($0.0005)")
    anew = await audio(band, 3)
    assert "from an earlier take" not in anew.text
    assert "\nYou have $0.0095 left today." in await answer(band, alice, "/balance")
    assert len(rig.gateway.parameters) == 2


async def test_whoever_asked_has_it_as_a_file_also_after_others_asked(
    band: Chat, alice: User, bob: User, world: TelegramWorld, bot: Bot
) -> None:
    carol, dave = world.user("Carol"), world.user("Dave")
    band.add(carol)
    band.add(dave)
    await band.says(bob, "/speak Hello")
    await audio(band, 1)
    cards = []
    for number, who in enumerate((alice, carol), 2):
        await band.says(who, "/speak Hello")
        cards.append(await audio(band, number))
    for number, (who, card) in enumerate(zip((alice, carol, bob), (*cards, cards[0]), strict=True), 4):
        await pressed(world, who, card, "As a file")
        assert (await audio(band, number)).kind == "audio"
        assert (await pressed(world, who, card, "Details"))["text"].startswith("Speech · Aria")
    for label in ("As a file", "Details"):
        assert (await pressed(world, dave, cards[0], label))["text"] == "That order belongs to somebody else."


async def test_an_update_that_comes_twice_has_one_answer(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    await band.says(bob, "/speak Hello")
    await audio(band, 1)
    asked = await band.says(bob, "/speak Hello")
    await audio(band, 2)
    assert asked.update is not None
    await world.repeat(asked.update)
    await band.says(bob, "/speak Bye")
    assert (await audio(band, 3)).text.startswith("Aria: “Bye”")
    assert len(rig.gateway.parameters) == 2


async def test_what_is_lost_meanwhile_is_said_and_made_anew_at_a_press(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    await band.says(bob, "/speak Hello")
    job_id = (await audio(band, 1)).buttons["Details"].partition(":")[2]
    for path in (rig.folder / "spool").glob(f"*{job_id}*"):
        path.unlink()
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False)]
    world.fail("sendVoice", Fault.bad_request("wrong file identifier/HTTP URL specified"))
    await band.says(alice, "/speak Hello")
    said = await band.wait_for(lambda chat: next((m for m in chat.sent if "Try again ($0.0005)" in m.buttons), None))
    assert said.text == "The audio is not kept any more, neither here nor at the audio service."
    assert "Send again" not in said.buttons
    assert "not delivered" not in await answer(band, bob, "/history")  # it was, to him
    await pressed(world, alice, said, "Try again ($0.0005)")
    await audio(band, 2)
    assert len(rig.gateway.parameters) == 2
