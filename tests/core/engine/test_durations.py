"""What is learned of how long generations take, and when it has them looked for."""

from collections.abc import Callable
from math import ceil
from random import Random

import pytest

from core.domain.products import catalog
from core.engine.durations import NEWS, Durations
from core.engine.pace import Pace

PACE = Pace()


def lag_and_looks(durations: Durations, took_s: float, *, says: bool) -> tuple[float, int]:
    """Look for one until it is there, then learn from it; return how late it was found, and the number of looks."""
    before_s, at_s, looks = 0.0, durations.rhythm("speech", 100).first_s, 1
    while at_s < took_s:
        before_s, at_s = at_s, durations.rhythm("speech", 100).next_s(at_s, PACE)
        assert PACE.poll_min_s <= at_s - before_s <= PACE.poll_max_s
        looks += 1
    durations.note("speech", 100, max(before_s, min(at_s, ceil(took_s)) if says else at_s - 0.5))
    return at_s - took_s, looks


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize(
    ("drawn", "ratio"),
    [(lambda r: r.uniform(3, 60), 1.1), (lambda r: r.gauss(20, 1), 1.05), (lambda r: r.gauss(4, 0.5), 1.1)],
)
def test_polling_is_as_quick_as_a_poll_each_five_seconds_and_polls_no_more(
    drawn: Callable[[Random], float], ratio: float, says: bool
) -> None:
    durations, random = Durations(catalog(), PACE), Random(0)  # noqa: S311
    times_s = [drawn(random) for _ in range(2000)]
    found = [lag_and_looks(durations, took_s, says=says) for took_s in times_s][100:]
    assert sum(lag for lag, _ in found) <= ratio * sum(-took_s % 5 for took_s in times_s[100:])
    assert sum(looks for _, looks in found) <= sum(ceil(took_s / 5) for took_s in times_s[100:])


def test_what_usually_takes_equally_long_is_found_at_once() -> None:
    durations = Durations(catalog(), PACE)
    for _ in range(NEWS):
        durations.note("speech", 100, 18)
    assert lag_and_looks(durations, 18, says=True) == (0, 2)
    assert durations.usual_s("speech", 100) == 18


def test_usual_is_the_products_own_figure_until_enough_of_that_size_were_seen() -> None:
    durations = Durations(catalog(), PACE)
    for took_s in (30, 31, 32):
        durations.note("music", 100, took_s)
    assert durations.usual_s("music", 100) == catalog()["music"].usual_s
    durations.note("music", 100, 500)
    assert durations.usual_s("music", 100) == 31.5  # what is far out weighs no more than the others
    assert durations.usual_s("music", 1000) == catalog()["music"].usual_s
    for _ in range(100):
        durations.note("music", 100, 40)
    assert durations.usual_s("music", 100) == 40
