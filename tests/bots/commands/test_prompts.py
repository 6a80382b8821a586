"""What is written into a prompt of music."""

from typing import Any

import pytest

from bots.commands.mark_up import without_marks
from bots.text.refusals import refusal
from core.domain.products import PRODUCTS
from core.domain.prompts import PRESETS, WRITTEN
from core.domain.refusals import InvalidInput
from tests.bots.commands.ordering import ordered

MUSIC = PRODUCTS["music"]


def test_every_choice_is_written_in_its_order() -> None:
    body = 'preset=folk length=60 instrumental=no sections="intro 10 s, verse 50 s" lyrics="Rain,\n**rain**" a lullaby'
    assert ordered(body, "music", clean=without_marks).parameters == {
        "prompt": "a lullaby\nacoustic folk, guitar, fiddle\nLength: 60 seconds\nSections: intro 10 s, verse 50 s\n"
        "Lyrics:\nRain,\nrain",
        "respect_sections_durations": True,
    }
    assert ordered("a lullaby instrumental=yes", "music").parameters == {"prompt": "a lullaby\nInstrumental, no vocals"}
    assert (
        ordered("length=30 respect_sections_durations=no x", "music").parameters["respect_sections_durations"] is False
    )
    assert ordered("preset=lofi", "music").parameters == {"prompt": PRESETS["lofi"]}


@pytest.mark.parametrize(
    "prompt", ["Lyrics: I love you", "Instrumental: piano and rain", "sections: intro, verse", "length: a minute or so"]
)
def test_prose_about_music_stays_as_it_is(prompt: str) -> None:
    assert ordered(prompt, "music").parameters == {"prompt": prompt}


@pytest.mark.parametrize(
    ("body", "chosen", "says"),
    [
        (
            "lyrics=I love you",
            {},
            'lyrics “I” can\'t be used: it must be in quotation marks. Write /music lyrics="I" love',
        ),
        ('instrumental=yes lyrics="la" x', {}, "instrumental “True” can't be used: it must be left out"),
        ("x", {"length": 5}, "length “5” can't be used: it must be a number from 10 to 300"),
        ("preset=polka x", {}, "preset “polka” can't be used: it must be one of lofi, "),
    ],
)
def test_what_can_not_be_written_is_refused(body: str, chosen: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as error:
        ordered(body, "music", chosen=chosen)
    assert says in refusal(error.value)


def test_what_is_written_is_a_parameter_and_short() -> None:
    assert WRITTEN.keys() < MUSIC.table.keys()
    assert max(map(len, PRESETS.values())) <= 40
    assert len(PRESETS) <= 25
