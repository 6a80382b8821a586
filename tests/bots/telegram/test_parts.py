"""An order of several parts: how its member sees it go on, and what they choose where some parts fail."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bots.telegram import uploads
from tests.audio import Shapes
from tests.bots.parts_studio import PartsStudio, breaches_in, tones
from tests.bots.telegram.talk import answer, pressed
from tests.service import service
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User
from tests.worlds.telegram.wire import Call

LINES = ("Hello there.", "Oh, hello!", "How are you?")
TALK = f"Aria: {LINES[0]}\nGeorge: {LINES[1]}\nAria: {LINES[2]}"
TAKE, NOTHING = "Take it for $0.0024", "Take nothing, free"


@pytest.fixture
def listens() -> None:
    """For a test that wants real audio, from the media process."""


@pytest.fixture
async def studio(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PartsStudio]:
    if "listens" not in request.fixturenames:
        monkeypatch.setattr("bots.app.generating.Media", Shapes)
    async with PartsStudio() as studio:
        yield studio


async def status(band: Chat, words: str) -> Message:
    """Wait for the bot's text that contains these words."""
    return await band.wait_for(lambda chat: next((m for m in chat.sent if words in m.text), None))


async def asked_about(band: Chat, user: User, studio: PartsStudio) -> Message:
    """Order what fails in part, and return the question."""
    studio.failing = {LINES[1]}
    await band.says(user, f"/speak {TALK}")
    question = await status(band, "Take what there is")
    assert question.text.startswith("Only 2 of 3 parts were made. The audio service could not generate the rest. ")
    assert list(question.buttons) == [TAKE, NOTHING]
    assert sorted(studio.texts) == sorted((*LINES, LINES[1]))
    return question


async def test_who_takes_what_there_is_pays_for_that(
    world: TelegramWorld, band: Chat, alice: User, bob: User, studio: PartsStudio, tmp_path: Path
) -> None:
    async with service(world, studio, tmp_path):
        question = await asked_about(band, bob, studio)
        take, nothing = question.buttons[TAKE], question.buttons[NOTHING]
        assert (await pressed(world, alice, question, TAKE))["text"] == "That order belongs to somebody else."
        presses = [await world.press(bob, question, data) for data in (take, take, nothing)]
        said = [(await press.answered())["text"] for press in presses]
        assert said == ["Sending what there is…", "Sending what there is…", "That has been decided already."]
        (audio,) = await band.wait_for(lambda chat: chat.audios)
        assert audio.content.decode() == LINES[0] + LINES[2]
        heard, some, receipt = audio.text.splitlines()
        assert (heard, some) == ("Aria: “Hello there. How are you?”", "Only 2 of 3 parts were made.")
        assert receipt.startswith("24 characters")
        await band.wait_for(lambda _: question.deleted)
        assert "\nYou have $0.0976 left today.\n" in await answer(band, bob, "/balance")
    assert len(band.audios) == 1
    assert await breaches_in(tmp_path) == []


async def test_who_takes_nothing_pays_nothing(
    world: TelegramWorld, band: Chat, bob: User, studio: PartsStudio, tmp_path: Path
) -> None:
    async with service(world, studio, tmp_path):
        question = await asked_about(band, bob, studio)
        presses = [await world.press(bob, question, question.buttons[NOTHING]) for _ in range(2)]
        said = [(await press.answered())["text"] for press in presses]
        assert said == ["Nothing is taken. You were not charged."] * 2
        assert await status(band, "Nothing is taken. You were not charged.") is question
        assert [*question.buttons][-1] == "Details"
        assert "\nYou have $0.10 left today.\n" in await answer(band, bob, "/balance")
    assert band.audios == []
    assert await breaches_in(tmp_path) == []


async def test_a_cancel_in_the_middle_says_so_and_then_asks(
    world: TelegramWorld, band: Chat, bob: User, studio: PartsStudio, tmp_path: Path
) -> None:
    studio.is_spoken = lambda text: text == LINES[0]
    async with service(world, studio, tmp_path, jobs_per_member=1):
        await band.says(bob, f"/speak {TALK}")
        going = await status(band, "Generating speech, 1 of 3: ")
        said = (await pressed(world, bob, going, "Cancel"))["text"]
        assert said == "What had not begun is cancelled. When what has begun is done, I ask whether you take it."
        assert await status(band, "Generating speech, 1 of 2 (the rest is cancelled): ") is going
        assert going.buttons == {}
        studio.is_spoken = lambda _: True
        question = await status(band, "Only 2 of 3 parts were made. You cancelled the rest. Take what there is for")
        await pressed(world, bob, question, "Take it for $0.0022")
        (audio,) = await band.wait_for(lambda chat: chat.audios)
        assert audio.content.decode() == LINES[0] + LINES[1]
        assert audio.upload is not None
        assert audio.upload.filename == "Aria, George - Hello there. \N{EN DASH} Oh, hello!.ogg"
        assert "\nYou have $0.0978 left today.\n" in await answer(band, bob, "/balance")
    assert studio.texts == list(LINES[:2])
    assert await breaches_in(tmp_path) == []


@pytest.mark.usefixtures("listens")
async def test_what_is_too_long_for_a_file_is_several_through_a_restart_too(
    world: TelegramWorld,
    band: Chat,
    bob: User,
    studio: PartsStudio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "VOICE", replace(uploads.VOICE, max_bytes=12_000))
    studio.sings = True
    said = [f"Line {n}." for n in range(12)]
    refused: list[Call] = []

    def after_the_first(call: Call) -> Fault | None:
        if call.method != "sendVoice" or not band.audios:
            return None
        refused.append(call)
        return Fault.flood(60)

    world.weather = after_the_first
    async with service(world, studio, tmp_path):
        talk = "\n".join(f"{('Aria', 'George')[n % 2]}: {line}" for n, line in enumerate(said))
        asked = await band.says(bob, f"/speak {talk}")
        await band.wait_for(lambda _: refused)
    world.weather = lambda _: None
    async with service(world, studio, tmp_path):
        await band.wait_for(lambda chat: chat.audios[1:])
    assert [audio.reply_to for audio in band.audios] == [asked.id] * 2
    assert [tone for audio in band.audios for tone in tones(audio.content)[0]] == [studio.hertz(line) for line in said]
    assert len(studio.texts) == len(said)
    assert await breaches_in(tmp_path) == []
