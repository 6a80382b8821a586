"""What stands in the place of a text and is plainly none costs nothing; a sentence is said as it stands."""

import pytest

from bots.text import replies
from bots.text.refusals import refusal
from core.domain.refusals import InvalidInput, NeedsChoice
from tests.bots.commands.ordering import TABLE, ordered

EXAMPLE = "/speak Lily Hello everyone"
HELP = f"{EXAMPLE}, /help for all that I can do"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("--help", HELP),
        ("-h", HELP),
        ("\u2014help", HELP),
        ("/help", HELP),
        ("Aria --help", HELP),
        ("/balance", "/balance"),
        ("/speak hello", "/speak hello"),
        ("/speak@some_bot hello", "/speak hello"),
        ("Aria /speak hello", "/speak Aria hello"),
        ("/music lo-fi", "/music lo-fi"),
        ("Hello\n/speak there\n/balance", "/speak Hello"),
        ("text", EXAMPLE),
        ("[voice] text", EXAMPLE),
        ("Aria text", EXAMPLE),
        ("<voice> <text>", EXAMPLE),
        ("speed", EXAMPLE),
        ("[voice] Hello", "/speak Hello"),
        ("Hello [speed]", "/speak Hello speed=1.2"),
        ("speed Aria Hello", "/speak speed=1.2 Aria Hello"),
        ("Hello speed 1.2", "/speak Hello speed=1.2"),
        ("Hello there stability 0.5", "/speak Hello there stability=0.5"),
        ("Hello there voice Aria", "/speak Hello there voice=Aria"),
        ("Hello similarity_boost 1", "/speak Hello similarity_boost=1"),
        ("sp=1.2 Hello", "/speak speed=1.2 Hello"),
        ("v=Aria Hello", "/speak voice=Aria Hello"),
        ("=1.2 Hello", "/speak Hello"),
        ("Hello --help", "/speak Hello"),
    ],
)
def test_what_is_plainly_no_text_is_neither_said_nor_billed(body: str, line: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body)
    literal = " ".join(body.split())
    assert refusal(refused.value).endswith(f'. Write {line}, or /speak text="{literal}" to have all of it said')
    assert ordered(f'text="{literal}"').parameters["text"] == literal
    if line.startswith("/speak "):
        assert ordered(line.removeprefix("/speak ").partition(", /help")[0]).parameters["text"]


@pytest.mark.parametrize(
    ("body", "product", "line"),
    [
        ("at speed=1.2 the engine hums", "speech", "/speak at the engine hums speed=1.2"),
        ('Hello text="Bye"', "speech", "/speak Hello Bye"),
        ('text="Hello" text="Bye"', "speech", '/speak text="Hello Bye"'),
        ('text="Hello" there', "speech", '/speak text="Hello there"'),
        ('prompt="lo-fi" extra', "music", '/music prompt="lo-fi extra"'),
        ("hello /music rain", "speech", "/speak hello"),
    ],
)
def test_what_stands_amid_a_text_is_not_said_for_a_part_of_it(body: str, product: str, line: str) -> None:
    """Each of the two lines that are offered is taken: what was meant, and all of it as it stands."""
    with pytest.raises(InvalidInput) as refused:
        ordered(body, product)
    meant, _or, literal = refused.value.instead.partition(", or ")
    assert meant == line
    billed = TABLE[product].billed
    assert ordered(meant.partition(" ")[2], product).parameters[billed]
    literal = literal.partition(" ")[2].partition(" to have all of it")[0]
    assert ordered(literal, product).parameters[billed] == body


@pytest.mark.parametrize(
    "text", ["'Hello'", "\u201cHello\u201d", "\u201eHello\u201c", "\u00abHello\u00bb", '"Hello"', "Hello"]
)
def test_any_quotation_marks_may_stand_around_a_text(text: str) -> None:
    assert ordered(f"text={text}").parameters["text"] == "Hello"


@pytest.mark.parametrize("text", ["'tis the season", "\u2018twas", 'He said "hi" to me'])
def test_marks_that_do_not_close_a_text_are_said(text: str) -> None:
    assert ordered(f"text={text}").parameters["text"] == text


@pytest.mark.parametrize(
    "body",
    [
        "output_format",
        "mp3_44100_128 lo-fi",
        "lo-fi pcm_8000",
        "prompt",
        "--help",
        "/speak hello",
        "[output_format] lo-fi",
    ],
)
def test_nor_is_it_played(body: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body, "music")
    assert refusal(refused.value).endswith(f'or /music prompt="{body}" to have all of it played')


@pytest.mark.parametrize(
    "text",
    ["Help me", '"help"', 'text="help"', "Please help", "Stop it", "Your turn", "Again and again", "Words hurt", "Balance is all", "/pause and go", "Hello\n/shrug", "Text me later", "Speed kills",
     "What a voice", "I ran at speed 9", "What a nice voice area", "--hello there", "-Hola", "\u2014Hola", "= hi",
     "E=mc2", "v=1 and so on", "and/or", "Voice of America"],
)  # fmt: skip
def test_what_may_be_a_sentence_is_said(text: str) -> None:
    assert ordered(text).parameters["text"] == text.removeprefix("text=").strip('"' if "text=" in text else "")
    assert not ordered(text).readings


@pytest.mark.parametrize(
    "text",
    ["help", "Help!", "HELP\n", "Usage", "quota", "balance", "quota show", "music", "stop", "Cancel.", "prompt",
     "your text here", "Enter your text here", "<your prompt>", "some words", "description", "AMOUNT", "@name", "reason",
     "output_format", "again", "Again!", "ＨＥＬＰ", "Hilfe", "ayuda", "помощь", "帮助", "ヘルプ", "मदद"],
)  # fmt: skip
def test_a_word_that_may_be_meant_for_the_bot_is_asked_about(text: str) -> None:
    """Also after a voice and as a text that is named, but in no quotation marks."""
    said = {"voice": "Lily", "text": text.rstrip()}
    assert ordered(text).readings == ordered(f"text={text}").readings == {"": said}
    assert ordered(f"Aria {text}").readings == {"": {**said, "voice": "Aria"}}
    assert not ordered(f'text="{text}"').readings
    assert not ordered("", answered=text).readings


def test_what_stands_for_a_description_is_asked_about_too() -> None:
    for body in ("help", "description", "text", "voice", "your description here"):
        assert ordered(body, "music").readings == {"": {"prompt": body}}


def test_what_is_asked_about_names_the_words_and_their_only_reading() -> None:
    asked = NeedsChoice("1", ("",), 45_000, "help")
    assert refusal(asked).startswith("Is “help” really all of your text? Nothing is ordered yet; you can say so until")
    assert replies.readings(asked.readings) == ["Go ahead"]


def test_a_long_text_is_not_cut_in_a_line_to_type() -> None:
    for body, says in (
        (f"sped=1.2 {'la ' * 300}", 'Write speed=1.2 in its place, or text="…" around all of it'),
        (f"velocity=2 {'la ' * 300}", 'Write text="…" around all of it'),
    ):
        with pytest.raises(InvalidInput) as refused:
            ordered(body)
        assert says in refusal(refused.value)


@pytest.mark.parametrize("product", TABLE.products)
def test_what_help_says_is_no_text(product: str) -> None:
    """Whoever types the usage as it stands is told what is meant by it."""
    row = TABLE[product]
    for usage in (f"[{row.speaker}] {row.billed}" if row.speaker else row.billed, *row.options):
        with pytest.raises(InvalidInput):
            ordered(usage, product)


@pytest.mark.parametrize(
    ("body", "value"),
    [("Hello speed=", ""), ("Hello --speed", ""), ("[speed=1.2 Hello", "[speed=1.2"), ('voice="Aria', 'voice="Aria')],
)
def test_a_name_alone_is_called_missing_and_not_quoted_as_a_value(body: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ordered(body)
    assert refused.value.value == value
