"""What is ordered with the words that people write: the voice, the parameters and the text."""

from pathlib import Path
from typing import Any

import pytest

from bots.orders import Words, read
from core.errors import InvalidInput, NothingToSay
from core.models import Destination, Order
from core.products import OUTPUT_FORMATS, catalog
from tests.makers import caller

TABLE = catalog(default_voice="Lily", more_voices=("Zed-2",))
ORDINARY = (Path(__file__).parent / "ordinary.txt").read_text().splitlines()


def ordered(body: str, product: str = "speech", **words: Any) -> Order:
    where = Destination("test")
    return read(Words(body=body, **words), product, TABLE, caller(), event_id="test:1", destination=where)


@pytest.mark.parametrize(
    ("body", "voice", "text"),
    [
        ("Aria Hello everyone", "Aria", "Hello everyone"),
        ("rOGER Hello", "Roger", "Hello"),
        ("Roger\nfirst\n  second", "Roger", "first\n  second"),
        ("Hello everyone", "Lily", "Hello everyone"),
        ("Ariadne sleeps", "Lily", "Ariadne sleeps"),
        ("Roger", "Roger", ""),
        ("", "Lily", ""),
        ("Rachel: hi", "Rachel", "hi"),
        ("Rachel:hi", "Rachel", "hi"),
        ("aria, hi", "Aria", "hi"),
        ('"Aria" hi', "Aria", "hi"),
        ("“Aria”: hi", "Aria", "hi"),
        ("[Aria] hi", "Aria", "hi"),
        ("**Aria** hi", "Aria", "hi"),
        ("@Aria hi", "Aria", "hi"),
        ("🎤 Aria hi", "Aria", "hi"),
        ("Aria — hi", "Aria", "hi"),
        ("Ａｒｉａ hi", "Aria", "hi"),
        ("Ar\u200bia hi", "Aria", "hi"),
        ("Ária hi", "Aria", "hi"),
        ("voice=Brian hi", "Brian", "hi"),
        ("voice: brian hi", "Brian", "hi"),
        ('--voice="Brian" hi', "Brian", "hi"),
        ("zed-2 hi", "Zed-2", "hi"),
        ('Aria "hi" and -5', "Aria", '"hi" and -5'),
        ("Aria 🎵 la", "Aria", "🎵 la"),
        ("Aria (whispering) hi", "Aria", "(whispering) hi"),
        ("Will you marry me?", "Lily", "Will you marry me?"),
        ("Will I ever learn", "Lily", "Will I ever learn"),
        ("Bill it to me", "Lily", "Bill it to me"),
        ("Will Hello", "Will", "Hello"),
        ("Will I am here", "Will", "I am here"),
        ("will: you marry me?", "Will", "you marry me?"),
        ("Bill please pay", "Bill", "please pay"),
        ("Aria's song", "Lily", "Aria's song"),
        ("Well, hello", "Lily", "Well, hello"),
        ("Lisa is here", "Lily", "Lisa is here"),
        ("voice: the musical", "Lily", "voice: the musical"),
        ("[whispers] hi", "Lily", "[whispers] hi"),
        ("[sighs] Will you stay?", "Lily", "[sighs] Will you stay?"),
    ],
)
def test_what_is_plainly_meant_is_taken(body: str, voice: str, text: str) -> None:
    order = ordered(body)
    assert (order.parameters, order.readings) == ({"voice": voice, "text": text}, {})


@pytest.mark.parametrize(
    ("body", "voices", "text"),
    [
        ("Ariaa hello", ["Aria"], "hello"),
        ("Arai, hello", ["Aria"], "hello"),
        ("[arya] hello", ["Aria"], "hello"),
        ("Goerge hello", ["George"], "hello"),
        ("Sara hello", ["Sarah"], "hello"),
        ("Charley hello", ["Charlie"], "hello"),
        ("Jill hello", ["Will", "Bill"], "hello"),
        ("Charlote hello", ["Charlotte"], "hello"),
        ("voice Brian hello", ["Brian"], "hello"),
        ("Aria-hello there", ["Aria"], "hello there"),
        ("[whispers] Aria, hello", ["Aria"], "[whispers] hello"),
        ("AriaHello there", ["Aria"], "Hello there"),
        ('"Aria hello there"', ["Aria"], "hello there"),
        ("speed=1.2 Ariaa hello", ["Aria"], "hello"),
    ],
)
def test_what_is_near_is_asked_and_the_text_is_kept(body: str, voices: list[str], text: str) -> None:
    order = ordered(body)
    assert list(order.readings) == [*voices, ""]
    assert [order.readings[voice]["text"] for voice in voices] == [text] * len(voices)
    assert order.readings[""] == order.parameters
    assert order.parameters["voice"] == "Lily"
    assert order.parameters["text"] == body.removeprefix("speed=1.2 ")


def test_hardly_any_ordinary_sentence_is_asked_about() -> None:
    assert len(set(ORDINARY)) == len(ORDINARY) >= 300
    asked = [line for line in ORDINARY if ordered(line).readings]
    assert len(asked) <= len(ORDINARY) / 100, asked
    changed = [line for line in ORDINARY if not ordered(line).readings and ordered(line).parameters["text"] != line]
    assert changed == []


def test_a_misspelt_voice_alone_is_neither_spoken_nor_asked_about() -> None:
    with pytest.raises(InvalidInput, match="Aria Hello, or Lily Ariaa"):
        ordered("Ariaa")
    assert ordered("Ariaa", answered="so it was").readings["Aria"]["text"] == "so it was"
    assert ordered("Roger", answered="so it was").parameters == {"voice": "Roger", "text": "so it was"}


def test_a_chosen_voice_speaks_all_of_it() -> None:
    for voice in ("Bill", "bill", " “Bill”:"):
        order = ordered("Ariaa says hello", chosen={"voice": voice})
        assert (order.parameters, order.readings) == ({"voice": "Bill", "text": "Ariaa says hello"}, {})


@pytest.mark.parametrize(
    ("body", "chosen"), [("Aria says hello", {"voice": "Briann"}), ("voice=Briann Aria says hello", {})]
)
def test_a_chosen_voice_that_is_near_is_asked_about(body: str, chosen: dict[str, str]) -> None:
    assert ordered(body, chosen=chosen).readings == {"Brian": {"voice": "Brian", "text": "Aria says hello"}}


@pytest.mark.parametrize("voice", ["Nobody", "Brian Hello", "@everyone **Bob**", "Hello"])
def test_a_chosen_voice_that_is_none_is_refused(voice: str) -> None:
    with pytest.raises(InvalidInput, match="voice"):
        ordered("Hello", chosen={"voice": voice})


@pytest.mark.parametrize(
    ("product", "body", "parameters"),
    [
        ("speech", "speed=1.2 stability=0.5 Aria Hello",
         {"speed": 1.2, "stability": 0.5, "voice": "Aria", "text": "Hello"}),
        ("speech", "Aria speed=1.2 Hello", {"speed": 1.2, "voice": "Aria", "text": "Hello"}),
        ("speech", "--Speed = 1,5 Hello", {"speed": 1.5, "voice": "Lily", "text": "Hello"}),
        ("speech", "speed:.5, similarity-boost=1\nHello",
         {"speed": 0.5, "similarity_boost": 1.0, "voice": "Lily", "text": "Hello"}),
        ("speech", "Hello speed=1.2", {"voice": "Lily", "text": "Hello speed=1.2"}),
        ("speech", "e=mc2 is what he wrote", {"voice": "Lily", "text": "e=mc2 is what he wrote"}),
        ("speech", "Aria x=1 and y=2", {"voice": "Aria", "text": "x=1 and y=2"}),
        ("speech", "text=Hello there", {"voice": "Lily", "text": "Hello there"}),
        ("music", "output_format=opus_48000_64 lo-fi rain beat",
         {"output_format": "opus_48000_64", "prompt": "lo-fi rain beat"}),
        ("music", "respect_sections_durations=no OUTPUT_FORMAT=PCM_8000 rain",
         {"respect_sections_durations": False, "output_format": "pcm_8000", "prompt": "rain"}),
        ("music", "tempo=120 Aria sings", {"prompt": "tempo=120 Aria sings"}),
    ],
)  # fmt: skip
def test_parameters_are_typed_before_the_text(product: str, body: str, parameters: dict[str, Any]) -> None:
    assert ordered(body, product).parameters == parameters


def test_every_parameter_of_the_table_can_be_typed() -> None:
    values = {"voice": "Bill", "stability": 0.5, "similarity_boost": 0.25, "speed": 2.0}
    values |= {"respect_sections_durations": True, "output_format": OUTPUT_FORMATS[-1]}
    for name, row in TABLE.products.items():
        wanted = {option: values[option] for option in row.options}
        typed = " ".join(f"{option}={value}" for option, value in wanted.items())
        assert ordered(f"{typed} Hello", name).parameters == {**wanted, row.billed: "Hello"}


@pytest.mark.parametrize(
    ("product", "body", "says"),
    [
        ("speech", "speed=3 Hello", "speed: '3' is not a number from 0.5 to 2.0"),
        ("speech", "speed=fast Hello", "speed: 'fast' is not a number"),
        ("speech", "speed=1 speed=2 Hello", "speed: '2' is not given once"),
        ("speech", "voice=Aria voice=Bill Hello", "voice: 'Bill' is not given once"),
        ("speech", "voic=Bill Hello", "written voice=Bill"),
        ("speech", "sped=1.2 Hello", "written speed=1.2"),
        ("speech", "similarity=1 Hello", "written similarity_boost=1"),
        ("speech", "voice=Nobody Hello", "voice: 'Nobody' is not one of Aria"),
        ("speech", "output_format=pcm_8000 Hello", "speech takes voice, stability"),
        ("music", "format=pcm_8000 rain", "written output_format=pcm_8000"),
        ("music", "output_format=flac rain", "output_format: 'flac' is not one of mp3"),
        ("music", "respect_sections_durations=maybe rain", "true or false"),
        ("music", "speed=2 rain", "music takes"),
    ],
)
def test_a_mistake_in_a_parameter_is_refused(product: str, body: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body, product)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["…!?", "🎉🎉", "👩‍👩‍👧 ❤️", "1️⃣", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u200b\u2063", "[laughs]",
     "[whispers] [sighs]…", "\u0301\u0301", "= + €", "ʰ"],
)  # fmt: skip
@pytest.mark.parametrize("product", ["speech", "music"])
def test_nothing_to_say_is_refused(product: str, text: str) -> None:
    with pytest.raises(NothingToSay):
        TABLE[product].validate(ordered(text, product).parameters)


@pytest.mark.parametrize("text", ["a", "5", "½", "你好", "ㅎㅎ", "[laughs] ha", "ª", "مرحبا", "1️⃣ 2"])
def test_one_letter_or_number_is_enough(text: str) -> None:
    assert TABLE["speech"].validate(ordered(text).parameters)["text"] == text
