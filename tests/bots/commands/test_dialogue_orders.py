"""Orders of dialogues: several voices in one text."""

import re
import threading
from typing import Any

import pytest

from bots.commands import orders
from bots.commands.orders import Words, read_apart, text_in
from bots.text.refusals import refusal
from core.domain.orders import Destination, Order
from core.domain.refusals import InvalidInput
from tests.bots.commands.ordering import TABLE, ordered
from tests.makers import caller

TALK = "Aria: Hello\nGeorge: [laughs] Hi"
SCENE = f"It was night.\n{TALK}"


def spoken(order: Order) -> list[tuple[str, str]]:
    assert not order.readings
    return [(turn.voice, turn.text) for turn in order.turns]


def test_each_speaks_with_their_voice_and_all_share_the_parameters() -> None:
    for body in (f"speed=1.2 {TALK}", f"{TALK} speed=1.2", f"\n{TALK}\n[speed=1.2]"):
        order = ordered(body)
        assert spoken(order) == [("Aria", "Hello"), ("George", "[laughs] Hi")]
        assert order.parameters == {"voice": "Aria", "text": TALK, "speed": 1.2}


@pytest.mark.parametrize(
    ("body", "chosen", "narrator"),
    [
        (SCENE, {}, "Lily"),
        (SCENE, {"voice": "roger"}, "Roger"),
        (f"voice=Roger {SCENE}", {}, "Roger"),
        (f"{SCENE} voice=Roger", {}, "Roger"),
        (f"Roger {SCENE}", {}, "Roger"),
        (f"Roger, {SCENE}", {}, "Roger"),
        (f"Roger\n{SCENE}", {}, "Roger"),
    ],
)
def test_the_narrator_is_named_as_the_voice_of_any_text(body: str, chosen: dict[str, str], narrator: str) -> None:
    assert spoken(ordered(body, chosen=chosen)) == [
        (narrator, "It was night."),
        ("Aria", "Hello"),
        ("George", "[laughs] Hi"),
    ]


def test_a_narrator_without_words_is_not_heard() -> None:
    assert spoken(ordered(f"Roger\n{TALK}")) == spoken(ordered(TALK))


@pytest.mark.parametrize(
    ("body", "chosen"), [(TALK, {"voice": "Roger"}), (f"voice=Roger {TALK}", {}), (f"{TALK} voice=Roger", {})]
)
def test_a_voice_that_was_chosen_and_would_not_be_heard_is_asked_about(body: str, chosen: dict[str, str]) -> None:
    order = ordered(body, chosen=chosen)
    assert {name: said["voice"] for name, said in order.readings.items()} == {"Aria & George": "Aria", "Roger": "Roger"}
    assert [(turn.voice, turn.text) for turn in order.casts["Aria & George"]] == spoken(ordered(TALK))
    assert order.casts["Roger"] == ()
    assert (order.parameters["text"], order.unclear) == (TALK, ())


@pytest.mark.parametrize(
    ("body", "unclear", "names"),
    [
        (f"{TALK}\nBob: Hey", ("Bob",), ["Lily", "Roger", "Sarah", ""]),
        ("Aira: Hello\nGeorge: Hi", ("Aira",), ["Aria", ""]),
        (f"Rogr {SCENE}", ("Rogr",), ["Roger", ""]),
        ("Aira: Hello\nGoerge: Hi speed=1.2", ("Aira", "Goerge"), ["Aria & George", ""]),
    ],
)
def test_a_name_that_is_no_voices_is_asked_about(body: str, unclear: tuple[str, ...], names: list[str]) -> None:
    for order in (
        ordered(body),
        ordered("", answered=body.removesuffix(" speed=1.2")) if "Rogr" not in body else ordered(body),
    ):
        assert (order.unclear, list(order.readings)) == (unclear, names)
        assert order.readings[""] == order.parameters
        for name, parameters in order.readings.items():
            turns = order.casts[name]
            assert not turns or parameters["voice"] == turns[0].voice


def test_a_message_or_a_file_may_be_a_dialogue() -> None:
    assert spoken(ordered("Roger", answered=SCENE)) == [
        ("Roger", "It was night."),
        ("Aria", "Hello"),
        ("George", "[laughs] Hi"),
    ]
    assert spoken(ordered("", answered=f"Roger {SCENE}"))[0] == ("Lily", "Roger It was night.")
    for body in ("Hello", "Roger Hello"):
        assert not ordered(body, answered=f"{SCENE}\nBob: Hey").turns


@pytest.mark.parametrize(
    "body", [f'text="{TALK}"', "Aria: Hello", "Aria: Hello\nNote: Hi", "Aria Hello\nGeorge: Hi", "Hello: Aria"]
)
def test_other_texts_are_spoken_by_one_voice(body: str) -> None:
    assert not ordered(body).turns


def test_music_has_no_voices() -> None:
    order = ordered(TALK, "music")
    assert (order.parameters, order.turns) == ({"prompt": TALK}, ())


@pytest.mark.parametrize(
    ("body", "words", "said"),
    [
        (SCENE, {"chosen": {"voice": "Rogr"}}, "voice “Rogr” can't be used: it must be one of Aria, "),
        ("Rogr", {"answered": SCENE}, "voice “Rogr” can't be used: it must be one of Aria, "),
        ("Aria: Hello speed=1.2 there\nGeorge: Hi", {}, "speed “speed=1.2” can't be used: it must be before or after"),
        (f"{TALK}\n/music rain", {}, "must be a message of its own"),
    ],
)
def test_what_is_not_plain_is_refused_with_what_to_type(body: str, words: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        ordered(body, **words)
    assert re.search(said, refusal(error.value)), refusal(error.value)


def test_all_of_it_is_spoken_again() -> None:
    assert text_in(TALK, "speech", TABLE) == TALK


async def test_only_long_texts_are_read_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    really = orders._found

    def found(*args: object) -> object:
        threads.append(threading.current_thread() is threading.main_thread())
        return really(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(orders, "_found", found)
    for words in (Words(body="Hello"), Words(body="a" * 8001), Words(body="", answered="a" * 8001)):
        order = await read_apart(words, "speech", TABLE, caller(), event_id="test:1", destination=Destination("test"))
        assert order.parameters["text"] == words.body or words.answered
    assert threads == [True, False, False]
