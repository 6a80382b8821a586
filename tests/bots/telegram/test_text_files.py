"""A text file with /speak in its caption, or answered with it."""

from typing import Any

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")
STORY = "Once upon a time\nthere was a bird."


async def test_a_document_is_spoken_by_the_voice_in_its_caption(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    await band.says(bob, "/speak Roger", more=world.document("story.txt", STORY.encode()))
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.parameters == [{"voice": "Roger", "text": STORY}]


async def test_a_document_is_spoken_by_whoever_answers_it(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    story = await band.says(alice, "my story", more=world.document("story.md", STORY.encode(), "text/markdown"))
    await band.says(bob, "/speak Roger", reply_to=story)
    await band.wait_for(lambda chat: chat.audios)
    await band.says(bob, "/speak Roger Well done!", reply_to=story)
    await band.wait_for(lambda chat: chat.audios[1:])
    await band.says(bob, "/speak", reply_to=story, quote="my")
    await band.wait_for(lambda chat: chat.audios[2:])
    assert [each["text"] for each in rig.gateway.parameters] == [STORY, "Well done!", "my"]
    assert len(world.calls_to("getFile")) == 1


async def test_a_document_that_is_no_text_leaves_the_words_as_they_are(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    picture = world.document("a.png", b"\x89PNG", "image/png")
    await band.says(bob, "/speak Roger Look!", more=picture)
    await band.wait_for(lambda chat: chat.audios)
    captioned = await band.says(bob, "So it is.", more=picture)
    await band.says(bob, "/speak Roger", reply_to=captioned)
    await band.wait_for(lambda chat: chat.audios[1:])
    assert [each["text"] for each in rig.gateway.parameters] == ["Look!", "So it is."]
    bare = await band.says(bob, "", more=picture)
    for said in (
        await answer(band, bob, "/speak", reply_to=bare),
        (await band.reply_to(await band.says(bob, "/speak Roger", more=picture))).text,
    ):
        assert said == "file “a.png” can't be used: it must be a text file, .txt or .md."


async def test_what_can_not_be_spoken_is_refused(band: Chat, bob: User, world: TelegramWorld, rig: Rig) -> None:
    async def refused(caption: str, content: bytes = b"Hello", **said: Any) -> str:
        asked = await band.says(bob, caption, more=world.document("a.txt", content, **said))
        return (await band.reply_to(asked)).text

    assert "with nothing but a voice and settings beside it. Write /speak Aria" in await refused("/speak Roger Hello")
    assert "at most 256 KiB" in await refused("/speak", file_size=1_000_000)
    assert world.calls_to("getFile") == []
    for size in (262_145, 40_000_000):
        assert "at most 256 KiB" in await refused("/speak", b"a" * size, file_size=9)
    gone = world.document("gone.txt", b"Hello")
    del world.documents[gone["document"]["file_id"]]
    assert "which failed just now" in (await band.reply_to(await band.says(bob, "/speak", more=gone))).text
    assert rig.gateway.parameters == []
