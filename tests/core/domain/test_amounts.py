"""Amounts, periods and times as people type them: understood whole, or refused whole."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.allowed import Rule, allowed
from core.domain.amount_words import LONGEST
from core.domain.amounts import (
    AMOUNT,
    AMOUNTS,
    LEFT_OUT,
    PERIODS,
    SUMS,
    TOO_MUCH,
    parse_amount,
    read_monthly,
    read_period,
    read_quota,
    split_credit,
)
from core.domain.money import LARGEST_MICROS, show
from core.domain.products import PRICE_MICROS
from core.domain.quota import Period, Quota
from core.domain.refusals import InvalidInput, UnclearReason


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("$0.50", 500_000),
        ("0.50", 500_000),
        ("5", 5_000_000),
        (" 1.000001 ", 1_000_001),
        ("0", 0),
        ("5$", 5_000_000),
        ("1.50 $", 1_500_000),
        ("5".ljust(LONGEST), 5_000_000),
        ("$ 5", 5_000_000),
        ("US$5", 5_000_000),
        ("5 USD", 5_000_000),
        ("usd 5", 5_000_000),
        ("5 dollars", 5_000_000),
        ("1 dollar", 1_000_000),
        ("5 cents", 50_000),
        ("50¢", 500_000),
        ("5c", 50_000),
        ("5 ct", 50_000),
        ("5 cts", 50_000),
        ("0.5 cents", 5000),
        ("$1.234", 1_234_000),
        ("0.100", 100_000),
        ("5000 chars", 500_000),
        ("5000chars", 500_000),
        ("5 000 chars", 500_000),
        ("1\u00a0000 characters", 100_000),
        ("1 Character", 100),
        ("Unlimited", None),
        ("1000000", LARGEST_MICROS),
    ],
)
def test_amounts_as_people_think(typed: str, micros: int | None) -> None:
    assert parse_amount(typed, PRICE_MICROS) == micros


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        *((typed, "") for typed in (
            "", " ", "NaN", "-1", "1e400", "$", "0.0000001", "inf",
            "5 euros", "€5", "5 pounds", "$$1", "$5$", "+1", "0x10", "1_000", "1\n", "X1",
            "5 50", "0.00001 cents", "5 cents 5", "none", "free", "5000 chars 5", "1/2", "0.05 orders over $0.05",
            "5 000", "5,000", "$1,000,000", "1.000", "20.500", "5k",  # five dollars to some, five thousand to others
            "5".ljust(LONGEST + 1),
        )),
        ("５", "5"),
        ("٥", "5"),
        ("١ chars", "1 chars"),
        ("½", "0.5"),
        ("five", ""),
        ("five chars", ""),
        ("half", ""),
        ("half a dollar", ""),
        ("1,50", "1.50"),
        ("$0,5", "$0.5"),
        ("5,000 chars", "5000 chars"),
        ("5.000.000 chars", "5000000 chars"),
        ("5'000 chars", "5000 chars"),
        ("5k chars", "5000 chars"),
        (".5", "0.5"),
        ("1.", "1"),
        ("5 a day", "5"),
        ("5/day", "5"),
        ("5000 chars a day", "5000 chars"),
    ],
)  # fmt: skip
def test_what_is_not_an_amount_is_refused_with_what_to_type(typed: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_amount(typed, PRICE_MICROS)
    assert (refused.value.parameter, refused.value.value, refused.value.instead) == ("amount", typed, instead)
    assert refused.value.allowed == AMOUNTS


@pytest.mark.parametrize(
    ("read", "typed", "value", "instead"),
    [
        (parse_amount, "0.05 the price that is asked about", "the price that is asked about", "0.05"),
        (parse_amount, "5 chars each", "each", "5 chars"),
        (read_monthly, "20 for the whole band", "for the whole band", "20"),
        (read_quota, "0 week nothing for Bob", "nothing for Bob", "0 week"),
        (read_quota, "5 day please", "please", "5 day"),
    ],
)
def test_what_follows_an_amount_is_left_out_of_the_line_to_type(
    read: Callable[[str, int], object], typed: str, value: str, instead: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(typed, PRICE_MICROS)
    assert (refused.value.value, refused.value.allowed, refused.value.instead) == (value, LEFT_OUT, instead)


@pytest.mark.parametrize("typed", ["1000000.000001", "1000000000", str(2**63), "$1000001", "99999999999 chars"])
def test_too_much_is_refused_with_the_largest(typed: str) -> None:
    for read in (parse_amount, split_credit, read_monthly):
        with pytest.raises(InvalidInput) as refused:
            read(typed, PRICE_MICROS)
        assert (refused.value.value, refused.value.allowed, refused.value.instead) == (typed, TOO_MUCH, "")


def test_a_grant_is_not_told_of_unlimited() -> None:
    for typed in ("lots", "5 euros", "5 pounds thanks", "1 000 000"):
        with pytest.raises(InvalidInput) as refused:
            split_credit(typed, PRICE_MICROS)
        assert refused.value.allowed in (SUMS, allowed(Rule.SUM_THEN_REASON))


@given(st.integers(0, LARGEST_MICROS))
def test_what_is_shown_can_be_typed(micros: int) -> None:
    assert parse_amount(show(micros), PRICE_MICROS) == micros


def quota(micros: int | None, period: str) -> Quota:
    return Quota(limit_micros=micros, period=Period(period))


@pytest.mark.parametrize(
    ("typed", "micros", "period"),
    [
        ("0.50 day", 500_000, "day"),
        ("$1/day", 1_000_000, "day"),
        ("$1 / day", 1_000_000, "day"),
        ("1 a day", 1_000_000, "day"),
        ("1 per day", 1_000_000, "day"),
        ("$5 each day", 5_000_000, "day"),
        ("5 every week", 5_000_000, "week"),
        ("5 daily", 5_000_000, "day"),
        ("daily 5", 5_000_000, "day"),
        ("day 0.01", 10_000, "day"),
        ("per month 20", 20_000_000, "month"),
        ("weekly: 5000 chars", 500_000, "week"),
        ("5 000 chars/WEEK", 500_000, "week"),
        ("50 cents monthly", 500_000, "month"),
        ("1 day", 1_000_000, "day"),
        ("unlimited week", None, "week"),
        ("unlimited", None, "month"),
    ],
)
def test_quotas_as_people_think(typed: str, micros: int | None, period: str) -> None:
    assert read_quota(typed, PRICE_MICROS) == quota(micros, period)


@pytest.mark.parametrize(
    ("typed", "parameter", "value", "instead"),
    [
        ("5", "period", "", "5 PERIOD"),
        ("5000 chars", "period", "", "5000 chars PERIOD"),
        ("1 year", "period", "year", "1 PERIOD"),
        ("5 a fortnight", "period", "a fortnight", "5 PERIOD"),
        ("2 days", "amount", "2 days", "AMOUNT PERIOD"),
        ("$2 days", "period", "days", "$2 PERIOD"),
        ("unlimited words", "amount", "unlimited words", "AMOUNT PERIOD"),
        ("1,50 day", "amount", "1,50", "1.50 day"),
        ("0.0000001 day", "amount", "0.0000001", "AMOUNT day"),
        ("weekly: 5 000", "amount", "5 000", "AMOUNT weekly"),
        ("1 day week", "amount", "1 day", "1 PERIOD"),
        ("$5 per day per day", "amount", "$5 per day", "$5 PERIOD"),
        ("day", "amount", "day", "AMOUNT day"),
        ("lots of money", "amount", "lots of money", "AMOUNT PERIOD"),
        ("1,50", "amount", "1,50", "1.50 PERIOD"),
        ("5 000", "amount", "5 000", "AMOUNT PERIOD"),
        ("5k chars", "amount", "5k chars", "5000 chars PERIOD"),
        ("", "amount", "", "AMOUNT PERIOD"),
    ],
)
def test_a_quota_that_is_half_understood_is_refused(typed: str, parameter: str, value: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_quota(typed, PRICE_MICROS)
    error = refused.value
    assert (error.parameter, error.value, error.instead) == (parameter, value, instead)
    assert error.allowed == (PERIODS if parameter == "period" else AMOUNTS)


def test_a_pool_is_for_a_month() -> None:
    typed = ("20", "$20/month", "20 monthly", "unlimited")
    assert [read_monthly(text, PRICE_MICROS) for text in typed] == [20_000_000] * 3 + [None]
    for text, instead in (("20 day", ""), ("20 a week", ""), ("1,50", "1.50"), ("5 000", "")):
        with pytest.raises(InvalidInput) as refused:
            read_monthly(text, PRICE_MICROS)
        assert (refused.value.parameter, refused.value.value, refused.value.instead) == ("amount", text, instead)
        assert refused.value.allowed == (AMOUNTS if instead or text == "5 000" else allowed(Rule.MONTHLY))
    assert read_monthly("5000 chars", PRICE_MICROS) == 500_000


@pytest.mark.parametrize(
    ("typed", "amount", "reason"),
    [
        ("5", "5", ""),
        ("5 thanks", "5", "thanks"),
        ("5, thanks", "5", "thanks"),
        ("0.50 for the song", "0.50", "for the song"),
        ("5 for 3 lovely songs", "5", "for 3 lovely songs"),
        ("5000 chars well done", "5000 chars", "well done"),
        ("5 cents for helping @bob2", "5 cents", "for helping @bob2"),
        ("$5 to say thanks", "$5", "to say thanks"),
        ("5 and thanks for 1000 hours", "5", "and thanks for 1000 hours"),
        ("5 @bob2 was great", "5", "@bob2 was great"),
        ("5 won the quiz", "5", "won the quiz"),
        ("5 for 3 good songs", "5", "for 3 good songs"),
        ("5 thanks for the 3 euros", "5", "thanks for the 3 euros"),
        ("5 great work, you saved us all a lot of pounds", "5", "great work, you saved us all a lot of pounds"),
        ("5 for good centimes", "5", "for good centimes"),
        ("5 for the", "5", "for the"),
        ("5 for Mr X", "5", "for Mr X"),
        ("5 #1 fan", "5", "#1 fan"),
        ("5 thanks\n", "5", "thanks\n"),
        (f"5 for {'la ' * 20}", "5", " ".join(["for", *["la"] * 20])),
        ("5 for sang 2 hours", "5", "for sang 2 hours"),
        ("5 for tausend", "5", "for tausend"),
        ("5 für das Lied", "5", "für das Lied"),
        ("5 Спасибо!", "5", "Спасибо!"),
        ("5 \u2764\ufe0f", "5", "\u2764\ufe0f"),
        ("5: tausend", "5", "tausend"),
        ("5 - tausend", "5", "- tausend"),
        ("5, tausend", "5", "tausend"),
        ("5 (tausend)", "5", "(tausend)"),
        ('5 "tausend"', "5", '"tausend"'),
        ("5 a gift", "5", "a gift"),
        ("unlimited thanks", "unlimited", "thanks"),
    ],
)
def test_a_reason_may_follow(typed: str, amount: str, reason: str) -> None:
    assert split_credit(typed, PRICE_MICROS) == (amount, reason)


@pytest.mark.parametrize(
    ("typed", "value", "instead"),
    [
        ("5 000", "5 000", "AMOUNT"),
        ("5 000 thanks", "5 000", "AMOUNT thanks"),
        ("5 50", "5 50", "AMOUNT"),
        ("5 euros", "5 euros", "AMOUNT"),
        ("5 centimes", "5 centimes", "AMOUNT"),
        ("5 Zeichen", "5 Zeichen", "AMOUNT"),
        ("5 € thanks", "5 €", "AMOUNT thanks"),
        ("5 k", "5 k", "AMOUNT"),
        ("5 k chars", "5 k chars", "5000 chars"),
        ("5,", "5,", "AMOUNT"),
        ("5X thanks", "5X", "AMOUNT thanks"),
        ("\u20ac 5 thanks", "\u20ac 5", "AMOUNT thanks"),
        ("5\nthanks", "5\nthanks", "AMOUNT"),
        ("5 million", "5 million", "AMOUNT"),
        ("5 and a half", "5 and a half", "AMOUNT"),
        ("5 dollars and 50 cents", "5 dollars and 50 cents", "AMOUNT"),
        ("5 ½", "5 ½", "AMOUNT"),
        ("5 ٥", "5 ٥", "AMOUNT"),
        ("5 a day", "5 a day", "5"),
        ("5 per week", "5 per week", "5"),
        ("5 daily", "5 daily", "5"),
        ("5 for 2 days", "5 for 2 days", "AMOUNT"),
        ("5 for the week", "5 for the week", "AMOUNT"),
        ("5 for days", "5 for days", "AMOUNT"),
        ("5 credits", "5 credits", "AMOUNT"),
        ("5 % more", "5 %", "AMOUNT"),
        ("5 (euros) thanks", "5 (euros)", "AMOUNT thanks"),
        ("5 euros; thanks", "5 euros;", "AMOUNT thanks"),
        ("5 until the next 2 weeks, bob", "5 until the next 2 weeks,", "AMOUNT"),
        ("1,50 thanks", "1,50", "1.50 thanks"),
        ("1 . 50", "1 . 50", "AMOUNT"),
        ("five thanks", "five", "AMOUNT thanks"),
        ("one fifty", "one fifty", "AMOUNT"),
        ("half of what ann has", "half", "AMOUNT"),
        ("one more time", "one", "AMOUNT"),
        ("all", "all", "AMOUNT"),
        ("AMOUNT twenty five", "AMOUNT twenty five", "AMOUNT"),
        ("1,50 tausend", "1,50", "AMOUNT"),
        ("5 fifty", "5 fifty", "AMOUNT"),
        ("5 next week", "5 next week", "AMOUNT"),
        ("5 - 10", "5 - 10", "AMOUNT"),
        ("5 -2", "5 -2", "AMOUNT"),
        ("5: 5", "5 5", "AMOUNT"),
        ("bob 5", "bob", "AMOUNT"),
        ("", "", "AMOUNT"),
        ("five euros", "five euros", "AMOUNT"),
        ("AMOUNT thanks", "AMOUNT", "AMOUNT thanks"),
    ],
)
def test_what_may_belong_to_the_amount_is_no_reason(typed: str, value: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        split_credit(typed, PRICE_MICROS)
    assert (refused.value.parameter, refused.value.value, refused.value.instead) == ("amount", value, instead)
    assert refused.value.allowed in (SUMS, allowed(Rule.SUM_THEN_REASON))


@pytest.mark.parametrize(
    "more",
    [
        *"tausend mil mille lakh тысяч 💯 sang".split(),
        *(
            "good centimes",
            "well deserved euros",
            "nice, crisp dollars",
            "lovely old copper pennies",
            "thanks in Zeichen",
        ),
        *("great big characters", "a good deal of rupees"),
        *("less 2", "dot 5", "-tausend", "+ tausend", "a tausend", "good 50", "bonus cents", "to Bob"),
        *("por dia", "por 3", "por", "pour cent", "за 2 дня"),
    ],
)
def test_what_is_not_plainly_a_reason_is_asked_about(more: str) -> None:
    with pytest.raises(UnclearReason) as refused:
        split_credit(f"5 {more}", PRICE_MICROS)
    assert more.startswith(str(refused.value.value))
    assert refused.value.instead == f"5 for {more}"
    assert split_credit(refused.value.instead, PRICE_MICROS) == ("5", f"for {more}")


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("day", "day"),
        (" Week ", "week"),
        ("monthly", "month"),
        ("this week", "week"),
        ("today", "day"),
        ("/day", "day"),
    ],
)
def test_periods(typed: str, period: str) -> None:
    assert read_period(typed) is Period(period)


def test_what_is_no_period_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_period("fortnight")
    assert (refused.value.parameter, refused.value.value, refused.value.allowed) == ("period", "fortnight", PERIODS)


_PIECES = st.sampled_from(
    "5 0.5 000 1,50 1.000 $ usd cents chars k euros day /day a per for and thanks ½ ٥ 2nd".split()
)


@given(st.lists(_PIECES, min_size=1, max_size=5))
def test_no_line_to_type_has_money_that_was_not_typed(pieces: list[str]) -> None:
    typed = " ".join(pieces)
    for read in (split_credit, read_quota, read_monthly, parse_amount):
        try:
            read(typed, PRICE_MICROS)
        except InvalidInput as error:
            figures = re.findall(r"(?<![\d.])[\d.]+(?!\w| ?chars)", error.instead.replace(",", "."))
            is_refused = AMOUNT in error.instead
            assert is_refused or set(figures) <= {*(piece.replace(",", ".") for piece in pieces), "5", "0.5"}


@example(["000", "per"])
@given(st.lists(_PIECES, min_size=1, max_size=5))
def test_whatever_is_typed_is_understood_whole_or_refused(pieces: list[str]) -> None:
    """A reason that is accepted holds no money, and its amount has all that comes before."""
    typed = " ".join(pieces)
    try:
        amount, reason = split_credit(typed, PRICE_MICROS)
    except InvalidInput:
        return
    assert typed == f"{amount} {reason}".strip()
    assert parse_amount(amount, PRICE_MICROS) is not None
    first = reason.split()[0] if reason else "thanks"
    assert first in {"thanks", "for", "and", "a"}
    assert not re.match(r"(?:(?:and|a|per) )*[\d$½٥]", reason)
