"""Texts in which several speak, as people write them."""

import pytest

from bots.commands.dialogues import turns
from core.domain.refusals import InvalidInput
from tests.bots.commands.ordering import TABLE, ordered

SPEECH = TABLE["speech"]


def spoken(text: str) -> list[tuple[str, str]]:
    return [(turn.voice, turn.text) for turn in turns(text, SPEECH, TABLE, "Lily")]


@pytest.mark.parametrize(
    "text",
    [
        "Aria: Hello\nGeorge: Hi",
        "aria:Hello\n\nGEORGE:  Hi  ",
        "Aria：Hello\nGeorge： Hi",
        "**Aria:** Hello\n> __George__: Hi",
        "- Aria : Hello\r\n\u2013 *George*: Hi",
        "\u0410ria: Hello\nGe\u00f3rge: Hi",
    ],
)
def test_each_line_has_its_voice_however_it_is_written(text: str) -> None:
    assert spoken(text) == [("Aria", "Hello"), ("George", "Hi")]


def test_tags_belong_to_what_is_said() -> None:
    assert spoken("Aria: [laughs] Hello\nGeorge [sad]: Hi\n[whispers] Zed-2: [slow]  Bye") == [
        ("Aria", "[laughs] Hello"),
        ("George", "[sad] Hi"),
        ("Zed-2", "[whispers] [slow]  Bye"),
    ]


def test_lines_without_a_name_go_on_and_the_first_are_narrated() -> None:
    text = "It was night.\nA door opened.\n\nAria:\nWho is there?\n\nWho?\nGeorge: Me.\nGeorge: Only me.\n---"
    assert spoken(text) == [
        ("Lily", "It was night.\nA door opened."),
        ("Aria", "Who is there?\n\nWho?"),
        ("George", "Me.\nOnly me.\n---"),
    ]
    assert spoken("***\nAria: Hello\nGeorge: Hi") == [("Aria", "Hello"), ("George", "Hi")]
    assert spoken("Lily: a\nLily: b") == [("Lily", "a\nb")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello everyone",
        "Rachel: hi",
        "Rachel: hi\nand hello\nNote: bring milk",
        "Rachel: hi\nhe said: Aria is here",
        "Once upon a time\nAria: Hello",
        "Romeo: hi\nJuliet: hello\nRomeo: bye",
        "Goerge: hi\nAira: hello",
        "Aria hello\nGeorge hi",
    ],
)
def test_other_texts_are_no_dialogue(text: str) -> None:
    assert spoken(text) == []


def test_a_single_name_is_read_as_it_was() -> None:
    assert dict(ordered("Rachel: hi\nhow are you").parameters) == {"voice": "Rachel", "text": "hi\nhow are you"}


def test_what_only_looks_like_a_name_is_said() -> None:
    lines = [
        "at 12:30 we met",
        "https://x.org: ok",
        "He said: no",
        "Well: yes",
        "note: bye",
        "C: is a drive",
        "Re:Zero",
        "I: me",
        "W2: tax",
    ]
    assert spoken("Aria: Hello\nGeorge: " + "\n".join(lines)) == [("Aria", "Hello"), ("George", "\n".join(lines))]
    assert spoken("Aria: Note: hi\nGeorge: Bob: hi") == [("Aria", "Note: hi"), ("George", "Bob: hi")]


@pytest.mark.parametrize(
    ("text", "name", "line", "instead"),
    [
        ("Aria: Hello\nGoerge: Hi", "Goerge", 2, "George: Hi, or Aria: Goerge: Hi to have all of it said"),
        ("Aira: Hello\n\nGeorge: Hi", "Aira", 1, "Aria: Hello, or Lily: Aira: Hello to have all of it said"),
        ("Aria: a\nGeorge: b\nBob: c", "Bob", 3, "Lily: c, or George: Bob: c to have all of it said"),
        ("Aria: a\nGeorge: b\n李雷：c", "李雷", 3, "Lily: c, or George: 李雷: c to have all of it said"),
        ("Aria: a\nBob:\nGeorge: b", "Bob", 2, "Lily: …, or Aria: Bob: … to have all of it said"),
        (
            "Aria: a\nGoerge: " + "b" * 50,
            "Goerge",
            2,
            f"George: {'b' * 40}…, or Aria: Goerge: {'b' * 40}… to have all of it said",
        ),
    ],
)
def test_a_name_that_is_no_voices_is_refused_with_its_line(text: str, name: str, line: int, instead: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        spoken(text)
    error = refused.value
    assert (error.parameter, error.value, error.instead) == ("voice", name, instead)
    assert str(error.allowed).startswith(f"the name of a voice in line {line}: Aria, Roger")


@pytest.mark.parametrize(
    ("text", "said"), [("Aria: Hello\nGeorge:\nLily: Hi", ""), ("Aria: Hello\nGeorge: [laughs]", "[laughs]")]
)
def test_who_says_nothing_is_refused_with_the_line(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        spoken(text)
    assert (refused.value.parameter, refused.value.value, refused.value.allowed) == (
        "text",
        said,
        "words that George says in line 2",
    )


def test_hostile_lines_are_read_in_no_time() -> None:
    for unit in ("*", "[a] ", "_", " ", "a", "Aria: [", "[", "Aria:\n", "> ", "\n"):
        try:
            assert len(turns(unit * (60_000 // len(unit)) + "\nAria: a\nGeorge: b", SPEECH, TABLE, "Lily")) >= 2
        except InvalidInput:
            assert unit == "Aria:\n"
