"""The benchmarks, in the order of the table. To add one, add a file in `rows/` and a line here."""

from collections.abc import Mapping

from benchmarks.harness import Benchmark
from benchmarks.rows import admission

_ALL = (admission,)
BENCHMARKS: Mapping[str, Benchmark] = {module.BENCHMARK.name: module.BENCHMARK for module in _ALL}
