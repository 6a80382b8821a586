"""Cost of one admission, one job and one poll with 100, 1,000 and 10,000 jobs at once, and with many old jobs.

All sides run 10,000 operations, or at least 2,000 jobs; ratios compare the CPU time per operation. The old jobs are a
million finished ones of 20,000 members over 90 days, with their ledger, written in bulk; the orders are those
members'.
"""

from benchmarks.harness import Aim, Benchmark, Row, Side

SIZES = (100, 1_000, 10_000)
PASTS = ("past of admissions", "past of lives")
"""Each has a store of its own, without unfinished jobs of others."""
FLAT = Aim(1.3)
COUNT, FEW = 10_000, 1_000


def _quick(size: int) -> int:
    """Shrink a size for a smoke run."""
    return max(10, size // 10)


def _admissions(size: int, **more: str) -> Side:
    options, quick = {"count": COUNT, "waiting": size, **more}, {"count": FEW, "waiting": _quick(size)}
    return Side(run="benchmarks.rows.admissions:service", options=options, quick=quick)


def _lives(size: int, **more: str) -> Side:
    options, quick = {"jobs": max(2_000, size), "waiting": size, **more}, {"jobs": 200, "waiting": _quick(size) // 10}
    return Side(run="benchmarks.rows.lives:service", options=options, quick=quick)


def _polls(size: int) -> Side:
    options, quick = {"jobs": size, "polls": COUNT}, {"jobs": _quick(size), "polls": FEW}
    return Side(run="benchmarks.rows.polls:service", options=options, quick=quick)


SIDES = {
    **{f"admission at {size:,}": _admissions(size) for size in SIZES},
    "admission after 1,000,000": _admissions(100, within=PASTS[0]),
    **{f"life at {size:,}": _lives(size) for size in SIZES},
    "life after 1,000,000": _lives(100, within=PASTS[1]),
    **{f"poll at {size:,}": _polls(size) for size in SIZES},
}


def _rows(what: str) -> list[Row]:
    """Return a row per size, compared with the first."""
    first, *rest = (side for side in SIDES if side.startswith(what))
    return [Row(what=f"growth: {s}", side=s, baseline=first, figure="cpu_us", unit="us", aim=FLAT) for s in rest]


BENCHMARK = Benchmark(
    name="growth",
    rounds=2,
    prepare=Side(run="benchmarks.fill:past", options={"jobs": 1_000_000, "within": PASTS}, quick={"jobs": 10_000}),
    sides=SIDES,
    rows=[*_rows("admission"), *_rows("life"), *_rows("poll")],
)
