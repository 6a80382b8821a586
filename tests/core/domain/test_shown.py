"""Strangers' texts can't forge, reorder or cover the words beside them."""

import pytest

from core.domain.shown import JOINERS, shown, shown_name


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Ann Granted\n  $5 ", "Ann Granted $5"),
        ("Ann\u202eevil", "Annevil"),
        ("a" + 9 * "\u0301", "a" + 4 * "\u0301"),
        ("x" * 99, "x" * 20),
        ("می\u200cروم", "میروم"),
    ],
)
def test_a_stranger_s_text_is_one_harmless_line(text: str, line: str) -> None:
    assert shown(text, 20) == line


def test_joiners_stay_where_words_are_spelt_with_them() -> None:
    assert shown("می\u200cروم", 20, JOINERS) == "می\u200cروم"


def test_a_name_of_nothing_is_somebody() -> None:
    assert shown_name("\u200b\n") == "somebody"
