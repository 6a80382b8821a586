"""An order in, audio out."""

import io
import re
import wave

import pytest

from bots.app.life import App
from core.domain.audio import LARGE_BYTES
from tests.audio import MP3, SHAPES
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio, sound
from tests.worlds.discord import DiscordWorld, Reply


async def speak(stage: Stage, text: str = "Hello everyone", **options: object) -> Reply:
    return await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text=text, **options)


async def test_speech_is_attached_to_the_reply(stage: Stage, app: App, studio: Studio) -> None:
    reply = await speak(stage, stability=0.5, speed=1.5)
    [file] = await reply.audio()
    assert file.content.startswith(b"ID3")  # what was made was WAV
    assert (file.filename, file.title) == ("Aria - Hello everyone.mp3", "Aria - Hello everyone")
    assert studio.orders == [
        {"text": "Hello everyone", "voice": "Aria", "stability": 0.5, "speed": 1.5},
    ]
    assert reply.content == "Aria: “Hello everyone”"
    assert not reply.ephemeral
    told = await reply.settled(lambda m: m.ephemeral)
    assert "14 characters · $0.0014 · $0.0986 left today" in told.content
    assert stage.channel.posted == [reply.original]


async def test_an_order_that_is_soon_done_makes_no_more_requests_than_are_seen(stage: Stage, app: App) -> None:
    await stage.world.connected()
    before = len(stage.world.requests)
    reply = await speak(stage)
    await reply.settled(lambda m: m.ephemeral)
    made = [(request.method, request.path.rpartition("/")[2]) for request in stage.world.requests[before:]]
    assert [each for each in made if each[0] != "POST"] == [("PATCH", "@original")] * 2  # what it is, and the audio
    assert len(made) == 4  # and the acknowledgement and the receipt


async def test_a_large_upload_is_announced_and_a_small_one_is_not(
    stage: Stage, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = await speak(stage)
    await small.audio()
    monkeypatch.setitem(SHAPES, "mp3", (MP3 + bytes(LARGE_BYTES), SHAPES["mp3"][1]))
    large = await speak(stage, "Hello again")
    await large.audio()
    assert ["Sending" in "".join(reply.edits) for reply in (small, large)] == [False, True]
    assert large.edits[-2] == "Sending the audio: 11 characters, $0.0011.\n“Hello again”"


async def test_music_takes_its_options(stage: Stage, app: App, studio: Studio) -> None:
    order = {"prompt": "lo-fi rain beat", "output_format": "mp3_44100_128", "respect_sections_durations": True}
    reply = await stage.world.command(stage.ana, stage.channel, "/music", **order)
    [file] = await reply.audio()
    assert file.filename == "lo-fi rain beat.mp3"
    assert reply.content == "Music: “lo-fi rain beat”"
    assert studio.orders == [order]


async def test_one_noisy_member_delays_nobody(stage: Stage, app: App) -> None:
    stage.world.limit_rate("POST", "/callback$", 60, times=30)
    for _ in range(30):
        await stage.world.command(stage.bea, stage.channel, "/help")
    await stage.world.pulse.until(lambda: _callbacks(stage.world).count(429) == 30)
    assert await (await speak(stage)).audio()


async def test_the_order_is_acknowledged_before_any_work(
    stage: Stage, app: App, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.progress.APART_S", 0)
    studio.ready.clear()
    reply = await speak(stage)
    await reply.wait_for(lambda r: "Generating speech" in r.content)
    assert reply.callback == 5
    studio.ready.set()
    await reply.audio()
    assert reply.edits[0] == "Working on it: 14 characters, $0.0014. Usually about 15 s.\n“Hello everyone”"
    begun = re.compile(
        "Generating speech: 14 characters, [$]0.0014. Begun <t:[0-9]{10}:R>, usually about 15 s.\n“Hello everyone”"
    )
    assert [edit for edit in reply.edits if begun.fullmatch(edit)] == reply.edits[1:-1]
    assert reply.content == "Aria: “Hello everyone”"


async def test_the_same_event_twice_is_one_order(stage: Stage, app: App, studio: Studio) -> None:
    studio.ready.clear()
    reply = await speak(stage)
    await reply.acknowledged()
    await stage.world.repeat(reply)
    await stage.world.pulse.until(lambda: _callbacks(stage.world) == [200, 400])
    studio.ready.set()
    await reply.audio()
    assert len(studio.orders) == 1
    assert reply.followups == []


def _callbacks(world: DiscordWorld) -> list[int | None]:
    return [r.status for r in world.requests if r.path.endswith("/callback")]


async def test_a_refusal_is_for_the_author_alone(stage: Stage, app: App, studio: Studio) -> None:
    reply = await speak(stage, "x" * 1001)
    said = await reply.settled(lambda m: m.content)
    assert said.ephemeral
    assert reply.deleted
    assert "This costs $0.1001, and you have $0.10 left today" in said.content
    assert stage.channel.posted == []
    assert studio.orders == []


async def test_choices_are_offered_and_checked_again(stage: Stage, app: App, studio: Studio) -> None:
    offered = await stage.world.autocomplete(stage.ana, stage.channel, "/speak", voice="AR", focused="voice")
    assert offered[0]["value"] == "Aria"
    assert "Charlotte" in [c["value"] for c in offered]
    everything = await stage.world.autocomplete(stage.ana, stage.channel, "/speak", voice="", focused="voice")
    assert len(everything) == 24
    deep = await stage.world.autocomplete(stage.ana, stage.channel, "/speak", voice="deep male", focused="voice")
    assert deep == [{"name": "Brian: deep, male, middle-aged, American, narration, English", "value": "Brian"}]
    bad = "@everyone **Bob** <@123456789012345678>"
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice=bad, text="Hello")
    said = await reply.settled(lambda m: m.content)
    assert said.ephemeral
    assert said.pings == []
    assert "**Bob**" not in said.content
    assert "@everyone" not in said.content
    assert "can't be used" in said.content
    assert studio.orders == []


async def test_voices_without_a_limit_are_cut_to_what_discord_takes(stage: Stage, running: Running) -> None:
    more = " ".join(f"Extra{n}" for n in range(30))
    async with running(more_voices=more):
        offered = await stage.world.autocomplete(stage.ana, stage.channel, "/speak", voice="extra", focused="voice")
    assert len(offered) == 25


async def test_a_failure_is_told_and_costs_nothing(stage: Stage, app: App, studio: Studio) -> None:
    studio.outcome = "FAILED"
    reply = await speak(stage)
    said = await reply.settled(lambda m: "not charged" in m.content)
    assert said.ephemeral
    assert reply.deleted
    assert [b["label"] for b in said.buttons] == ["Try again ($0.0014)", "Details"]
    balance = await stage.world.command(stage.ana, stage.channel, "/balance")
    assert "$0.10 left today" in (await balance.answered()).content


async def test_a_direct_chat_is_a_community_of_one(world: DiscordWorld, running: Running, studio: Studio) -> None:
    sam = world.user("Sam")
    async with running(direct_allowance="0.05 day"):
        reply = await world.command(sam, world.dm(sam), "/speak", voice="Bill", text="Hi")
        await reply.audio()
        assert "$0.0498 left today" in reply.content
    async with running():
        refused = await world.command(sam, world.dm(sam), "/speak", voice="Bill", text="Hi")
        assert "you have no allowance here" in (await refused.settled(lambda m: m.content)).content


@pytest.mark.usefixtures("listens")
async def test_a_chosen_format_arrives_as_chosen_or_the_reply_says_why_not(
    stage: Stage, app: App, studio: Studio
) -> None:
    studio.audio = sound(1)
    reply = await stage.world.command(stage.ana, stage.channel, "/music", prompt="rain", output_format="pcm_8000")
    [file] = await reply.audio()
    assert file.filename == "rain.wav"
    with wave.open(io.BytesIO(file.content)) as heard:
        assert (heard.getframerate(), heard.getnframes()) == (8000, 8000)
    assert reply.content == "Music: “rain”"
    stage.channel.upload_limit_bytes = 60_000
    reply = await stage.world.command(stage.ana, stage.channel, "/music", prompt="rain", output_format="pcm_48000")
    [file] = await reply.audio()
    assert file.filename == "rain.mp3"
    assert "As pcm\\_48000 it would be too large for this chat" in reply.content


async def test_an_upload_that_is_too_large_is_shrunk_once(stage: Stage, app: App, studio: Studio) -> None:
    studio.audio = sound(3)
    stage.world.fail("PATCH", "@original$", 413, 40005, "Request entity too large", uploads=True)
    reply = await speak(stage)
    [file] = await reply.audio()
    assert file.filename.endswith(".mp3")
    assert len(file.content) <= len(studio.audio) // 2


async def test_the_announced_limit_is_kept(stage: Stage, app: App, studio: Studio) -> None:
    studio.audio = sound(3)
    stage.channel.upload_limit_bytes = 60_000
    reply = await speak(stage)
    [file] = await reply.audio()
    assert len(file.content) <= 60_000
    uploads = [r for r in stage.world.requests if r.files]
    assert [r.status for r in uploads] == [200]


@pytest.mark.usefixtures("listens")
async def test_the_sandbox_speaks_in_a_real_voice(stage: Stage, running: Running) -> None:
    async with running(gateway_url="sandbox"):
        reply = await speak(stage)
        [file] = await reply.audio()
    assert len(file.content) > 10_000
    assert "$0.0014" in (await reply.settled(lambda m: m.ephemeral)).content


async def literally(stage: Stage, text: str) -> Reply:
    """Type a command as it is read in a chat: all of it goes into the first option that is required."""
    speak = stage.world.commands["speak"]
    first = next(option["name"] for option in speak["options"] if option["required"])
    return await stage.world.command(stage.ana, stage.channel, "/speak", **{first: text})


async def test_a_command_typed_literally_speaks_with_the_voice_that_it_names(
    stage: Stage, app: App, studio: Studio
) -> None:
    for text, voice, said in (
        ("Brian Hello everyone", "Brian", "Hello everyone"),
        ('"Roger": hi', "Roger", "hi"),
        ("Hello everyone", "Aria", "Hello everyone"),
        ("Will you marry me?", "Aria", "Will you marry me?"),
        ("<:party_parrot:123456789012345678> <a:go:1>", "Aria", "party parrot go"),
    ):
        await (await literally(stage, text)).audio()
        assert studio.orders[-1] == {"voice": voice, "text": said}
    for text in ("speed=1.5 Bill Hello", "voice: Bill Hello speed=1.5"):
        await (await literally(stage, text)).audio()
        assert studio.orders[-1] == {"voice": "Bill", "speed": 1.5, "text": "Hello"}
    refused = await (await literally(stage, "spd=1.5 Hello")).settled(lambda m: m.content)
    assert "Write /speak speed=1.5 Hello, or /speak text=" in refused.content


async def test_a_misspelt_voice_is_asked_about_and_the_text_is_kept(stage: Stage, app: App, studio: Studio) -> None:
    question = await (await literally(stage, "Brain, hello there speed=1.2")).settled(lambda m: m.buttons)
    assert question.ephemeral
    assert question.content.startswith("Did you mean the voice Brian?")
    assert [b["label"] for b in question.buttons] == ["Brian", "Say all of it"]
    assert studio.orders == []
    pressed = await stage.world.press(stage.ana, question, question.buttons[0]["custom_id"])
    await pressed.audio()
    assert not pressed.ephemeral
    assert studio.orders == [{"voice": "Brian", "speed": 1.2, "text": "hello there"}]
    late = await stage.world.press(stage.ana, question, question.buttons[1]["custom_id"])
    await late.wait_for(lambda r: r.followups)
    assert "it is ordered already" in late.followups[0].content
    assert len(studio.orders) == 1


async def test_a_chosen_voice_that_is_misspelt_is_asked_about(stage: Stage, app: App, studio: Studio) -> None:
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Aria says hello", voice="briann")
    question = await reply.settled(lambda m: m.buttons)
    assert [b["label"] for b in question.buttons] == ["Brian"]
    await (await stage.world.press(stage.ana, question, question.buttons[0]["custom_id"])).audio()
    assert studio.orders == [{"voice": "Brian", "text": "Aria says hello"}]


async def test_nothing_to_say_is_refused_free(stage: Stage, app: App, studio: Studio) -> None:
    for text in ("🎉", "\u3164", "[laughs]", "Aria …"):
        said = await (await literally(stage, text)).settled(lambda m: m.content)
        assert "There is nothing to be heard in that" in said.content
    said = await (await literally(stage, "Aria")).settled(lambda m: m.content)
    assert "There are no words in that to be heard." in said.content
    assert studio.orders == []


async def test_the_options_are_those_of_the_table(stage: Stage, app: App) -> None:
    for name, product in (("speak", "speech"), ("music", "music")):
        row, options = app.service.catalog[product], stage.world.commands[name]["options"]
        file = ["file"] if product == "speech" else []
        assert [option["name"] for option in options] == [row.billed, *file, *row.options]
        assert [option["name"] for option in options if option["required"]] == [row.billed]
    speed = next(o for o in stage.world.commands["speak"]["options"] if o["name"] == "speed")
    assert (speed["min_value"], speed["max_value"]) == (0.5, 2.0)
    formats = next(o for o in stage.world.commands["music"]["options"] if o["name"] == "output_format")
    assert len(formats["choices"]) == 19
