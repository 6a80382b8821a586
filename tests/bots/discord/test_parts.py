"""An order of several parts: how its member sees it go on, and what they choose where some parts fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.talk import button, say
from tests.bots.parts_studio import PartsStudio, breaches_in, tones
from tests.worlds.discord import Message, Reply

LINES = ("Hello there.", "Oh, hello!", "How are you?")
TALK = f"Aria: {LINES[0]}\nGeorge: {LINES[1]}\nAria: {LINES[2]}"
TAKE, NOTHING = "Take it for $0.0024", "Take nothing, free"


@pytest.fixture
async def studio() -> AsyncIterator[PartsStudio]:
    async with PartsStudio() as studio:
        yield studio


async def ordered(stage: Stage) -> Reply:
    return await stage.world.command(stage.ana, stage.channel, "/speak", text=TALK)


async def asked_about(stage: Stage, studio: PartsStudio) -> tuple[Reply, Message]:
    """Order what fails in part, and return the order and the question."""
    studio.failing = {LINES[1]}
    reply = await ordered(stage)
    question = await reply.settled(lambda m: len(m.buttons) == 2)
    assert question.content.startswith(
        "Only 2 of 3 parts were made. The audio service could not generate the rest. Take what there is for $0.0024, "
        "or nothing, free? Without an answer you get it, for that price, in a day."
    )
    assert [b["label"] for b in question.buttons] == [TAKE, NOTHING]
    assert sorted(studio.texts) == sorted((*LINES, LINES[1]))
    return reply, question


async def left(stage: Stage) -> str:
    return (await say(stage, stage.ana, "/balance")).content.partition("\n")[0]


async def test_a_dialogue_is_one_message_and_says_how_far_it_is(
    stage: Stage, running: Running, studio: PartsStudio, tmp_path: Path
) -> None:
    """Also where what is known of one part is older than what is known of another."""
    studio.is_spoken = lambda text: text == LINES[2]
    async with running():
        reply = await ordered(stage)
        await reply.settled(lambda m: "1 of 3" in m.content)
        seen = studio.asked.copy()
        await studio.pulse.until(lambda: all(studio.asked[text] > seen[text] + 3 for text in LINES[:2]))
        shown = [text.partition(":")[0] for text in reply.edits]
        steps = ["Working on it", "Generating speech, 0 of 3", "Generating speech, 1 of 3"]
        assert shown == [step for step in steps if step in shown]  # the same words are not sent twice
        studio.is_spoken = lambda _: True
        (file,) = await reply.audio()
        assert file.content.decode() == "".join(LINES)
        assert reply.content == "Aria, George: “Hello there. \N{EN DASH} Oh, hello! \N{EN DASH} How are you?”"
        assert file.title == "Aria, George - Hello there. \N{EN DASH} Oh, hello! \N{EN DASH} How are you"
        receipt = await reply.settled(lambda m: m.ephemeral)
        assert receipt.content.startswith("34 characters · $0.0034 · $0.0966 left today")
    assert len(stage.channel.posted) == 1
    assert await breaches_in(tmp_path) == []


async def test_who_takes_what_there_is_pays_for_that(
    stage: Stage, running: Running, studio: PartsStudio, tmp_path: Path
) -> None:
    async with running():
        reply, question = await asked_about(stage, studio)
        refused = await stage.world.press(stage.bea, question, button(question, TAKE))
        assert (await refused.settled(lambda m: m.ephemeral)).content == "That order belongs to somebody else."
        twice = [await stage.world.press(stage.ana, question, button(question, TAKE)) for _ in range(2)]
        late = await stage.world.press(stage.ana, question, button(question, NOTHING))
        assert (await late.settled(lambda m: m.ephemeral)).content == "That has been decided already."
        (file,) = await reply.audio()
        assert file.content.decode() == LINES[0] + LINES[2]
        assert reply.content == "Aria: “Hello there. How are you?”\nOnly 2 of 3 parts were made."
        receipt = await reply.settled(lambda m: m.ephemeral)
        assert receipt.content.startswith("24 characters · $0.0024 · $0.0976 left today")
        assert await left(stage) == "You have $0.0976 left today."
        assert [press.followups for press in twice] == [[], []]
    assert len(stage.channel.posted) == 1
    assert await breaches_in(tmp_path) == []


async def test_who_takes_nothing_pays_nothing(
    stage: Stage, running: Running, studio: PartsStudio, tmp_path: Path
) -> None:
    async with running():
        reply, question = await asked_about(stage, studio)
        twice = [await stage.world.press(stage.ana, question, button(question, NOTHING)) for _ in range(2)]
        said = await reply.settled(lambda m: m.ephemeral)
        assert said.content == "Nothing is taken. You were not charged."
        assert await left(stage) == "You have $0.10 left today."
        assert [press.followups for press in twice] == [[], []]
    assert stage.channel.posted == []
    assert await breaches_in(tmp_path) == []


async def test_a_cancel_in_the_middle_says_so_and_then_asks(
    stage: Stage, running: Running, studio: PartsStudio, tmp_path: Path
) -> None:
    studio.is_spoken = lambda text: text == LINES[0]
    async with running(jobs_per_member=1):
        reply = await ordered(stage)
        going = await reply.settled(lambda m: m.content.startswith("Generating speech, 1 of 3: "))
        await stage.world.press(stage.ana, going, button(going, "Cancel"))
        cancelled = await reply.settled(lambda m: "cancelled" in m.content)
        assert cancelled.content.startswith("Generating speech, 1 of 2 (the rest is cancelled): ")
        assert cancelled.buttons == []
        studio.is_spoken = lambda _: True
        question = await reply.settled(lambda m: len(m.buttons) == 2)
        assert question.content.startswith("Only 2 of 3 parts were made. You cancelled the rest. Take what there is")
        await stage.world.press(stage.ana, question, button(question, "Take it for $0.0022"))
        (file,) = await reply.audio()
        assert file.content.decode() == LINES[0] + LINES[1]
        assert await left(stage) == "You have $0.0978 left today."
    assert studio.texts == list(LINES[:2])
    assert await breaches_in(tmp_path) == []


@pytest.mark.usefixtures("listens")
async def test_what_is_too_long_for_a_file_is_several_in_one_message(
    stage: Stage, running: Running, studio: PartsStudio, tmp_path: Path
) -> None:
    studio.sings = True
    stage.channel.upload_limit_bytes = 24_000
    said = [f"Line {n}." for n in range(12)]
    talk = "\n".join(f"{('Aria', 'George')[n % 2]}: {line}" for n, line in enumerate(said))
    async with running():
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", text=talk)
        files = await reply.audio()
    heard = [tones(file.content) for file in files]
    assert [len(file.content) < stage.channel.upload_limit_bytes for file in files] == [True, True]
    assert [tone for sung, _ in heard for tone in sung] == [studio.hertz(line) for line in said]
    assert [title.partition(": ")[2] for _, titles in heard for title in titles] == said
    assert files[1].title == f"{files[0].title} (2)"
    assert len(stage.channel.posted) == 1
    assert await breaches_in(tmp_path) == []
