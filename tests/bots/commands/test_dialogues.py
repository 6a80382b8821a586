"""Texts in which several speak, as people write them."""

from itertools import groupby
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands.dialogues import Script, script
from core.domain.products import catalog
from core.domain.refusals import InvalidInput
from tests.bots.commands.ordering import TABLE, ordered

SPEECH = TABLE["speech"]


def read(text: str, *, may_call: bool = True, is_given: bool = False) -> Script:
    return script(text, SPEECH, TABLE, "Lily", may_call=may_call, is_given=is_given)


def spoken(text: str) -> list[tuple[str, str]]:
    found = read(text, may_call=False)
    assert not found.casts
    return [(turn.voice, turn.text) for turn in found.turns]


def asked(found: Script) -> dict[str, list[tuple[str, str]]]:
    assert not found.turns
    return {name: [(turn.voice, turn.text) for turn in turns] for name, turns in found.casts.items()}


@pytest.mark.parametrize(
    "text",
    [
        "Aria: Hello\nGeorge: Hi",
        "aria:Hello\n\nGEORGE:  Hi  ",
        "Aria：Hello\nGeorge： Hi",
        "**Aria:** Hello\n> __George__: Hi",
        "- Aria : Hello\r\n\u2013 *George*: Hi",
        "\u0410ria: Hello\nGe\u00f3rge: Hi",
        '"Aria": Hello\n“George”: Hi',
        '"Aria:" Hello\n"George: Hi"',
        "[Aria]: Hello\n[George] Hi",
        "<Aria> Hello\n<George>: Hi",
        "(Aria): Hello\n'George': Hi",
        "1. Aria: Hello\n2) **George**: Hi",
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


def test_a_direction_is_a_tag_and_names_may_have_several_words() -> None:
    table = catalog(more_voices=("Old Tom", "李雷"))
    text = "Aria (whispers): Hello\n[Old Tom] [sad] Hi\nold  tom (to Aria) [laughs]: Ho\n李雷：好"
    found = script(text, SPEECH, table, "Lily")
    assert [(turn.voice, turn.text) for turn in found.turns] == [
        ("Aria", "[whispers] Hello"), ("Old Tom", "[sad] Hi\n[to Aria] [laughs] Ho"), ("李雷", "好"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "unclear", "casts"),
    [
        (
            "Aria: Hello\nGoerge: Hi",
            ("Goerge",),
            {"George": [("Aria", "Hello"), ("George", "Hi")], "": [("Aria", "Hello\nGoerge: Hi")]},
        ),
        ("Goerge: hi\nAira: ho", ("Goerge", "Aira"), {"George & Aria": [("George", "hi"), ("Aria", "ho")], "": []}),
        (
            "Narrator: It was night.\nAria: Hello",
            ("Narrator",),
            {name: [(name, "It was night."), ("Aria", "Hello")] for name in ("Lily", "Roger", "Sarah")}
            | {"": [("Lily", "Narrator: It was night."), ("Aria", "Hello")]},
        ),
        (
            "Aria: a\nGeorge: b\nBob: c\nEve: d\nBOB: e",
            ("Bob", "Eve"),
            {
                f"{bob} & {eve}": [("Aria", "a"), ("George", "b"), (bob, "c"), (eve, "d"), (bob, "e")]
                for bob, eve in (("Lily", "Roger"), ("Sarah", "Laura"), ("Charlie", "Callum"))
            }
            | {"": [("Aria", "a"), ("George", "b\nBob: c\nEve: d\nBOB: e")]},
        ),
        ("Aria\nGeorge: hi", (), {"Aria": [("Aria", "George: hi")], "George": [("George", "hi")], "": []}),
    ],
)
def test_who_is_meant_by_a_name_that_is_no_voices_is_asked(
    text: str, unclear: tuple[str, ...], casts: dict[str, list[tuple[str, str]]]
) -> None:
    found = read(text)
    assert (found.unclear, asked(found)) == (unclear, casts)


def test_who_was_chosen_narrates() -> None:
    found = read("Narrator: It was night.\nAria: Hello", may_call=False, is_given=True)
    assert [(turn.voice, turn.text) for turn in found.turns] == [("Lily", "It was night."), ("Aria", "Hello")]
    assert found.is_narrated is False


LABELS = (
    "{}: ", "{}:", "**{}:** ", "{} : ", '"{}": ', '"{}:" ', "[{}]: ", "[{}] ", "<{}> ", "({}): ", "1. {}: ", "> {}: ", "- __{}__: ",
)  # fmt: skip
LINE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=':：\x85"“”«»[]()<>*_~`'), max_size=40
)


@given(
    st.lists(
        st.tuples(st.sampled_from(["Aria", "Zed-2", "Old Tom", "李雷", "Мария"]), st.sampled_from(LABELS), LINE),
        min_size=2, max_size=5,
    )
)  # fmt: skip
def test_nothing_of_a_dialogue_is_lost_or_doubled(lines: list[tuple[str, str, str]]) -> None:
    table = catalog(more_voices=("Zed-2", "Old Tom", "李雷", "Мария"))
    said = [(name, f"x{text}x") for name, _, text in lines]
    text = "\n".join(label.format(name) + words for (_, label, _), (name, words) in zip(lines, said, strict=True))
    merged = [(name, "\n".join(words for _, words in each)) for name, each in groupby(said, key=itemgetter(0))]
    found = script(text, SPEECH, table, "Lily", may_call=True)
    assert [(turn.voice, turn.text) for turn in found.turns] == merged


@given(st.text(st.sampled_from("AriaGeorgeNtBb:[]()<>*\"'1. -\n李：é"), max_size=80))
def test_every_letter_is_heard_in_the_literal_reading(text: str) -> None:
    try:
        found = read(text)
    except InvalidInput:
        return
    if found.casts and (turns := found.casts[""]):
        heard = "".join(filter(str.isalnum, "".join(turn.text for turn in turns)))
        assert all(word in heard or word in TABLE.voices for word in found.unclear)
        assert len(heard) <= len(text)


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
    for unit in ("*", "[a] ", "_", " ", "a", "Aria: [", "[", "Aria:\n", "> ", "\n", "a b ", "(", "<Aria ", "1. "):
        try:
            found = read(unit * (60_000 // len(unit)) + "\nAria: a\nGeorge: b", may_call=False)
            assert len(found.turns or found.casts) >= 2
        except InvalidInput:
            assert unit == "Aria:\n"
