"""A command without words asks for them, and takes the reply of whoever was asked."""

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import pressed, sent
from tests.worlds.telegram import Chat, Message, TelegramWorld, User


async def asked(chat: Chat, user: User, text: str) -> Message:
    return await chat.reply_to(await chat.says(user, text))


async def heard(chat: Chat, rig: Rig, count: int = 1) -> list[tuple[str, str]]:
    await chat.wait_for(lambda chat: len(chat.audios) == count)
    return [(said["voice"], said["text"]) for said in rig.gateway.parameters]


@pytest.mark.usefixtures("bot")
async def test_a_bare_command_asks_and_takes_the_reply(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    question = await asked(band, bob, "/speak")
    assert "What should I say? Reply to this within 5 minutes" in question.text
    assert "In one line: /speak Aria Hello everyone" in question.text
    forced = world.calls_to("sendMessage")[0].object("reply_markup")
    assert forced == {"force_reply": True, "selective": True}
    answer = await band.says(bob, "Roger, hello\nthere speed=1.2", reply_to=question)
    assert await heard(band, rig) == [("Roger", "hello\nthere")]
    assert rig.gateway.parameters[0]["speed"] == 1.2
    assert band.audios[0].reply_to == answer.id


@pytest.mark.usefixtures("bot")
async def test_what_was_written_before_counts_and_a_file_is_taken(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    question = await asked(band, bob, "/speak@troubadour_bot George speed=1.5")
    await band.says(bob, "", reply_to=question, more=world.document("story.md", b"# Once"))
    assert await heard(band, rig) == [("George", "Once")]
    assert rig.gateway.parameters[0]["speed"] == 1.5
    question = await asked(band, bob, "/form music")
    assert "What should I play? Reply to this within 5 minutes with the words." in question.text
    await band.says(bob, "lo-fi rain", reply_to=question)
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert rig.gateway.parameters[1] == {"prompt": "lo-fi rain"}


@pytest.mark.usefixtures("bot")
async def test_a_form_has_tags_to_press_that_begin_the_text(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    assert "With tags to press: /form" in (await asked(band, bob, "/speak")).text
    form = await asked(band, bob, "/form")
    assert form.text.endswith("\nPress tags to have them before the text; each character of them costs, too.")
    assert [*form.buttons.values()][:2] == ["tag:[whispers]", "tag:[laughs]"]
    said = [(await pressed(world, bob, form, tag))["text"] for tag in ("sighs", "whispers", "sings", "✓ sighs")]
    assert said[:2] == ["It begins with [sighs]", "It begins with [sighs] [whispers]"]
    assert said[-1] == "It begins with [whispers] [sings]"
    await pressed(world, bob, form, "laughs")
    fourth = await pressed(world, bob, form, "sighs")
    assert (fourth["text"][:34], fourth["show_alert"]) == ("At most 3 tags begin a text here. ", "true")
    assert [label for label in form.buttons if "✓" in label] == ["✓ whispers", "✓ laughs", "✓ sings"]
    theirs = await pressed(world, alice, form, "sighs")
    assert theirs["text"] == "That question is over, or somebody else was asked. /form asks you."
    assert (await sent(world, bob, form, "tag:[nonsense]"))["text"].startswith("I don't know ")
    await band.says(bob, "Roger: Hello", reply_to=form)
    assert await heard(band, rig) == [("Roger", "[whispers] [sings] [laughs] Hello")]


@pytest.mark.usefixtures("bot")
async def test_tags_begin_a_file_and_what_is_said_first_in_a_dialogue(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    for more, text in ((world.document("story.txt", b"Once"), ""), ({}, "Aria: Who is there?\nGeorge: Only me.")):
        form = await asked(band, bob, "/form")
        await pressed(world, bob, form, "whispers")
        await band.says(bob, text, reply_to=form, more=more)
    assert (await heard(band, rig, 2))[0] == ("Aria", "[whispers] Once")
    assert {said["text"] for said in rig.gateway.parameters[1:]} == {"[whispers] Who is there?", "Only me."}


@pytest.mark.usefixtures("bot")
async def test_only_the_timely_reply_of_whoever_was_asked_counts_and_once(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    question = await asked(band, bob, "/speak")
    await band.says(alice, "I answer for Bob", reply_to=question)
    await band.says(bob, "no reply at all")
    await band.says(bob, "Hello", reply_to=question)
    assert await heard(band, rig) == [("Aria", "Hello")]
    await band.says(bob, "Hello again", reply_to=question)
    late = await asked(band, bob, "/speak")
    now_s = world.now_s
    world.now_s = lambda: now_s() + 301
    assert "more than 5 minutes after my question" in (await asked_by_reply(band, bob, "too late", late)).text
    assert len(rig.gateway.parameters) == 1


async def asked_by_reply(chat: Chat, user: User, text: str, question: Message) -> Message:
    return await chat.reply_to(await chat.says(user, text, reply_to=question))


@pytest.mark.usefixtures("bot")
async def test_an_answer_without_words_is_asked_for_again(world: TelegramWorld, bob: User, rig: Rig) -> None:
    alone = world.private(bob)
    question = await asked(alone, bob, "/speak Roger")
    again = await asked_by_reply(alone, bob, "", question)
    assert "What should I say?" in again.text
    await alone.says(bob, "Here it is", reply_to=again)
    assert await heard(alone, rig) == [("Roger", "Here it is")]
