"""Times and counts as people type them: understood whole, or refused whole."""

import pytest

from core.domain.allowed import Rule, allowed
from core.domain.amounts import LEFT_OUT
from core.domain.refusals import InvalidInput
from core.domain.spans import LARGEST_COUNT, TIMES, read_count, read_seconds, read_span_ms

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("typed", "span_ms"),
    [
        ("30 m", 30 * MINUTE_MS),
        ("1m", MINUTE_MS),
        ("2h", 2 * HOUR_MS),
        ("2 hours", 2 * HOUR_MS),
        ("an hour", HOUR_MS),
        ("1h30m", 90 * MINUTE_MS),
        ("1 hour and 30 minutes", 90 * MINUTE_MS),
        ("for 2 days", 2 * DAY_MS),
        ("1 w", 7 * DAY_MS),
        ("a week", 7 * DAY_MS),
        ("90 s", 90_000),
        ("1 s", 1000),
        ("366 days", 366 * DAY_MS),
    ],
)
def test_times_as_people_think(typed: str, span_ms: int) -> None:
    assert read_span_ms(typed) == span_ms


@pytest.mark.parametrize(
    "typed", ["", "2", "0m", "-1h", "1.5h", "1 month", "2 fortnights", "30m1h", "1h 1h", "1h30", "am", "٥ m", "9999 w", "367 d"]
)  # fmt: skip
def test_times_that_are_none_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_span_ms(typed)
    assert (refused.value.parameter, refused.value.value, refused.value.allowed) == ("time", typed, TIMES)


def test_what_follows_a_time_or_a_count_is_left_out() -> None:
    for read, typed, instead in (
        (read_span_ms, "2 h please", "2 h"),
        (lambda text: read_seconds("cooldown_s", text), "60 seconds between two orders", "60 seconds"),
        (lambda text: read_count("n", text, least=1), "500 at most", "500"),
    ):
        with pytest.raises(InvalidInput) as refused:
            read(typed)
        assert (refused.value.allowed, refused.value.instead) == (LEFT_OUT, instead)


def test_seconds_and_counts() -> None:
    assert [read_seconds("cooldown_s", text) for text in ("0", "60", "2m", "1 hour", "90 s")] == [0, 60, 120, 3600, 90]
    assert [read_count("n", text, least=1) for text in ("1", " 5 000 ")] == [1, 5000]
    assert read_count("n", "500 chars", least=1, unit="chars?") == 500
    for text in ("1.5", "-1", "٥", "1,5", "1 000 0", "soon", "9999999"):
        with pytest.raises(InvalidInput) as refused:
            read_seconds("cooldown_s", text)
        assert (refused.value.parameter, refused.value.value) == ("cooldown_s", text)
        assert refused.value.allowed in (allowed(Rule.SECONDS), allowed(Rule.COUNT, low=0, high=1_000_000))
        with pytest.raises(InvalidInput) as refused:
            read_count("n", text, least=1)
        assert (refused.value.parameter, refused.value.value, refused.value.instead) == ("n", text, "")
        assert refused.value.allowed == allowed(Rule.COUNT, low=1, high=1_000_000)
    assert type(read_seconds("cooldown_s", "2m")) is int
    assert read_count("n", f"{LARGEST_COUNT}", least=1) == LARGEST_COUNT
    with pytest.raises(InvalidInput) as refused:
        read_count("n", "12'345 chars", least=1, unit="chars")
    assert refused.value.instead == "12345"
