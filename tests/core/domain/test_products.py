import math

import pytest

from core.domain.products import OUTPUT_FORMATS, catalog
from core.domain.refusals import InvalidInput
from core.domain.voices import CAST

TABLE = catalog()
SPEECH = {"text": "Hello", "voice": "Aria"}
MUSIC = {"prompt": "lo-fi rain beat"}


def test_the_table_is_the_documented_one() -> None:
    assert len(OUTPUT_FORMATS) == 19
    assert len(CAST.names) == len(set(CAST.names)) == 24
    assert TABLE["speech"].endpoint == "/eleven-v3-alpha-954/v1/eleven-v3-alpha-request"
    assert TABLE["music"].endpoint == "/elevenlabs-music-api-368/v1/elevenlabs-music-api-request"


@pytest.mark.parametrize(
    ("product", "given_parameters", "sent"),
    [
        ("speech", SPEECH, SPEECH),
        ("speech", {**SPEECH, "voice": " aria"}, SPEECH),
        ("speech", {**SPEECH, "stability": 0.3, "similarity_boost": 1, "speed": 0.5},
         {**SPEECH, "stability": 0.5, "similarity_boost": 1.0, "speed": 0.5}),
        ("speech", {**SPEECH, "stability": 0.2}, {**SPEECH, "stability": 0.0}),
        ("speech", {**SPEECH, "text": "a\n\t“quoted”  🎵 "}, {**SPEECH, "text": "a\n\t“quoted”  🎵 "}),
        ("music", {**MUSIC, "respect_sections_durations": False, "output_format": "OPUS_48000_96"},
         {**MUSIC, "respect_sections_durations": False, "output_format": "opus_48000_96"}),
    ],
)  # fmt: skip
def test_what_is_sent(product: str, given_parameters: dict[str, object], sent: dict[str, object]) -> None:
    assert TABLE[product].validate(given_parameters) == sent


@pytest.mark.parametrize(
    ("product", "given_parameters", "parameter"),
    [
        ("speech", {"voice": "Aria"}, "text"),
        ("speech", {"text": "Hello"}, "voice"),
        ("speech", {**SPEECH, "text": ""}, "text"),
        ("speech", {**SPEECH, "text": " \n"}, "text"),
        ("speech", {**SPEECH, "text": "x" * 3001}, "text"),
        ("speech", {**SPEECH, "text": "\ud800"}, "text"),
        ("speech", {**SPEECH, "text": "a\x00b"}, "text"),
        ("speech", {**SPEECH, "text": 5}, "text"),
        ("speech", {**SPEECH, "voice": "Nobody"}, "voice"),
        ("speech", {**SPEECH, "stability": 1.01}, "stability"),
        ("speech", {**SPEECH, "stability": True}, "stability"),
        ("speech", {**SPEECH, "similarity_boost": -0.01}, "similarity_boost"),
        ("speech", {**SPEECH, "similarity_boost": "1"}, "similarity_boost"),
        ("speech", {**SPEECH, "speed": 0.49}, "speed"),
        ("speech", {**SPEECH, "speed": math.nan}, "speed"),
        ("speech", {**SPEECH, "pitch": 1}, "pitch"),
        ("music", {"prompt": "x" * 2001}, "prompt"),
        ("music", {**MUSIC, "output_format": "flac"}, "output_format"),
        ("music", {**MUSIC, "respect_sections_durations": 1}, "respect_sections_durations"),
        ("music", {**MUSIC, "text": "x"}, "text"),
    ],
)
def test_what_is_out_of_range_is_named(product: str, given_parameters: dict[str, object], parameter: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        TABLE[product].validate(given_parameters)
    assert refused.value.parameter == parameter
    assert refused.value.allowed


def test_characters_are_code_points() -> None:
    text = "héllo 🎵"
    speech = TABLE["speech"]
    assert speech.characters({"text": text, "voice": "Aria"}) == 7
    assert speech.cost_micros({"text": text, "voice": "Aria"}) == 700


def test_an_operator_changes_the_table() -> None:
    table = catalog(
        price_micros=200_000, limits={"speech": 10}, more_voices=("Zed", "Aria"), endpoints={"music": "/new/music"}
    )
    assert table.voices == (*CAST.names, "Zed")
    assert table["speech"].validate({"text": "0123456789", "voice": "zed"})["voice"] == "Zed"
    with pytest.raises(InvalidInput):
        table["speech"].validate({"text": "0123456789a", "voice": "zed"})
    assert table["music"].endpoint == "/new/music"
    assert table["music"].cost_micros(MUSIC) == 15 * 200


@pytest.mark.parametrize(("word", "voice"), [("aria", "Aria"), ("ARIA", "Aria"), ("ari", None), ("", None)])
def test_a_voice_is_named_in_any_case(word: str, voice: str | None) -> None:
    assert TABLE.voice(word) == voice


def test_an_operator_sets_the_prompts_limit_and_the_usual_voice() -> None:
    table = catalog(limits={"music": 5}, default_voice="Lily")
    assert table["music"].validate({"prompt": "12345"}) == {"prompt": "12345"}
    with pytest.raises(InvalidInput):
        table["music"].validate({"prompt": "123456"})
    assert table.default_voice == "Lily"
