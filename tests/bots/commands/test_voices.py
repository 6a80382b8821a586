"""The voice that was meant: in every form, by every name, in any script, and with nothing of the text lost."""

import pytest

from core.domain.products import catalog
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
