"""What is spoken of a text with mark-up: nothing that was meant is lost, nothing is doubled."""

import re
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands.mark_up import as_typed, with_lines, without_marks
from tests.bots.commands.ordering import ordered

SPOKEN = [
    ("**bold** and *it* ***both*** __u__ ~~s~~ ||sp oil||", "bold and it both u s sp oil"),
    ("**_x_y_**, __**y**__, ||*in* and **out**||", "x_y, y, in and out"),
    ("`a*b*c` ``x`` ```py\nprint(*a*)\n``` ```one```", "a*b*c x print(*a*)\n one"),
    ("> quote\n# Head\n- item\n* it\n1. one\n-# small\n>>> **big**", "quote\nHead\nitem\nit\n1. one\nsmall\nbig"),
    ("[text *it*](https://a.b/c_(d)) [laughs](hello) [whispers] hi", "text it [laughs](hello) [whispers] hi"),
    ("![a cat](https://a.b/cat.png)", "a cat"),
    ("see https://www.example.com/x?y=1). <https://foo.bar/z_z>!", "see link to example.com). link to foo.bar!"),
    ("\\*not\\* \\_x\\_ \\# \\\\", "*not* _x_ # \\"),
    ("你好**世界**吗，看https://a.b/c。好", "你好世界吗，看link to a.b。好"),
    ("[sighs] **[laughs] hi**", "[sighs] [laughs] hi"),
    ("*I* think", "I think"),
]
STAYS = [
    "2 * 3 * 4", "2*3*4", "(a)*(b)*(c)", "a ** b ** c", "x = *p + *q", "**kwargs and *args", "5* and 4* hotels",
    "snake_case, a_b_c and _private", "3 > 2", "> 2", "- 5", "# 1", "C# and #1", "-> x <- y", "a || b || c", "1 < 2 > 0",
    "*_*", "(*_*) *o* >_< T_T ^_^", "¯\\_(ツ)_/¯", "(\\_/)\n( o.o )\n > ^ <", "- - - -", "* * *", "~ ~~ ~~~ ~~~~",
    "f*** you, sh*t f*ck", "C:\\_tmp and C:\\new", "[whispers] [laughs] hi [pause]", "I <3 you <b>", "``` `` `", "____",
    "http:// www. https://", "مرحبا * بكم", "नमस्ते_दुनिया", "สวัสดี", "100% *", "don't",
]  # fmt: skip


@pytest.mark.parametrize(("text", "spoken"), SPOKEN)
def test_mark_up_becomes_its_words(text: str, spoken: str) -> None:
    assert without_marks(text) == spoken


@pytest.mark.parametrize("text", STAYS)
def test_what_can_be_meant_otherwise_stays(text: str) -> None:
    assert without_marks(text) == as_typed(text) == text


_MARKS = "*_~|`\\<>#-[]().:/ \n"
_PLAIN = st.text(st.characters(exclude_characters=_MARKS[:-2], exclude_categories=["Cs"]))


@given(_PLAIN)
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert without_marks(text) == text


@given(
    st.lists(st.sampled_from([*_MARKS, "**", "```", "||", "~~", "a", "Ж", "語", "३", "ä", "[x]", "🎉", "x y"])).map(
        "".join
    )
)
def test_no_letter_is_lost_or_doubled(text: str) -> None:
    said = without_marks(text)
    assert [c for c in said if c.isalnum()] == [c for c in text if c.isalnum()]
    assert not Counter(said) - Counter(text)


@given(
    _PLAIN.map(str.strip).filter(lambda text: re.search(r"[^\W\d_]{2}", text)),
    st.sampled_from(["*", "**", "__", "_", "~~", "||", "***"]),
)
def test_whatever_stands_between_marks_is_spoken(text: str, mark: str) -> None:
    assert without_marks(f"well, {mark}{text}{mark}!") == f"well, {text}!"


@pytest.mark.parametrize(
    "piece", ["*. .* ", "```", "**a ", "_*", "||*", "[a](https://b", "(c)](https://", "\\", "> ", "<a"]
)
def test_a_hostile_text_takes_no_time(piece: str) -> None:
    began = time.process_time()
    without_marks(piece * (20_000 // len(piece)))
    assert time.process_time() - began < 2  # it would be minutes if each mark looked through all of the text


def test_typed_line_breaks() -> None:
    assert with_lines(r"a\nb \\n c:\new Aria:\nHi") == "a\nb \\n c:\\new Aria:\nHi"


def test_only_the_text_is_cleaned_once_it_is_known_who_speaks() -> None:
    order = ordered("Roger: **hi** speed=1.2", clean=without_marks)
    assert order.parameters == {"voice": "Roger", "text": "hi", "speed": 1.2}
    turns = ordered("**Roger:** *hi*\nAria: __ho__", clean=without_marks).turns
    assert [(turn.voice, turn.text) for turn in turns] == [("Roger", "hi"), ("Aria", "ho")]
    asked = ordered("Arya **hi**", clean=without_marks)
    assert {each["text"] for each in asked.readings.values()} == {"hi", "Arya hi"}
