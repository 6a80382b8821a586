"""A command acts only if its sender wrote it, here and now."""

from typing import Any

import pytest

from bots.text.replies import UNTOLD
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer, with_what_is_left
from tests.worlds.telegram import Chat, Message, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot", "seen")

CAROL = {"id": 77, "is_bot": False, "first_name": "Carol"}
CHANNEL = {"id": -1007, "type": "channel", "title": "News"}
FOREIGN: dict[str, dict[str, Any]] = {
    "of a user": {"forward_origin": {"type": "user", "date": 1, "sender_user": CAROL}},
    "of somebody hidden": {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Carol"}},
    "of a group": {"forward_origin": {"type": "chat", "date": 1, "sender_chat": {**CHANNEL, "type": "supergroup"}}},
    "of a channel": {"forward_origin": {"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 3}},
    "by a bot": {"via_bot": CAROL | {"is_bot": True}},
}
PHOTO: dict[str, Any] = {"photo": [{"file_id": "p", "file_unique_id": "u", "width": 9, "height": 9}]}
FILE = {"file_id": "f", "file_unique_id": "u"}
FILES: dict[str, dict[str, Any]] = {
    "photo": PHOTO,
    "document": {"document": FILE},
    "audio": {"audio": FILE | {"duration": 1}},
    "video": {"video": FILE | {"duration": 1, "width": 9, "height": 9}},
}
ACTS = (
    "grant @bob 5 thanks",
    "quota default unlimited month",
    "block @bob",
    "limits cooldown 60",
    "speak Hi",
    "music x",
)
REFUSED = "I act only on what you write yourself. Write it here: /"


@pytest.fixture
async def seen(bot: Bot, band: Chat, bob: User) -> None:
    """Bob is known by his @name."""
    await answer(band, bob, "/balance")


async def _nothing_happened(band: Chat, alice: User, rig: Rig) -> None:
    """Messages are handled side by side, so look at what came of them once a later order is done."""
    await band.says(alice, "/speak Goodbye")
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.posted == ["Goodbye"]
    assert "(the bot's default)" in await answer(band, alice, "/quota show @bob")
    assert "cooldown: none" in await answer(band, alice, "/limits")


@pytest.mark.parametrize("more", FOREIGN.values(), ids=list(FOREIGN))
async def test_foreign_words_never_act(band: Chat, alice: User, bob: User, rig: Rig, more: dict[str, Any]) -> None:
    for act in ACTS:
        name, _, rest = act.partition(" ")
        asked = await band.says(alice, f"/{name}@troubadour_bot {rest}", more=more)
        assert (await band.reply_to(asked)).text == f"{REFUSED}{name}@troubadour_bot …"
    unnamed = await band.says(alice, "/grant @bob 5 thanks", more=more | PHOTO)
    assert (await band.reply_to(unnamed)).text == f"{REFUSED}grant …"
    await _nothing_happened(band, alice, rig)
    assert "$0.01 left today" in await answer(band, bob, "/balance")


@pytest.mark.parametrize("more", FOREIGN.values(), ids=list(FOREIGN))
async def test_in_a_direct_chat_one_line_says_so(
    world: TelegramWorld, alice: User, rig: Rig, more: dict[str, Any]
) -> None:
    own = world.private(alice)
    for file in ({}, PHOTO):
        asked = await own.says(alice, "/speak Hello", more=more | file)
        assert (await own.reply_to(asked)).text == f"{REFUSED}speak …"
    assert rig.gateway.posted == []


async def test_what_a_channel_posts_is_no_command(world: TelegramWorld, band: Chat, alice: User, rig: Rig) -> None:
    by_itself = {"is_automatic_forward": True, "sender_chat": CHANNEL, **FOREIGN["of a channel"]}
    copied = await band.says(alice, "/help@troubadour_bot", more=by_itself)
    post = {"message_id": 3, "date": 1, "chat": CHANNEL, "text": "/speak@troubadour_bot Hello"}
    mark = {"type": "bot_command", "offset": 0, "length": 21}
    await world.send_unasked("channel_post", post | {"entities": [mark]})
    await _nothing_happened(band, alice, rig)
    assert [m for m in band.sent if m.reply_to == copied.id] == []
    assert [call for call in world.calls if call.number("chat_id") == CHANNEL["id"]] == []


async def test_what_is_edited_never_acts(band: Chat, alice: User, rig: Rig) -> None:
    words, picture = await band.says(alice, "hello"), await band.says(alice, "look", more=PHOTO)
    for said in (words, picture):
        for act in ACTS:
            await band.edits(said, f"/{act}")
    await _nothing_happened(band, alice, rig)


async def test_whoever_makes_a_command_by_an_edit_hears_once_that_it_does_nothing(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    line = "I don't act on what is edited. Write it as a new message: /"
    words, asked = await band.says(bob, "hello"), await band.says(alice, "/limits text 9")
    limits = await band.reply_to(asked)
    await band.edits(asked, "/limits text 9")  # as when a preview is added
    await band.edits(words, "hello there")
    await band.edits(words, "/sing hello")
    for __ in range(2):
        await band.edits(words, "/speak@troubadour_bot hello")
    assert (await band.reply_to(words)).text == f"{line}speak@troubadour_bot …"
    robot = world.user("Robot", "robot_bot")
    robot.is_bot = True
    await band.edits(await band.says(robot, "hello"), "/speak hello")
    await band.edits(await band.says(alice, "hello", more={"date": 1}), "/speak hello", edited_s=1)
    now = await band.says(alice, "/limits")
    assert "text: 9" in (await band.reply_to(now)).text
    assert [m.reply_to for m in band.sent[1:]] == [asked.id, words.id, now.id]
    await band.edits(asked, "/limits text 10")
    await band.wait_for(lambda chat: chat.texts[-1] == f"{line}limits …")
    assert limits.reply_to == band.sent[-1].reply_to


@pytest.mark.parametrize("file", FILES.values(), ids=list(FILES))
async def test_a_caption_acts_like_a_text(
    world: TelegramWorld, band: Chat, alice: User, rig: Rig, file: dict[str, Any]
) -> None:
    asked = await band.says(alice, "/speak Roger Look at this", more=file)
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (voice.reply_to, rig.gateway.posted) == (asked.id, ["Look at this"])
    dora = world.user("Dora")
    granted = await band.says(alice, f"/grant {dora.mention} 0.50 for this", more=file)
    assert (await band.reply_to(granted)).text == "Dora now has $0.50 credit."
    await band.says(alice, "see /speak Hello", more=file)
    await answer(band, alice, "/limits")
    assert rig.gateway.posted == ["Look at this"]


async def test_an_album_acts_once(band: Chat, alice: User, bob: User, rig: Rig) -> None:
    for _ in range(2):
        await band.says(alice, "/grant @bob 0.50", more=PHOTO | {"media_group_id": "10"})
        await band.says(alice, "/speak Hello", more=PHOTO | {"media_group_id": "11"})
    await band.says(alice, "/speak Goodbye", more=PHOTO | {"media_group_id": "12"})
    await band.wait_for(lambda chat: len(chat.audios) > 1)
    assert sorted(rig.gateway.posted) == ["Goodbye", "Hello"]
    assert "$0.01 left today and $0.50 credit" in await answer(band, bob, "/balance")


# --- now ----------------------------------------------------------------------------------------------------------


async def _away(rig: Rig, band: Chat, alice: User, text: str, hours: float) -> str:
    """Return what is answered to a message that arrives after so long."""
    written_ms = rig.clock.now_ms()
    rig.clock.forward(hours=hours)
    said = await band.reply_to(await band.says(alice, text, more={"date": written_ms // 1000}))
    return await with_what_is_left(alice, said)


async def test_an_old_order_is_not_carried_out(band: Chat, alice: User, rig: Rig) -> None:
    again = "write it again if you still want it."
    assert await _away(rig, band, alice, "/speak Hello", hours=0.3) == f"That was written 18 minutes ago; {again}"
    assert await _away(rig, band, alice, "/music rain", hours=48) == f"That was written 2 days ago; {again}"
    assert "$0.01 left" in await _away(rig, band, alice, "/balance", hours=48)
    rig.clock.forward(hours=1)
    await band.says(alice, "/speak Goodbye", more={"date": rig.clock.now_ms() // 1000 - 890})
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.posted == ["Goodbye"]


async def test_an_admins_old_command_does_nothing(band: Chat, alice: User, bob: User, rig: Rig) -> None:
    said = await _away(rig, band, alice, "/grant @bob 0.50", hours=1.1)
    assert said == (
        "That was written 66 minutes ago. If it was not done then (/audit shows it), write it again if you still want it."
    )
    assert "$0.50 credit" not in await answer(band, bob, "/balance")
    assert await _away(rig, band, alice, "/grant @bob 0.50", hours=0.9) == "Bob now has $0.50 credit."


async def test_an_order_that_comes_again_much_later_is_the_same(
    world: TelegramWorld, band: Chat, alice: User, rig: Rig
) -> None:
    world.now_s = lambda: rig.clock.now_ms() / 1000
    asked = await band.says(alice, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    rig.clock.forward(hours=5)
    assert asked.update is not None
    await world.repeat(asked.update)
    await band.says(alice, "/speak Goodbye")
    await band.wait_for(lambda chat: len(chat.audios) > 1)
    assert rig.gateway.posted == ["Hello", "Goodbye"]
    assert not [text for text in band.texts if "written" in text]


# --- what an answer speaks ----------------------------------------------------------------------------------------


async def _audio(chat: Chat, user: User, text: str) -> Message:
    had = len(chat.audios)
    await chat.says(user, text)
    await chat.wait_for(lambda c: len(c.audios) > had)
    return chat.audios[-1]


async def _spoken(rig: Rig, chat: Chat, user: User, text: str, reply_to: Message, quote: str | None = None) -> str:
    """Return what was ordered by an answer that says nothing itself."""
    had = len(chat.audios)
    await chat.says(user, text, reply_to=reply_to, quote=quote)
    await chat.wait_for(lambda c: len(c.audios) > had)
    row = rig.gateway.parameters[-1]
    return str(row.get("text") or row.get("prompt"))


@pytest.mark.parametrize("text", ["so it was written\n2 letters · 1", "so it was written " * 90], ids=["whole", "cut"])
async def test_an_answer_to_our_audio_speaks_what_was_ordered(
    band: Chat, alice: User, bob: User, rig: Rig, text: str
) -> None:
    await answer(band, alice, "/quota default unlimited")
    audio = await _audio(band, alice, f"/speak Roger {text}")
    assert await _spoken(rig, band, bob, "/speak Bella", audio) == text.strip()
    assert await _spoken(rig, band, bob, "/music", audio) == text.strip()
    assert await _spoken(rig, band, bob, "/speak", audio, quote="was written") == "was written"
    assert await _spoken(rig, band, bob, "/speak", audio, quote="characters") == text.strip()
    assert await _spoken(rig, band, bob, "/speak other words", audio) == "other words"


async def test_an_answer_to_what_ordered_speaks_its_text(band: Chat, alice: User, bob: User, rig: Rig) -> None:
    written = await band.says(alice, "so it was written")
    never = await band.says(alice, "/music@Troubadour_bot output_format=mp3_44100_32 rain", more=FOREIGN["of a user"])
    bare = await band.says(bob, "/speak", reply_to=written)
    await band.wait_for(lambda chat: chat.audios)
    voiced = await band.says(bob, "/speak Roger speed=1.2 Hello")
    await band.wait_for(lambda chat: len(chat.audios) > 1)
    other = await band.says(alice, "/sing@other_bot Hello")
    assert await _spoken(rig, band, bob, "/speak", bare) == "so it was written"
    assert await _spoken(rig, band, bob, "/speak", voiced) == "Hello"
    assert await _spoken(rig, band, bob, "/speak", never) == "rain"
    assert await _spoken(rig, band, bob, "/speak", voiced, quote="/speak Roger speed=1.2 Hel") == "Hel"
    assert await _spoken(rig, band, alice, "/speak", other) == "/sing Hello"


async def test_what_can_not_be_told_is_not_spoken(
    world: TelegramWorld, band: Chat, alice: User, bob: User, rig: Rig
) -> None:
    await band.says(bob, "/voices")
    told = await band.wait_for(lambda chat: next((m for m in chat.sent if "24 voices" in m.text), None))
    assert await answer(band, bob, "/speak", reply_to=told) == UNTOLD
    own = world.private(alice)
    audio = await _audio(own, alice, "/speak A secret")
    origin = {"forward_origin": {"type": "user", "date": 1, "sender_user": world.bot.raw}}
    elsewhere = await band.says(alice, audio.text, more=origin | {"voice": FILE | {"duration": 1}})
    assert await answer(band, bob, "/speak", reply_to=elsewhere) == UNTOLD
    far = {"external_reply": {"origin": origin["forward_origin"]}, "quote": {"text": "Aria: “A", "position": 0}}
    assert (await band.reply_to(await band.says(bob, "/speak", more=far))).text == UNTOLD
    assert rig.gateway.posted == ["A secret"]
