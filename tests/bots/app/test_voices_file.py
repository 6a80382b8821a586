"""An operator's voices in a file: what is read, and what is told of a bad one."""

from pathlib import Path

import pytest

from bots.app.values import catalog_of
from core.domain.errors import ConfigurationError
from core.domain.voices import Age, Gender, Voice
from tests.bots.app.readings import loaded, reading

GOOD = """
[[voice]]
name = "Old Tom"
id = "pqHfZKP75CvOlQylNhV4"
aliases = ["Tom", "Opa"]
languages = ["DE", "en"]
gender = "male"
age = "old"
accent = "Bavarian"
use = "bedtime stories"
about = "creaky and kind"
own = true

[[voice]]
name = "aria"
id = "9BWts"

[[voice]]
name = "李雷"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "voices.toml"


def test_a_voice_is_all_that_its_entry_says(file: Path) -> None:
    file.write_text(GOOD, "utf-8")
    table = catalog_of(loaded(voices_file=str(file), default_voice="Old Tom", more_voices="Zoe Aria"))
    assert table.cast.named("old tom") == Voice(
        name="Old Tom",
        sent="pqHfZKP75CvOlQylNhV4",
        aliases=("Tom", "Opa"),
        languages=("de", "en"),
        gender=Gender.MALE,
        age=Age.OLD,
        accent="Bavarian",
        use="bedtime stories",
        about="creaky and kind",
        is_own=True,
    )
    assert table.voices[:2] == ("Aria", "Roger")
    assert table.voices[-3:] == ("Old Tom", "李雷", "Zoe")
    assert table.voice("OPA") == "Old Tom"


def test_the_gateway_is_sent_what_it_takes_and_all_else_keeps_the_name(file: Path) -> None:
    file.write_text(GOOD, "utf-8")
    row = catalog_of(loaded(voices_file=str(file)))["speech"]
    parameters = row.validate({"voice": "old tom", "text": "hi"})
    assert (parameters["voice"], row.speaker_of(parameters)) == ("Old Tom", "Old Tom")
    assert row.body_of(parameters) == {"voice": "pqHfZKP75CvOlQylNhV4", "text": "hi"}
    assert row.body_of({"voice": "Aria", "text": "hi"})["voice"] == "9BWts"
    assert row.body_of({"voice": "Gone", "text": "hi"})["voice"] == "Gone"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", [r"there are no voices in it. Write \[\[voice\]\] with name"]),
        ("voice = 5", ["there are no voices in it"]),
        ("[[voice]]\nname = Tom", [r"is no TOML: .*line 2, column 8.*Write \[\[voice\]\]"]),
        ("[[voice]]\nid = 'x'\n[[voice]]\nname = 'Tom'\nalias = 'T'",
         [r"voice 1: its name is missing. Write name =", r"voice 2 \(Tom\): 'alias' is no key .* Write one of name, "]),
        ("[[voice]]\nname = 'Tom'\naliases = 'T'", [r"aliases can't be that. Write aliases = \["]),
        ("[[voice]]\nname = 'Tom'\ngender = 'm'", ["gender can't be that. Write one of female, male, neutral in"]),
        ("[[voice]]\nname = 'Tom'\nage = 40", ["age can't be that. Write one of young, middle-aged, old"]),
        ("[[voice]]\nname = 'Tom'\nown = 1", ["own can't be that. Write own = true"]),
        ("[[voice]]\nname = 'Tom'\nid = ''", ['id can\'t be that. Write id = "…"']),
        ("[[voice]]\nname = 5", ["name can't be that. Write name = "]),
        ("[[voice]]\nname = 'Tom'\nlanguages = ['German']", ["languages can't be that. Write languages = .* for German"]),
        ("[[voice]]\nname = '7 of 9'", ["does not begin with a letter"]),
        ("[[voice]]\nname = 'Tom: him'", ["can't be written before a text"]),
        ('[[voice]]\nname = "Tom\\n"', ["can't be written before a text"]),
        (f"[[voice]]\nname = '{'x' * 41}'", ["too long. Write at most 40"]),
        ("[[voice]]\nname = 'Tom'\naliases = ['roger']", [r"voice 1 \(Tom\): another voice is called 'roger' already"]),
        ("[[voice]]\nname = 'Tom'\n[[voice]]\nname = 'TOM'", [r"voice 2 \(TOM\): another voice"]),
        ("other = 1\n[[voice]]\nname = 'Tom'", ["'other' means nothing outside of a voice"]),
    ],
)  # fmt: skip
def test_each_mistake_is_a_sentence_that_says_what_to_write(file: Path, text: str, said: list[str]) -> None:
    file.write_text(text, "utf-8")
    found = reading(voices_file=str(file), default_voice="Tom")
    assert len(found.faults) == len(said)
    assert found.settings.voices_file is None
    for sentence, begins in zip(found.faults, said, strict=True):
        with pytest.raises(ConfigurationError, match=begins):
            raise ConfigurationError(sentence)
        assert sentence.startswith("VOICES_FILE: ")
        assert sentence.endswith(".")


def test_a_file_that_can_not_be_read_is_told(file: Path) -> None:
    assert reading(voices_file=str(file)).faults == [f"VOICES_FILE: {file} can't be read: No such file or directory."]
    file.write_bytes(b"\xff")
    assert reading(voices_file=str(file)).faults == [f"VOICES_FILE: {file} must be UTF-8; byte 0 is not."]
