"""Long texts in stretches: nothing lost, nothing doubled, nothing cut that belongs together."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.domain.allowed import Rule, allowed
from core.domain.parameters import says_something, sounds
from core.domain.refusals import InvalidInput, NothingToSay
from core.domain.seams import Seam, graphemes
from core.domain.splitting import FILL, Stretch, split

SCRIPTS = {
    "English": "Dr. Smith came on Mr. Bell's day. Then, e.g. at noon, he left! [whispers] I saw it; nobody else did. ",
    "German": "Am 3. Mai, d. h. bald, kommt Hr. Müller z. B. hierher. Ja! »Wirklich?« Das sagte er. ",
    "Russian": "А. С. Пушкин жил в г. Москве, т. е. там. Он писал стихи! Потом ушёл. ",
    "Arabic": "هل هذا صحيح؟ نعم، هذا صحيح. جاء د. محمد ثم ذهب. ",
    "Hindi": "यह सच है। डॉ. शर्मा आए, फिर गए। क्या? नमस्ते दुनिया! ",
    "Thai": "สวัสดีครับ ผมชื่อสมชาย ยินดีที่ได้รู้จัก วันนี้อากาศดีมาก ",
    "Chinese": "你好，世界！「再见」，我说。这是真的吗？是的，这是真的。",
    "Japanese": "今日は良い天気です。「本当？」はい、そうです！行きましょう。",
    "Korean": "안녕하세요. 저는 학생입니다! 네, 그래요. 정말 좋은 날이에요. ",
}
PIECES = [
    *(" ", "\n\n", "\r\n", "\u00a0", ". ", "! ", "…", ", ", "。", "、", "[laughs]", "[", "]", "(", "”", "«", "-", "*", "1", "Dr.", "z. B."),
    *("👨‍👩‍👧", "🇩🇪", "👋🏽", "e\u0301", "क्षि", "각", "\u1112\u1161\u11ab", "ก็", "1️⃣", "https://a.b/c,d?e", "Hello", "да", "نعم", "你", "A"),
]  # fmt: skip


def bare(text: str) -> list[str]:
    places = [0, *graphemes(text)]
    clusters = [text[a:b].strip() for a, b in pairwise(places)]
    return [cluster for cluster in clusters if cluster]


def is_text_of(text: str, stretches: tuple[Stretch, ...]) -> bool:
    """Say whether stretches, each after blanks alone, are the text."""
    between = r"\s*".join(re.escape(stretch.text) for stretch in stretches)
    return re.fullmatch(rf"\s*{between}\s*", text) is not None


@settings(max_examples=100, deadline=None)
@example(["A", "*" * 12, "A"], 10)
@example(["Hello there ", "*" * 30], 40)
@example(["Hello", "\u0301" * 40], 30)
@example(["好，\uff9e"] * 30, 20)
@example(["각\u0600"] * 30, 20)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(PIECES), st.text(max_size=3, alphabet=st.characters(exclude_categories=["Cc", "Cs"]))
        ),
        min_size=25,
        max_size=60,
    ),
    st.integers(20, 50),
)
def test_nothing_is_lost_or_doubled_and_no_grapheme_is_cut(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    try:
        stretches = split("text", text, limit)
    except NothingToSay:
        places = [0, *sounds(text), len(text)]
        assert max(after - before for before, after in pairwise(places)) > limit / 3
        return
    assert stretches == split("text", text, limit)
    assert is_text_of(text, stretches)
    assert all(len(stretch.text) <= limit for stretch in stretches)
    assert bare(text) == [cluster for stretch in stretches for cluster in bare(stretch.text)]
    if len(stretches) > 1:
        assert all(says_something(stretch.text) for stretch in stretches)


@pytest.mark.parametrize("script", SCRIPTS)
def test_stretches_are_full_alike_and_end_where_sentences_do(script: str) -> None:
    text = (SCRIPTS[script] * 400).strip()
    stretches = split("text", text, 3000)
    lengths = [len(stretch.text) for stretch in stretches]
    assert is_text_of(text, stretches)
    assert len(stretches) == -(-len(text) // int(3000 * FILL))
    assert max(lengths) - min(lengths) < 0.1 * 3000
    assert {s.seam for s in stretches[:-1]} == {Seam.CLAUSE if script == "Thai" else Seam.SENTENCE}
    assert not any(
        s.text.endswith(("Dr.", "Mr.", "e.g.", "3.", "z.", "B.", "h.", "т.", "г.", "д.", "د.", "डॉ."))
        for s in stretches
    )


@pytest.mark.parametrize("extra", [1, 20, 200, 3000])
def test_no_few_words_are_left_for_the_last(extra: int) -> None:
    text = ("He said so again and again. " * 400)[: 3000 + extra]
    *_, before, last = split("text", text, 3000)
    assert len(last.text) > 0.8 * len(before.text)


def test_the_best_seam_that_is_near_enough_is_taken() -> None:
    some = "word " * 20
    for text, seam in (
        (f"{some[:80]}end.\n\nThen so. And {some}", Seam.PARAGRAPH),
        (f"End.\n\n{some[:80]}end. Then {some}", Seam.SENTENCE),
        (f"{some[:70]}end. Then {some[:25]}, {some}", Seam.SENTENCE),
        (f"{some[:70]}and, {some[:35]} {some}", Seam.CLAUSE),
        (some * 2, Seam.BLANK),
        ("see " + "x" * 172 + " and then there is more", Seam.BLANK),
        ("东京都" * 70, Seam.WORD),
        ("a" * 200, Seam.GRAPHEME),
    ):
        assert split("text", text, 180)[0].seam is seam


def test_tags_and_addresses_are_whole_and_a_tag_stays_with_what_it_colours() -> None:
    address = "https://example.org/" + "path/" * 15
    for text in (
        f"One two three. [whispers] Four five six. {address} seven eight. " * 9,
        f"a b c d. [x y z] e f {address}, " * 9,
    ):
        stretches = split("text", text, 120)
        assert sum(stretch.text.count(address) for stretch in stretches) == 9
        assert all(re.fullmatch(r"[^\[\]]*(\[[^\[\]]+\][^\[\]]*)*", stretch.text) for stretch in stretches)
        assert not any(stretch.text.endswith("]") for stretch in stretches)
    assert len(split("text", f"see {'https://example.org/' + 'x/' * 100}", 90)) > 2


def test_what_is_short_enough_stays_as_it_is() -> None:
    assert split("text", " Hello. Bye. ", 13) == (Stretch(" Hello. Bye. ", Seam.PARAGRAPH),)
    assert split("text", " Hello. Bye. ", 11) == (Stretch("Hello. Bye.", Seam.PARAGRAPH),)
    assert [s.text for s in split("text", " Hello. " + " " * 90 + "Bye.", 13)] == ["Hello.", "Bye."]


def test_what_can_not_be_said_in_parts_is_refused() -> None:
    with pytest.raises(NothingToSay) as silent:
        split("text", "Hello " + "*" * 50 + " bye", 20)
    assert (silent.value.parameter, silent.value.allowed) == ("text", allowed(Rule.AUDIBLE))
    for text in ("*" * 50, "[laughs]" * 50):
        with pytest.raises(NothingToSay):
            split("text", text, 20)
    with pytest.raises(InvalidInput) as controls:
        split("text", "Hello \ud800 " * 50, 20)
    assert controls.value.allowed == allowed(Rule.PLAIN)


@pytest.mark.parametrize(
    "unit", ["Hello there, this is a sentence. ", "a\n", "b. ", "[a] x ", "你好，世界。", "a", " ", "[", "https://a.b/"]
)
def test_time_grows_as_the_length_does(unit: str) -> None:
    text = (unit * 2**16)[: 2**16] + " z"
    began_s = time.process_time()
    try:
        split("text", text, 3000)
    except NothingToSay:
        assert unit == "["
    assert (
        time.process_time() - began_s < 1.5
    )  # four times as much in less than a second, on a machine that is left alone
