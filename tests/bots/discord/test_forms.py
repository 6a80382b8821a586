"""Orders by a form, and by the menu of a message."""

import asyncio

import pytest

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button
from tests.worlds.discord import CommandError, Message, Reply
from tests.worlds.discord.replies import MODAL


async def opened(stage: Stage, **options: object) -> Reply:
    return await (await stage.world.command(stage.ana, stage.channel, "/form", **options)).acknowledged()


def shown(reply: Reply) -> dict[str, dict[str, object]]:
    assert reply.modal is not None
    return {label["component"]["custom_id"]: label["component"] for label in reply.modal["components"]}


async def test_a_form_opens_at_once_and_orders_all_that_was_entered(stage: Stage, app: App, studio: Studio) -> None:
    form = await opened(stage)
    assert form.callback == MODAL
    assert list(shown(form)) == ["text", "file", "voice", "tags", "settings"]
    long = "\n".join(f"Line {n}." for n in range(80))
    settings = "stability=0.5 similarity_boost=0.8 speed=1.2"
    sent = await stage.world.submit(
        stage.ana, form, text=long, voice="Roger", tags=["[whispers]", "[sighs]"], settings=settings
    )
    assert await sent.audio()
    assert studio.orders == [
        {
            "text": f"[whispers] [sighs] {long}",
            "voice": "Roger",
            "stability": 0.5,
            "similarity_boost": 0.8,
            "speed": 1.2,
        }
    ]
    await stage.world.repeat(sent)
    assert len(studio.orders) == 1


async def test_the_text_of_a_form_is_read_as_any_other(stage: Stage, app: App, studio: Studio) -> None:
    text = "Aria: **Hello**\nGeorge: Hi"
    assert await (await stage.world.submit(stage.ana, await opened(stage), text=text)).audio()
    assert sorted((o["voice"], o["text"]) for o in studio.orders) == [("Aria", "Hello"), ("George", "Hi")]
    asked = await (await stage.world.submit(stage.ana, await opened(stage), text="Arya hi")).settled(
        lambda m: m.content
    )
    assert "Did you mean the voice Aria?" in asked.content
    assert await (await stage.world.press(stage.ana, asked, button(asked, "Aria"))).audio()


async def test_a_file_is_spoken_in_the_place_of_a_text(stage: Stage, app: App, studio: Studio) -> None:
    story = stage.world.attach("story.md", b"# Once\n\nthere *was* a bird")
    assert await (await stage.world.submit(stage.ana, await opened(stage), file=story, voice="Lily")).audio()
    assert studio.orders == [{"text": "Once\n\nthere was a bird", "voice": "Lily"}]


@pytest.mark.parametrize(
    ("entered", "says"),
    [
        ({}, "There are no words in that to be heard."),
        ({"text": "🎉"}, "There is nothing to be heard in that"),
        ({"text": "Hello", "settings": "fast"}, "settings “fast” can't be used: it must be such as stability=0.5"),
        ({"text": "Hello", "settings": "speed=9"}, "speed “9” can't be used: it must be a number from 0.5 to 2.0."),
        ({"text": "Hello", "settings": "speed=1 hey"}, "settings “hey” can't be used"),
        ({"text": "speed=1 Hello", "settings": "speed=2"}, "speed “1” can't be used: it must be given once"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_of_it_is_lost(
    stage: Stage, app: App, studio: Studio, entered: dict[str, str], says: str
) -> None:
    told = await (await stage.world.submit(stage.ana, await opened(stage), **entered)).settled(lambda m: m.content)
    assert told.ephemeral
    assert says in told.content
    again = shown(await opened(stage))
    assert {name: again[name].get("value") for name in ("text", "settings")} == {
        name: entered.get(name) for name in ("text", "settings")
    }
    assert studio.orders == []


async def test_tags_begin_a_file_and_stay_where_it_is_refused(stage: Stage, app: App, studio: Studio) -> None:
    file = stage.world.attach("a.txt", b"Hello")
    await (await stage.world.submit(stage.ana, await opened(stage), file=file, tags=["[sings]"])).audio()
    assert [made["text"] for made in studio.orders] == ["[sings] Hello"]
    sent = await stage.world.submit(stage.ana, await opened(stage), file=file, tags=["[sings]"], settings="nonsense")
    await sent.settled(lambda m: m.content)
    assert "options" in (tags := shown(await opened(stage))["tags"])
    assert [o["value"] for o in tags["options"] if o.get("default")] == ["[sings]"]  # type: ignore[attr-defined]


async def test_music_has_a_form_and_formats_say_what_they_are_for(stage: Stage, app: App, studio: Studio) -> None:
    form = await opened(stage, product="music")
    formats = {o["value"]: o["label"] for o in shown(form)["output_format"]["options"]}  # type: ignore[attr-defined]
    assert formats["mp3_22050_32"] == "mp3_22050_32: voice line, small"
    assert len(formats) == 19
    assert list(shown(form)) == ["prompt", "preset", "lyrics", "output_format", "settings"]
    chosen = {"prompt": "rain", "output_format": "mp3_44100_64", "preset": "piano", "lyrics": "Drip,\ndrop"}
    chosen["settings"] = "length=30"
    assert await (await stage.world.submit(stage.ana, form, **chosen)).settled(lambda m: m.attachments)
    prompt = "rain\nsolo piano, tender\nLength: 30 seconds\nLyrics:\nDrip,\ndrop"
    assert studio.orders == [{"prompt": prompt, "output_format": "mp3_44100_64", "respect_sections_durations": True}]
    [format_option] = [o for o in stage.world.commands["music"]["options"] if o["name"] == "output_format"]
    assert {"name": "alaw_8000: telephone line, Europe", "value": "alaw_8000"} in format_option["choices"]


async def test_a_form_is_taken_after_a_restart(stage: Stage, running: Running, studio: Studio) -> None:
    async with running():
        form = await opened(stage)
    async with running():
        assert await (await stage.world.submit(stage.ana, form, text="Hello")).audio()
    assert studio.orders == [{"text": "Hello", "voice": "Aria"}]


async def test_a_form_whose_answer_is_lost_is_opened_once_more(stage: Stage, app: App) -> None:
    stage.world.drop("POST", "/callback", after_effect=False)
    assert (await opened(stage)).callback == MODAL
    stage.world.drop("POST", "/callback", after_effect=True)
    assert (await opened(stage)).callback == MODAL


def posted(stage: Stage, text: str) -> Message:
    message = stage.world.new_message(stage.channel, stage.bea.user)
    message.content = text
    stage.channel.messages[message.id] = message
    return message


async def test_a_message_is_spoken_from_its_menu(stage: Stage, app: App, studio: Studio) -> None:
    message = posted(stage, f"voice=Roger **hi** {stage.boss.mention}")
    assert await (await stage.world.choose(stage.ana, message, "Speak this message")).audio()
    assert studio.orders == [{"text": "voice=Roger hi Boss", "voice": "Aria"}]
    with pytest.raises(CommandError):
        await stage.world.command(stage.ana, stage.channel, "/Speak this message")


async def test_a_messages_file_is_spoken_and_one_without_words_refused(stage: Stage, app: App, studio: Studio) -> None:
    message = posted(stage, "")
    message.attachments = [stage.world.attach("a.txt", b"Hello there")]
    assert await (await stage.world.choose(stage.ana, message, "Speak this message")).audio()
    assert studio.orders == [{"text": "Hello there", "voice": "Aria"}]
    for content in ([], [stage.world.attach("a.png", b"x", "image/png")]):
        message.attachments = content
        told = await (await stage.world.choose(stage.ana, message, "Speak this message")).settled(lambda m: m.content)
        assert "in that message, which has neither" in told.content or "must be a text file" in told.content
    assert len(studio.orders) == 1


async def test_forms_are_opened_without_the_store(stage: Stage, app: App) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    app.service.voices.catalog_for = never  # type: ignore[assignment]
    assert (await opened(stage)).callback == MODAL
