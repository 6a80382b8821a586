"""What a chat refuses goes where it is taken: without its topic, as another kind of file, to its member alone."""

import asyncio

import pytest

from tests.bots.telegram.rig import Rig
from tests.core.rig import Answer
from tests.waiting import until
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def audio(chat: Chat) -> Message:
    return await chat.wait_for(lambda chat: next(iter(chat.audios), None))


@pytest.fixture
def forum(world: TelegramWorld, bob: User) -> Chat:
    return world.supergroup("Forum", bob, forum=True)


@pytest.mark.parametrize("gone", [True, False])
async def test_a_topic_that_takes_nothing_more_gives_way_to_general(
    forum: Chat, bob: User, rig: Rig, *, gone: bool
) -> None:
    topic = forum.topic("Songs")

    async def close() -> None:
        if gone:
            del forum.topics[topic.id]
        forum.closed.add(topic.id)

    rig.gateway.statuses.append(close)
    await forum.says(bob, "/speak Hello", topic=topic)
    heard = await audio(forum)
    assert (heard.thread, heard.reply_to) == (None, None)
    assert heard.text.startswith("Aria for Bob: “Hello”")


async def test_an_answer_that_is_refused_is_sent_as_none(band: Chat, bob: User, world: TelegramWorld) -> None:
    world.fail("sendVoice", Fault.bad_request("message to be replied not found"))
    await band.says(bob, "/speak Hello")
    assert (await audio(band)).reply_to is None


async def test_what_a_group_takes_no_song_of_comes_as_a_file(band: Chat, bob: User, world: TelegramWorld) -> None:
    band.forbidden = {"voice", "audio"}
    await band.says(bob, "/speak Hello")
    heard = await audio(band)
    assert (heard.kind, heard.raw["document"]["file_name"]) == ("document", "Aria - Hello.mp3")
    await band.says(bob, "/speak Hello again")
    await band.wait_for(lambda chat: chat.audios[1:])
    assert [len(world.calls_to(method)) for method in ("sendVoice", "sendAudio", "sendDocument")] == [1, 1, 2]


async def test_what_a_group_takes_at_all_no_more_goes_to_its_member_alone(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    own = world.private(bob)
    band.forbidden = {"voice", "audio", "document"}
    await band.says(bob, "/speak Hello")
    heard = await audio(own)
    assert heard.text.startswith("Aria: “Hello”\n5 characters · $0.0005 · ")
    assert heard.text.endswith("I may not post this where you ordered it, so it comes to you alone.")
    await band.wait_for(lambda chat: chat.texts == ["Bob: I may not post it here, so you have it in our direct chat."])
    assert len(world.calls_to("sendVoice")) == 2
    assert rig.gateway.posted == ["Hello"]


async def test_an_upload_to_a_direct_chat_of_unknown_outcome_is_not_repeated(
    band: Chat, bob: User, world: TelegramWorld
) -> None:
    own = world.private(bob)
    world.fail("sendVoice", Fault.kicked(), chat=band)
    world.fail("sendVoice", Fault.drop_after(), chat=own)
    await band.says(bob, "/speak Hello")
    told = await own.wait_for(lambda chat: next((m for m in chat.sent if "Send again" in m.buttons), None))
    assert told.text.startswith("I can't tell whether the audio reached this chat.")
    assert (len(own.audios), len(world.calls_to("sendVoice"))) == (1, 2)


async def test_where_no_words_are_taken_a_failure_is_told_to_its_member_alone(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    own = world.private(bob)

    async def kick() -> Answer:
        band.members[world.bot.id] = "kicked"
        return Answer("FAILED")

    rig.gateway.statuses.append(kick)
    await band.says(bob, "/speak Hello")
    told = await own.wait_for(lambda chat: next(iter(chat.texts), None))
    assert "You were not charged." in told


async def test_an_order_where_the_bot_may_not_write_is_void_before_it_is_submitted(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    own = world.private(bob)
    band.forbidden = {"text"}
    await band.says(bob, "/speak Hello")
    told = await own.wait_for(lambda chat: next(iter(chat.texts), None))
    assert told.startswith("I may not write where you ordered this until an admin there lets me, so I gave it up. You")
    await band.says(bob, "/speak Hello again")  # not even asked
    refused = await own.wait_for(lambda chat: chat.texts[1:] or None)
    assert refused[0].endswith("so nothing is ordered. An admin there can allow me: Send Text Messages.")
    assert (rig.gateway.posted, len(world.calls_to("sendMessage"))) == ([], 4)
    assert "$0.01 left today" in (await own.reply_to(await own.says(bob, "/balance"))).text


async def test_a_chat_that_is_slow_holds_no_order_up(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.first_words.FIRST_WORD_S", 0.01)
    go = asyncio.Event()
    world.fail("sendMessage", Fault.slow(go))
    await band.says(bob, "/speak Hello")
    await until(lambda: rig.gateway.posted)
    go.set()
    await audio(band)


async def test_what_could_not_be_posted_is_refused_until_a_right_is_given(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    kinds = dict.fromkeys(("can_send_voice_notes", "can_send_audios", "can_send_documents"), False)
    await band.changes(alice, "restricted", **kinds)
    refused = await band.reply_to(await band.says(bob, "/speak Hello"))
    assert refused.text.endswith("An admin there can allow me: Send Voice Messages, Send Music or Send Files.")
    assert rig.gateway.posted == []
    await band.changes(alice, "restricted", **kinds | {"can_send_documents": True})
    await band.says(bob, "/speak Hello")
    assert (await audio(band)).kind == "document"
