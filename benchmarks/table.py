"""The benchmarks, in the order of the table. To add one, add a file in `rows/` and a line here."""

from collections.abc import Mapping

from benchmarks.harness import Benchmark
from benchmarks.rows import (
    admission,
    beside,
    console,
    deliveries,
    first_sign,
    growth,
    in_flight,
    joining,
    lag,
    lives,
    restart,
    sizes,
    start,
    story,
    workers,
)

_MODULES = (
    admission,
    beside,
    console,
    lives,
    deliveries,
    first_sign,
    story,
    lag,
    in_flight,
    restart,
    sizes,
    growth,
    workers,
    joining,
    start,
)
_ALL = [*(module.BENCHMARK for module in _MODULES), workers.TAKE_OVER]
BENCHMARKS: Mapping[str, Benchmark] = {benchmark.name: benchmark for benchmark in _ALL}
