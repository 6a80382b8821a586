"""What is ordered with the words that people write: the voice, the parameters and the text."""

from pathlib import Path
from typing import Any

import pytest

from bots.text.refusals import refusal
from core.domain.products import OUTPUT_FORMATS, catalog
from core.domain.refusals import InvalidInput, NothingToSay
from tests.bots.commands.ordering import TABLE, ordered

ORDINARY = (Path(__file__).parent / "ordinary.txt").read_text().splitlines()


OPENINGS = """
    A About After Again All Also Although Always Am An And Another Any Anybody Anyone Apparently Are As Ask At Attention
    Awesome Bad Be Because Before Best Better Big Break Bring But By Call Can Check Clear Close Come Congratulations Cool
    Could Damn Day Dear Did Do Does Don't Done Down Each Either Even Ever Every Everybody Everyone Everything Excuse
    Fill Finally Find First Five Follow For Forget From Fun Game Get Girls Give Go God Going Good Got Great Guess Guys
    Had Happy Has Have He Hear Hell Hello Help Her Here Hey Hi His Hold How However Hurry I I'll I'm Ill If Imagine In Is
    It It's Join Just Keep Kids Kill Last Late Later Let Let's Life Like Listen Little Live Long Look Love Make Man
    Many May Maybe Merry More Most Much My Need Never New Next Nice No Nobody Not Nothing Now Of Off Oh Okay On Once One
    Only Open Or Our Out Over People Play Please Put Quick Quiet Read Ready Really Remember Rich Right Run Said Say See
    Send She Should Show Sing Sit So Some Somebody Someone Something Soon Sorry Stand Start Stay Still Stop Such Sure
    Take Tell Test Thank Thanks That The Their Then There These They Thing Think This Those Three Till Time To Today
    Together Tomorrow Tonight Too Try Turn Two Under Until Up Use Very Wait Wake Was Watch We Welcome Well Were What When
    Where Which While Who Why Wild Win With Wonderful Work Would Wow Yeah Yes Yesterday You Your
"""


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
        ("„Aria“ hi", "Aria", "hi"),
        ("«Aria» hi", "Aria", "hi"),
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
        ("aria:hi", "Aria", "hi"),
        ("ARIA hi", "Aria", "hi"),
        ('"Aria": hi', "Aria", "hi"),
        ("Aria - hi", "Aria", "hi"),
        ("Aria\nhi", "Aria", "hi"),
        ("\u0410ri\u0430 hi", "Aria", "hi"),  # its first and last letters are Cyrillic
        ("\u0391ria hi", "Aria", "hi"),  # its first letter is Greek
        ("voice = Aria hi", "Aria", "hi"),
        ("voice:Aria hi", "Aria", "hi"),
        ("voice\uff1aAria hi", "Aria", "hi"),
        ("voice Brian: hi", "Brian", "hi"),
        ("--voice Brian hi", "Brian", "hi"),
        ('voice="Aria" hi', "Aria", "hi"),
        ("[voice=Aria] hi", "Aria", "hi"),
        ("{voice: Aria} hi", "Aria", "hi"),
        ("hi voice=Brian", "Brian", "hi"),
        ("hi voice:Brian", "Brian", "hi"),
        ("hi --voice Brian", "Brian", "hi"),
        ("hi (voice=Brian)", "Brian", "hi"),
        ("hi there,\nvoice=Brian", "Brian", "hi there"),
        ("Will you come?", "Lily", "Will you come?"),
        ('text="voice: the musical"', "Lily", "voice: the musical"),
        ('text="Hello\nthere"', "Lily", "Hello\nthere"),
        ('voice=Aria text="Hello,\n\nspeed=2 "there""', "Aria", 'Hello,\n\nspeed=2 "there"'),
        ("text=Aria is here", "Lily", "Aria is here"),
        ("text: hi there voice:Brian", "Brian", "hi there"),
        ("in a deep voice: hello", "Lily", "in a deep voice: hello"),
        ("Voice of America", "Lily", "Voice of America"),
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
        ("Brain hello", ["Brian"], "hello"),
        ("Brain: hello", ["Brian"], "hello"),
        ("Rivers hello", ["River"], "hello"),
        ("Bells hello", ["Bella"], "hello"),
        ("Area hello", ["Aria"], "hello"),
        ("Lima hello", ["Liam"], "hello"),
        ("Rice hello", ["Eric"], "hello"),
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


def test_no_text_is_asked_about_for_a_common_first_word() -> None:
    words = OPENINGS.split()
    assert len(set(words)) == len(words) >= 200
    table = catalog(more_voices=("Thea", "Hank", "Max", "Jane", "Tim", "Mary", "Whit"))
    asked = [
        line
        for line in (f"{word}{after}" for word in words for after in (" hello there", ", everybody"))
        if ordered(line).readings or ordered(line, table=table).readings
    ]
    assert asked == []


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
        ("speech", "Hello speed=1.2", {"speed": 1.2, "voice": "Lily", "text": "Hello"}),
        ("speech", "Aria stability=1 hi there speed=1.2",
         {"stability": 1.0, "speed": 1.2, "voice": "Aria", "text": "hi there"}),
        ("speech", "hi, speed=1.2, voice=Brian", {"speed": 1.2, "voice": "Brian", "text": "hi"}),
        ("speech", "hi voice=Aria,speed=1.2", {"speed": 1.2, "voice": "Aria", "text": "hi"}),
        ("speech", "voice=Aria,speed=1.2 hi", {"speed": 1.2, "voice": "Aria", "text": "hi"}),
        ("speech", "speed=1,2,voice=Aria hi", {"speed": 1.2, "voice": "Aria", "text": "hi"}),
        ("speech", "[voice=Aria speed=1.2] [sighs] hi", {"speed": 1.2, "voice": "Aria", "text": "[sighs] hi"}),
        ("speech", "hi [speed: 1.2]", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "--speed 1.2 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "-speed 1.2 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "\u2014speed 1.2 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "hi \u2014speed=1.2", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "Voice vs. text", {"voice": "Lily", "text": "Voice vs. text"}),
        ("speech", "Speed 2 is a film", {"voice": "Lily", "text": "Speed 2 is a film"}),
        ("speech", "speed: 1.2", {"speed": 1.2, "voice": "Lily", "text": ""}),
        ("speech", "hi --speed 1.2", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "speed:1.2 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "speed: 1.2 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "speed 1.2: hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", "speed\uff1d\uff11.\uff12 hi", {"speed": 1.2, "voice": "Lily", "text": "hi"}),
        ("speech", 'text="solve for speed=1.5" speed=1.2',
         {"speed": 1.2, "voice": "Lily", "text": "solve for speed=1.5"}),
        ("speech", "E=mc2", {"voice": "Lily", "text": "E=mc2"}),
        ("speech", "solve for speed=distance/time", {"voice": "Lily", "text": "solve for speed=distance/time"}),
        ("speech", "speed = distance / time", {"voice": "Lily", "text": "speed = distance / time"}),
        ("speech", "Speed: the film", {"voice": "Lily", "text": "Speed: the film"}),
        ("speech", "see a.b/?voice=Brian", {"voice": "Lily", "text": "see a.b/?voice=Brian"}),
        ("speech", 'he typed "speed=1.2"', {"voice": "Lily", "text": 'he typed "speed=1.2"'}),
        ("speech", "--hello there", {"voice": "Lily", "text": "--hello there"}),
        ("speech", "e=mc2 is what he wrote", {"voice": "Lily", "text": "e=mc2 is what he wrote"}),
        ("speech", "Aria x=1 and y=2", {"voice": "Aria", "text": "x=1 and y=2"}),
        ("speech", "text=Hello there", {"voice": "Lily", "text": "Hello there"}),
        ("music", "output_format=opus_48000_64 lo-fi rain beat",
         {"output_format": "opus_48000_64", "prompt": "lo-fi rain beat"}),
        ("music", "respect_sections_durations=no OUTPUT_FORMAT=PCM_8000 rain",
         {"respect_sections_durations": False, "output_format": "pcm_8000", "prompt": "rain"}),
        ("music", "rain output_format=pcm_8000", {"output_format": "pcm_8000", "prompt": "rain"}),
        ("music", "--output-format pcm_8000 rain", {"output_format": "pcm_8000", "prompt": "rain"}),
        ("music", "output_format: pcm_8000 rain", {"output_format": "pcm_8000", "prompt": "rain"}),
        ("music", 'prompt="tempo=120 Aria sings"', {"prompt": "tempo=120 Aria sings"}),
        ("music", "Aria sings, tempo 120", {"prompt": "Aria sings, tempo 120"}),
    ],
)  # fmt: skip
def test_parameters_are_typed_before_the_text_or_after_it(product: str, body: str, parameters: dict[str, Any]) -> None:
    assert ordered(body, product).parameters == parameters


def test_every_parameter_of_the_table_can_be_typed() -> None:
    values = {"voice": "Bill", "stability": 0.5, "similarity_boost": 0.25, "speed": 2.0}
    values |= {"respect_sections_durations": True, "output_format": OUTPUT_FORMATS[-1]}
    for name, row in TABLE.products.items():
        wanted = {option: values[option] for option in {*row.options} - {*row.written}}
        typed = " ".join(f"{option}={value}" for option, value in wanted.items())
        assert ordered(f"{typed} Hello", name).parameters == {**wanted, row.billed: "Hello"}


@pytest.mark.parametrize(
    ("product", "body", "says"),
    [
        ("speech", "voice: Xyz hi", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "voice:Xyz hi", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "voice Xyz: hi", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "--voice Xyz hi", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "[voice=Xyz] hi", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "hi voice=Xyz", "voice “Xyz” can't be used: it must be one of Aria"),
        ("speech", "hi voice: Brian", "written voice=Brian"),
        ("speech", "hi speed=9", "it must be a number from 0.5"),
        ("speech", "hi speed=fast", "it must be a number from 0.5"),
        ("speech", "speed: 9 hi", "it must be a number from 0.5"),
        ("speech", "speed 1.2 hi", "written speed=1.2"),
        ("music", "output_format pcm_8000 rain", "written output_format=pcm_8000"),
        ("speech", "hi --velocity 2", "speech takes voice, stability"),
        ("speech", "hi sped=1.2", "written speed=1.2"),
        ("speech", "spd=1.2 hi", "written speed=1.2"),
        ("speech", "spd: 1.2 hi", "written speed=1.2"),
        ("speech", "--sped 1.2 hi", "written speed=1.2"),
        ("speech", "velocity=2 hi", "speech takes voice, stability, similarity_boost, speed"),
        ("speech", "hi velocity=2", "speech takes voice, stability, similarity_boost, speed"),
        ("music", "rain tempo=30", "music takes preset, length, instrumental, lyrics"),
        ("speech", "--velocity 2 hi", "speech takes voice, stability"),
        ("speech", "Aria pitch=high hi", "speech takes voice, stability"),
        ("speech", "hi output_format=pcm_8000", "speech takes voice, stability"),
        ("speech", "speed=1.2 hi speed=1.3", "it must be given once"),
        ("speech", "hi speed=1 speed=2", "it must be given once"),
        ("music", "rain format=pcm_8000", "written output_format=pcm_8000"),
        ("music", "rain output_format=flac", "output_format “flac” can't be used: it must be one of mp3"),
        ("music", "tempo=30 rain", "music takes preset, length, instrumental, lyrics"),
        ("music", "tempo=120 Aria sings", "music takes"),
        ("music", "voice=Aria rain", "music takes"),
        ("music", "rain voice=Aria", "music takes"),
        ("speech", "speed=3 Hello", "speed “3” can't be used: it must be a number from 0.5 to 2.0"),
        ("speech", "speed=fast Hello", "speed “fast” can't be used: it must be a number"),
        ("speech", "speed=1 speed=2 Hello", "speed “2” can't be used: it must be given once"),
        ("speech", "voice=Aria voice=Bill Hello", "voice “Bill” can't be used: it must be given once"),
        ("speech", "voic=Bill Hello", "written voice=Bill"),
        ("speech", "sped=1.2 Hello", "written speed=1.2"),
        ("speech", "similarity=1 Hello", "written similarity_boost=1"),
        ("speech", "voice=Nobody Hello", "voice “Nobody” can't be used: it must be one of Aria"),
        ("speech", "output_format=pcm_8000 Hello", "speech takes voice, stability"),
        ("music", "format=pcm_8000 rain", "written output_format=pcm_8000"),
        ("music", "output_format=flac rain", "output_format “flac” can't be used: it must be one of mp3"),
        ("music", "respect_sections_durations=maybe rain", "true or false"),
        ("music", "speed=2 rain", "music takes"),
    ],
)
def test_a_mistake_in_a_parameter_is_refused(product: str, body: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body, product)
    assert says in refusal(refused.value)


@pytest.mark.parametrize(
    ("product", "body", "lines"),
    [
        ("speech", "spd=1.2 hi", ["/speak speed=1.2 hi", '/speak text="spd=1.2 hi"']),
        ("speech", "hi there speed=9", ["/speak hi there speed=1.2", '/speak text="hi there speed=9"']),
        ("speech", "velocity=2 hi", ["/speak hi", '/speak text="velocity=2 hi"']),
        ("music", "rain tempo=30", ["/music rain", '/music prompt="rain tempo=30"']),
        ("speech", "voice: Xyz hi", ["/speak voice=Lily hi", '/speak text="voice: Xyz hi"']),
        ("speech", "speed=1.2\nspeed=1.3 hi", ["/speak speed=1.2 hi", '/speak text="speed=1.2 speed=1.3 hi"']),
        ("speech", "Aria speed=1.2 hi there voice=Brian",
         ["/speak Aria speed=1.2 hi there", '/speak text="Aria speed=1.2 hi there voice=Brian"']),
        ("music", "rain format=mp3",
         ["/music rain output_format=mp3_44100_128", '/music prompt="rain format=mp3"']),
    ],
)  # fmt: skip
def test_a_refused_parameter_comes_with_the_lines_to_type(product: str, body: str, lines: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body, product)
    heard = "said" if product == "speech" else "played"
    assert refused.value.instead == f"{', or '.join(lines)} to have all of it {heard}"
    for line in lines:
        row, order = TABLE[product], ordered(line.split(maxsplit=1)[1], product)
        assert not order.readings
        assert row.validate(order.parameters)
    assert order.parameters[row.billed] == " ".join(body.split())


@pytest.mark.parametrize(
    "text",
    ["…!?", "[],", "🎉🎉", "👩‍👩‍👧 ❤️", "1️⃣", "\u3164", "\u115f\u1160", "\uffa0", "\u2800", "\u200b\u2063", "[laughs]",
     "[whispers] [sighs]…", "\u0301\u0301", "= + €", "ʰ"],
)  # fmt: skip
@pytest.mark.parametrize("product", ["speech", "music"])
def test_nothing_to_say_is_refused(product: str, text: str) -> None:
    with pytest.raises(NothingToSay):
        TABLE[product].validate(ordered(text, product).parameters)


@pytest.mark.parametrize("text", ["a", "5", "½", "你好", "ㅎㅎ", "[laughs] ha", "ª", "مرحبا", "1️⃣ 2"])
def test_one_letter_or_number_is_enough(text: str) -> None:
    assert TABLE["speech"].validate(ordered(text).parameters)["text"] == text


@pytest.mark.parametrize(
    ("product", "body", "instead"),
    [
        ("speech", "Aria Hello speed=", "Aria Hello speed=1.2"),
        ("speech", "Aria Hello speed=1.2 stability=", "Aria Hello speed=1.2 stability=0.5"),
        ("speech", "speed= Aria Hello", "speed=1.2 Aria Hello"),
        ("speech", "speed=1.2 stability= Aria Hello", "speed=1.2 stability=0.5 Aria Hello"),
        ("speech", "Aria speed= Hello everyone", "Aria speed=1.2 Hello everyone"),
        ("speech", "Aria Hello [speed=1.2", "Aria Hello speed=1.2"),
        ("speech", "[speed=2 Aria Hello", "speed=1.2 Aria Hello"),
        ("speech", "Aria Hello --speed=", "Aria Hello speed=1.2"),
        ("speech", "Aria Hello --speed", "Aria Hello speed=1.2"),
        ("speech", "Aria Hello voice=", "Aria Hello"),
        ("speech", "text=", "Hello everyone"),
        ("speech", 'text="Hello', 'text="Hello"'),
        ("music", "lo-fi output_format=", "lo-fi output_format=mp3_44100_128"),
        ("music", 'prompt="lo fi', 'prompt="lo fi"'),
        ("speech", "voice= Hello", "voice=Lily Hello"),
        ("speech", "voice: Hello", "voice=Lily Hello"),
        ("speech", 'voice="Aria Hello"', "voice=Aria Hello"),
        ("speech", "speed=9", "speed=1.2 Hello everyone"),
        ("music", "output_format= lo-fi", "output_format=mp3_44100_128 lo-fi"),
        ("music", "output_format lo-fi", "output_format=mp3_44100_128 lo-fi"),
        ("music", "lo-fi output_format", "lo-fi output_format=mp3_44100_128"),
        ("music", "respect_sections_durations=maybe rain", "respect_sections_durations=true rain"),
    ],
)
def test_a_parameter_that_is_not_finished_is_not_spoken(product: str, body: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body, product)
    assert refused.value.instead.startswith(f"/{TABLE[product].command} {instead}, or ")


@pytest.mark.parametrize(
    "body", ["E=mc2", "what is speed = distance", "solve for speed=distance/time", 'text="speed="']
)
def test_what_only_looks_unfinished_is_said(body: str) -> None:
    assert ordered(body).parameters["text"] in {body, "speed="}
