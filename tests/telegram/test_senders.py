"""A command acts only if its sender wrote it, here and now."""

from typing import Any

import pytest

from tests.telegram.rig import Bot, Rig
from tests.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User

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
        assert (await band.reply_to(asked)).text == f"{REFUSED}{name} …"
    quiet = await band.says(alice, "/grant @bob 5 thanks", more=more | PHOTO)
    await _nothing_happened(band, alice, rig)
    assert [m for m in band.sent if m.reply_to == quiet.id] == []
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
    await world.send_update("channel_post", post | {"entities": [mark]})
    await _nothing_happened(band, alice, rig)
    assert [m for m in band.sent if m.reply_to == copied.id] == []


async def test_what_is_edited_never_acts(band: Chat, alice: User, rig: Rig) -> None:
    words, picture = await band.says(alice, "hello"), await band.says(alice, "look", more=PHOTO)
    for said in (words, picture):
        for act in ACTS:
            await band.edits(said, f"/{act}")
    await _nothing_happened(band, alice, rig)


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
