import pytest

from core.domain.money import cost_of, show
from core.domain.products import PRICE_MICROS


@pytest.mark.parametrize(
    ("characters", "price", "cost"),
    [(14, PRICE_MICROS, 1400), (1000, PRICE_MICROS, 100_000), (1, PRICE_MICROS, 100), (0, PRICE_MICROS, 0), (1, 1, 1), (1001, 1, 2)],
)  # fmt: skip
def test_cost_rounds_up_to_a_whole_micro(characters: int, price: int, cost: int) -> None:
    assert cost_of(characters, price) == cost


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
