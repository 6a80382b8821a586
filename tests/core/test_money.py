import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.money import AMOUNTS, LARGEST_MICROS, cost_of, parse_amount, show
from core.products import PRICE_MICROS


@pytest.mark.parametrize(
    ("characters", "price", "cost"),
    [(14, PRICE_MICROS, 1400), (1000, PRICE_MICROS, 100_000), (1, PRICE_MICROS, 100), (0, PRICE_MICROS, 0), (1, 1, 1), (1001, 1, 2)],
)  # fmt: skip
def test_cost_rounds_up_to_a_whole_micro(characters: int, price: int, cost: int) -> None:
    assert cost_of(characters, price) == cost


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("$0.50", 500_000),
        ("0.50", 500_000),
        ("5", 5_000_000),
        (" 1.000001 ", 1_000_001),
        ("0", 0),
        ("5000 chars", 500_000),
        ("5000chars", 500_000),
        ("1 Character", 100),
        ("Unlimited", None),
        ("1000000", LARGEST_MICROS),
    ],
)
def test_amounts_as_people_think(typed: str, micros: int | None) -> None:
    assert parse_amount(typed, PRICE_MICROS) == micros


@pytest.mark.parametrize(
    "typed",
    ["", " ", "NaN", "-1", "1e400", "0,5", "５", "$", ".5", "1.", "0.0000001", "1000000.000001", str(2**63), "inf", "5 euros",
     "5000 chars a day", "$$1", "+1", "0x10", "1_000", "99999999999 chars", "١ chars", "1\n", "X1"],
)  # fmt: skip
def test_what_is_not_an_amount_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_amount(typed, PRICE_MICROS)
    assert refused.value.parameter == "amount"
    assert refused.value.value == typed
    assert refused.value.allowed == AMOUNTS


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (1400, "$0.0014"),
        (500_000, "$0.50"),
        (0, "$0.00"),
        (1, "$0.000001"),
        (12_340_000, "$12.34"),
        (-1400, "-$0.0014"),
    ],
)
def test_amounts_are_shown_with_the_digits_they_need(micros: int, shown: str) -> None:
    assert show(micros) == shown


@given(st.integers(0, LARGEST_MICROS))
def test_what_is_shown_can_be_typed(micros: int) -> None:
    assert parse_amount(show(micros), PRICE_MICROS) == micros
