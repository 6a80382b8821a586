"""What is left of errors that quote what somebody wrote."""

import pytest

from core.domain.quoting import unquoted, without
from tests.makers import job

TEXT = "My kestrel Hugo said: привет, 你好世界! Is it 42 km?"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("400 model is not available", "400 model is not available"),
        ("400 'My kestrel Hugo said: …' is too long", "400 'My …' is too long"),
        ("blocked word: KESTREL", "blocked word: …"),
        ("begun amid it: …estrel, and here", "begun amid it: …, and here"),
        ("cut short: my kest", "cut short: my …"),
        ("文本你好无效", "…"),
        ("text \u201c你好世界\u201d refused", "text \u201c…\u201d refused"),
        ("привет is no English", "… is no English"),
        (r'{"text": "\u4f60\u597d kestrel"}', '{"text": "…"}'),
        ("no such path /kestrel/%D0%BF%D1%80", "no such path /…"),
        ("", ""),
    ],
)
def test_no_word_of_a_text_is_left(said: str, left: str) -> None:
    assert without(said, TEXT) == left


def test_of_a_job_all_is_left_out_that_was_written_freely_in_any_part() -> None:
    made = job(product="music", parameters={"prompt": "lullaby", "lyrics": "kestrel", "output_format": "mp3_44100_128"})
    assert unquoted(made, "lullaby with kestrel as mp3_44100_128") == "… with … as mp3_44100_128"
    retired = job(product="gone", parameters={"words": "kestrel", "speed": 1.0})
    assert unquoted(retired, "kestrel refused") == "… refused"
