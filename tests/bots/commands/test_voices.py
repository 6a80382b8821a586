"""The voice that was meant: in every form, by every name, in any script, and with nothing of the text lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands.voice_names import beginning
from core.domain.products import catalog
from core.domain.refusals import InvalidInput
from core.domain.voices import Voice
from tests.bots.commands.ordering import ordered

TABLE = catalog(
    default_voice="Lily",
    more_voices=(Voice(name="Old Tom", sent="abc123", aliases=("Opa", "Uncle Tom Bob")), "Zed-2", "李雷", "Мария"),
)


@pytest.mark.parametrize(
    ("name", "voice"),
    [
        ("Aria", "Aria"),
        ("zed-2", "Zed-2"),
        ("Old Tom", "Old Tom"),
        ("old  TOM", "Old Tom"),
        ("Opa", "Old Tom"),
        ("uncle tom bob", "Old Tom"),
        ("李雷", "李雷"),
        ("мария", "Мария"),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "{name}: hi", "{name}, hi", "{name} Hi", "[{name}] hi", '"{name}" hi', "voice={name} hi", "voice: {name} hi",
        "-v {name} hi", "--voice {name} hi", 'voice="{name}" hi', "[voice={name}] hi", "hi voice={name}", "hi -v {name}",
        "hi --voice {name}", "{name}\nhi", "speed=1.2 {name}: hi",
    ],
)  # fmt: skip
def test_every_form_means_the_voice_by_every_name(form: str, name: str, voice: str) -> None:
    order = ordered(form.format(name=name), table=TABLE)
    assert not order.readings
    assert order.parameters["voice"] == voice
    assert order.parameters["text"].casefold() == "hi"


@pytest.mark.parametrize("body", ["Old Tm: hi", "OldTom hi", "voice Old Tom hi", "Uncle Tom Bo hi"])
def test_a_misspelt_name_of_several_words_is_asked_about(body: str) -> None:
    order = ordered(body, table=TABLE)
    assert list(order.readings) == ["Old Tom", ""]
    assert order.readings["Old Tom"]["text"] == "hi"
    assert order.readings[""]["text"] == body


@pytest.mark.parametrize("body", ["Old Tomorrow comes", "Old Tom's house", "Uncle Tom hi", "Old\nTom hi", "Tom hi"])
def test_what_is_no_whole_name_is_text(body: str) -> None:
    order = ordered(body, table=TABLE)
    assert (order.readings, order.parameters) == ({}, {"voice": "Lily", "text": body})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Chris", "said hi"),
        ("Laura", "ist krank"),
        ("Bill", "Gates is rich"),
        ("Alice", "and Bob met"),
        ("Daniel", "can fly"),
        ("Sarah", "is the best"),
    ],
)
def test_a_sentence_about_somebody_is_asked_about_unless_a_mark_or_a_line_ends_the_name(name: str, told: str) -> None:
    order = ordered(f"{name} {told}", table=TABLE)
    assert {voice: said["text"] for voice, said in order.readings.items()} == {name: told, "": f"{name} {told}"}
    for between in (": ", ", ", "\n"):
        assert ordered(f"{name}{between}{told}", table=TABLE).parameters == {"voice": name, "text": told}


@pytest.mark.parametrize(
    "text",
    ["can you hear me?", "will the bus be late?", "is it over?", "Everyone is here", "Es war Nacht", "hello all"],
)
def test_what_nobody_says_about_somebody_calls_the_voice(text: str) -> None:
    order = ordered(f"Aria {text}", table=TABLE)
    assert (order.readings, order.parameters) == ({}, {"voice": "Aria", "text": text})


def first_sentences() -> list[str]:
    """Make 5,000 first sentences in 25 languages: 500 beginnings, each before ten ways to go on.

    They were written for this test, not collected: pronouns, commands, greetings, questions, and names of people at
    about the rate of a story. Only the first words decide, so count the beginnings rather than the sentences.
    """
    lines = (Path(__file__).parent / "openings.txt").read_text("utf-8").splitlines()
    parts = [[column.split(";") for column in line.split("|")] for line in lines]
    return [f"{begins} {rest}" for _, beginnings, endings in parts for begins in beginnings for rest in endings]


def test_at_most_one_ordinary_sentence_in_a_hundred_is_asked_about_and_none_loses_its_first_word() -> None:
    sentences, table = first_sentences(), catalog(default_voice="Lily")
    assert len(set(sentences)) == 5000
    found = {sentence: beginning(sentence, table.cast) for sentence in sentences}
    assert [text for text, at in found.items() if at.plain] == []
    asked = [text for text, at in found.items() if at.voices]
    assert len(asked) <= len(sentences) / 100
    assert all(text.startswith("Chris said") for text in asked), asked
    for sentence in sentences[::10]:
        order = ordered(sentence, table=table)
        assert order.readings or order.parameters == {"voice": "Lily", "text": sentence}


@given(
    name=st.sampled_from(["Aria", "Old Tom", "Opa", "李雷", "Мария"]),
    form=st.sampled_from(["{}: ", "{}, ", "[{}] ", '"{}" ', "voice={} ", "-v {} ", "--voice {} ", "{}\n"]),
    text=st.text(st.characters(categories=["Ll", "Lo", "Mn", "Nd", "Po", "So", "Zs"]), max_size=60),
)
def test_nothing_of_a_text_is_lost_or_doubled(name: str, form: str, text: str) -> None:
    said = f"hi {text}x".replace("=", "")
    try:
        order = ordered(form.format(name) + said, table=TABLE)
    except InvalidInput as error:  # it may look like a parameter
        assert error.instead  # noqa: PT017
        return
    voice = TABLE.voice(name) or ""
    readings = order.readings or {voice: order.parameters}
    assert readings[voice]["text"] == said
