"""Where a text may be cut, in many scripts."""

from itertools import pairwise

import pytest

from core.domain.seams import Seam, graphemes, masked, seams, words


def cut(text: str, *at: Seam) -> list[str]:
    places = [place for place, seam in seams(masked(text, 1000)) if seam in at and text[place:].strip()]
    return [text[a:b].strip() for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "I met Dr. Smith.| Mr. and Mrs. Jones came, e.g. Bob, at 5 p.m. Then J. K. Rowling wrote.| The U.S. Navy paid 3.50.| It left 4b.| (Dr. No stayed.)",
        'See No. 5 and fig. 120.| "Oh!" he said.| "Ah!" (he laughed.)| "Stop it!"| He ran… away.| Well...| I think so.| Is it?| Yes!',
        "In Jan. He came.| In 1990.| Then he left.| She said no.| He went.| (All of it.)| Ok.",
        "Das ist z. B. Kuchen, d. h. gut, am 3. Mai bzw. im 19. Jahrhundert.| Ludwig XIV. war Hr. Dr. Müllers Gast.| Ja.",
        "А. С. Пушкин жил в г. Москве, т. е. там.| Он писал.| «Да!» — сказал он.| Нет!",
        "M. Dupont est là.| « Oui ! »| «\u00a0Non\u00a0» ?| Il dort.",
        "El Sr. García habló con la Dra. Ruiz.| ¿Sí?| ¡No!| Vale.",
        "هل هذا صحيح؟| نعم، هذا صحيح.| جاء د. محمد.| ثم ذهب.",
        "यह सच है।| डॉ. शर्मा आए।| ए. पी. जे. अब्दुल कलाम, फिर गए।| क्या?| हाँ।",
        "你好，世界！|「再见」，我说。|这是真的吗？|是。|见https://x.org/a.b。|然后走。",
        "今日は良い天気です。|「本当？」|はい、そうです！|行きましょう。",
        "안녕하세요.| 저는 학생입니다!| 네, 그래요.| 정말?| 네, 네.",
        "Go.| [whispers] I am here.| [shouts] Now [laughs] run!| [sad] [slow] It is over.| End [sighs]",
        "See https://example.org/a.b,c?d=e.| Then www.example.org, and go.| Bye.",
        "A hard\nwrapped line goes on\nuntil here.| Next one.",
    ],
)
def test_sentences_end_with_their_stops_and_not_with_an_abbreviations(text: str) -> None:
    assert cut(text.replace("|", ""), Seam.SENTENCE) == [sentence.strip() for sentence in text.split("|")]


@pytest.mark.parametrize(
    "text",
    [
        "One,| two;| three:| four –| five,| 3,000 or 12:30,| 'six,'| seven",
        "he came.| then he left!| so it goes,| e.g. now",
        "a line\n| another line\n| https://x.org/a,b",
        "你好，|世界；|「再见，」|我说：|「好」——|真的，|3,000吗",
        "نعم،| هذا؛| صحيح",
        "สวัสดีครับ| ผมชื่อสมชาย| ยินดีที่ได้รู้จัก",
    ],
)
def test_clauses_end_with_marks_and_lines_and_where_thai_has_blanks(text: str) -> None:
    assert cut(text.replace("|", ""), Seam.CLAUSE) == [clause.strip() for clause in text.split("|")]


def test_paragraphs_end_with_a_blank_line_or_a_sentence_at_the_end_of_a_line_and_headings_stay_with_them() -> None:
    long = "no full stop ends this, " * 5
    text = f"One. Two.\n| Three Dr.\nSmith of the U.S.\r\n\r\n| Chapter 1\n\nFour. [laughs for quite a while]\n\n| {long}\n \n| Chapter 2\n\nFive.\u2029| [sad]\nSix"
    assert cut(text.replace("|", ""), Seam.PARAGRAPH) == [paragraph.strip() for paragraph in text.split("|")]


def test_what_an_unbreakable_blank_holds_together_is_whole() -> None:
    assert cut("in 10\u00a0000\u202fkm then", Seam.BLANK) == ["in", "10\u00a0000\u202fkm", "then"]


def test_words_and_graphemes() -> None:
    for found, marked in (
        (words, "東京|都|に|住|んで。"),
        (words, "ผม|ชื่อ|สมชาย"),
        (words, 'don\'t| say| "no!"| well-|known'),
        (words, "नमस्ते| दुनिया"),
        (graphemes, "👨‍👩‍👧|👋🏽|🇩🇪|é|각|क्षि|1️⃣"),
    ):
        text = marked.replace("|", "")
        places = dict.fromkeys([0, *found(text)])
        assert "|".join(text[a:b] for a, b in pairwise(places)) == marked
