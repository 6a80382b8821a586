"""The benchmarks, in the order of the table. To add one, add a file in `rows/` and a line here."""

from collections.abc import Mapping

from benchmarks.harness import Benchmark
from benchmarks.rows import admissions, growth, handover, in_flight, joining, lives, memory, polls, start, workers

_ALL = (admissions, lives, polls, in_flight, handover, growth, workers, memory, joining, start)
BENCHMARKS: Mapping[str, Benchmark] = {module.BENCHMARK.name: module.BENCHMARK for module in _ALL}
