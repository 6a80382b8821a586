"""The plan of an order: what each part says, what it costs, and the pause after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.allowed import Rule, allowed
from core.domain.money import cost_of
from core.domain.orders import Turn
from core.domain.parts import MOST_PARTS, PARAGRAPHS_MS, SPEAKERS_MS, parts_of
from core.domain.products import catalog
from core.domain.refusals import InvalidInput

SPEECH = catalog(limits={"speech": 40})["speech"]
MUSIC = catalog(limits={"music": 40})["music"]


def test_an_order_that_fits_is_one_part() -> None:
    for product, parameters in ((SPEECH, {"voice": "Aria", "text": "Hello"}), (MUSIC, {"prompt": "rain"})):
        (part,) = parts_of(product, parameters)
        assert (part.number, part.parameters, part.pause_ms) == (1, parameters, 0)
        assert (part.characters, part.cost_micros) == (product.characters(parameters), product.cost_micros(parameters))


def test_a_long_text_keeps_its_parameters_and_pauses_between_paragraphs() -> None:
    speech = catalog(limits={"speech": 45})["speech"]
    text = "It was a dark night. And a stormy one.\n\nThen came the day. It was bright."
    parts = parts_of(speech, {"voice": "aria", "text": text, "speed": 1.5})
    assert [(part.number, part.parameters["text"], part.pause_ms) for part in parts] == [
        (1, "It was a dark night. And a stormy one.", PARAGRAPHS_MS),
        (2, "Then came the day. It was bright.", 0),
    ]
    assert all(part.parameters["voice"] == "Aria" and part.parameters["speed"] == 1.5 for part in parts)
    assert {part.pause_ms for part in parts_of(SPEECH, {"voice": "Aria", "text": "So it goes on. " * 9})} == {0}


def test_in_a_dialogue_each_speaks_with_their_voice_and_pauses_for_the_other() -> None:
    turns = (Turn("George", "I have much to say. It is not short at all."), Turn("Aria", "[laughs] No."))
    parts = parts_of(SPEECH, {"voice": "Bill", "text": "as it was typed", "stability": 1.0}, turns)
    assert [(part.parameters, part.pause_ms) for part in parts] == [
        ({"voice": "George", "text": "I have much to say.", "stability": 1.0}, 0),
        ({"voice": "George", "text": "It is not short at all.", "stability": 1.0}, SPEAKERS_MS),
        ({"voice": "Aria", "text": "[laughs] No.", "stability": 1.0}, 0),
    ]


@given(st.lists(st.integers(1, 100), min_size=1, max_size=20), st.integers(1, 200_000))
def test_parts_cost_together_what_their_characters_do(lengths: list[int], price_micros: int) -> None:
    product = catalog(price_micros=price_micros, limits={"speech": 40})["speech"]
    parts = parts_of(product, {}, [Turn("Aria", "a" * length) for length in lengths])
    assert sum(part.characters for part in parts) == sum(lengths)
    assert sum(part.cost_micros for part in parts) == cost_of(sum(lengths), price_micros)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert all(abs(part.cost_micros - part.characters * price_micros / 1000) < 1 for part in parts)


@pytest.mark.parametrize(
    ("parameters", "turns", "wrong"),
    [
        ({"voice": "Zoe", "text": "long text " * 9}, (), "voice"),
        ({"voice": "Aria", "text": "long text " * 9, "speed": 9}, (), "speed"),
        ({"voice": "Aria"}, (), "text"),
        ({}, (Turn("Aria", "Hi"), Turn("Zoe", "Hi")), "voice"),
        ({}, (Turn("Aria", "Hi"), Turn("George", "…")), "text"),
    ],
)
def test_what_can_not_be_sent_is_refused_whole(
    parameters: dict[str, object], turns: tuple[Turn, ...], wrong: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        parts_of(SPEECH, parameters, turns)
    assert refused.value.parameter == wrong


def test_more_parts_than_an_order_may_have_are_refused_with_their_number() -> None:
    turns = [Turn(voice, "Hi") for voice in ("Aria", "George")] * (MOST_PARTS // 2)
    assert len(parts_of(SPEECH, {}, turns)) == MOST_PARTS
    with pytest.raises(InvalidInput) as refused:
        parts_of(SPEECH, {}, [*turns, Turn("Aria", "And one more.")])
    assert refused.value.allowed == allowed(Rule.FEWER_PARTS, most=MOST_PARTS, has=MOST_PARTS + 1)


def test_a_prompt_of_music_is_never_split() -> None:
    with pytest.raises(InvalidInput):
        parts_of(MUSIC, {"prompt": "rain and thunder " * 3})
