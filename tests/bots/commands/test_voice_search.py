"""Voices are found by what they are like."""

import pytest

from bots.commands.voice_search import described, found, unrecorded
from core.domain.voices import CAST, Age, Gender, Voice

MORE = CAST.with_more((
    Voice(name="Old Tom", aliases=("Opa",), languages=("de",), gender=Gender.MALE, age=Age.OLD, use="bedtime stories",
          is_own=True),
    "Zoe",
))  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("deep male", ["Brian"]),
        ("male deep", ["Brian"]),
        ("DEEP, male!", ["Brian"]),
        ("woman british", ["Alice", "Lily"]),
        ("old", ["Old Tom", "Bill"]),
        ("german", ["Old Tom"]),
        ("deutsch male", ["Old Tom"]),
        ("opa", ["Old Tom"]),
        ("old tom", ["Old Tom"]),
        ("bed sto", ["Old Tom"]),
        ("nonbinary", ["River"]),
        ("ari", ["Aria"]),
        ("custom", ["Old Tom"]),
        ("zoe", ["Zoe"]),
        ("aria male", []),
        ("american british", []),
        ("xyzzy", []),
        ("klingon", []),
        ("deep klingon", []),
        ("🎸", []),
    ],
)
def test_all_the_words_must_be_about_the_voice(typed: str, names: list[str]) -> None:
    assert [voice.name for voice in found(typed, MORE)] == names


def test_a_language_in_which_no_voice_was_recorded_leaves_all_for_models_speak_it_with_every_voice() -> None:
    assert found("german", CAST) == found("", CAST) == list(CAST.voices)
    assert {voice.gender for voice in found("français female", CAST)} == {Gender.FEMALE}


def test_it_is_said_which_language_chose_none() -> None:
    assert unrecorded("male german", CAST) == ["german"]
    assert unrecorded("german", MORE) == unrecorded("english", CAST) == unrecorded("klingon", CAST) == []


def test_a_voice_is_described_on_one_short_line() -> None:
    assert described(CAST.voices[0], 100) == "Aria: expressive, female, middle-aged, American, social media, English"
    assert described(MORE.voices[-2], 100) == "Old Tom: male, old, bedtime stories, custom voice, German"
    assert described(MORE.voices[-1], 100) == "Zoe"
    assert len(described(Voice(name="N" * 40, about="a" * 80, use="u" * 80), 100)) == 100
