"""A text file as an option of /speak."""

import pytest

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.worlds.discord.places import Attachment

STORY = "Once upon a time\nthere was a bird."


async def test_a_file_is_spoken(stage: Stage, app: App, studio: Studio) -> None:
    file = stage.world.attach("story.txt", STORY.encode("utf-16"))
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Roger speed=1.2", file=file)
    await reply.audio()
    assert studio.orders == [{"text": STORY, "voice": "Roger", "speed": 1.2}]


async def refused(stage: Stage, file: Attachment, text: str = "Roger") -> str:
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text=text, file=file)
    said = await reply.settled(lambda m: m.content)
    assert said.ephemeral
    return said.content


async def test_what_can_not_be_spoken_is_refused_before_it_is_fetched(stage: Stage, app: App, studio: Studio) -> None:
    world = stage.world
    for text in ("Roger", "Roger Hello"):
        assert "must be a text file" in await refused(stage, world.attach("a.png", b"\x89PNG", "image/png"), text)
    assert "at most 256 KiB" in await refused(stage, world.attach("a.txt", b"Hi", size=1_000_000))
    assert "with nothing but a voice" in await refused(stage, world.attach("a.txt", b"Hi"), "Roger Hello")
    assert (world.fetched, studio.orders) == ([], [])


@pytest.mark.parametrize("size", [262_145, 50_000_000])
async def test_a_file_is_cut_off_however_small_it_is_said_to_be(
    stage: Stage, app: App, studio: Studio, size: int
) -> None:
    assert "at most 256 KiB" in await refused(stage, stage.world.attach("a.txt", b"a" * size, size=9))
    assert studio.orders == []


async def test_nothing_is_fetched_but_from_discord(stage: Stage, app: App, studio: Studio) -> None:
    for url in (
        f"{studio.url}/media/1",
        "http://cdn.discordapp.com/a.txt",
        "https://cdn.discordapp.com.evil.example/a",
    ):
        assert "which failed just now" in await refused(stage, stage.world.attach("a.txt", b"Hi", url=url))
    gone = stage.world.attach("gone.txt", b"Hi")
    del stage.world.uploads[str(gone.id)]
    assert "which failed just now" in await refused(stage, gone)
    assert (stage.world.fetched, studio.orders) == (["gone.txt"], [])


async def test_music_has_no_such_option(stage: Stage, app: App) -> None:
    taking = [
        name
        for name, command in stage.world.commands.items()
        for option in command.get("options", ())
        if option["type"] == 11
    ]
    assert taking == ["speak"]
    [text, file, *_] = stage.world.commands["speak"]["options"]
    assert (text["name"], text["required"], text["max_length"]) == ("text", True, 6000)
    assert (file["name"], file["required"]) == ("file", False)
