"""What Prometheus reads: what was counted, what is looked at now, and what the process takes."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from core.engine.meters import PREFIX, Meters

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LAG_TURN_S = 0.5
LAG_TURNS = 30
"""How many of the last turns the worst is taken from."""

Labels = Mapping[str, str]
Gauge = tuple[str, Iterable[tuple[Labels, float]]]
"""Its help text, and its values by labels."""

_PROCESS = (ProcessCollector(registry=None), GCCollector(CollectorRegistry()))


def release() -> str:
    """Return the version that is installed, or "" where none is."""
    try:
        return version("troubadour")
    except PackageNotFoundError:
        return ""


def exposition(meters: Meters, gauges: Mapping[str, Gauge], roles: Iterable[str] = ()) -> str:
    """Write every series in Prometheus' text format."""
    build = {"version": release(), "python": sys.version.split()[0], "roles": ",".join(sorted(roles))}
    whole = {**gauges, "build_info": ("What runs here; its value is always 1.", [(build, 1)])}
    return written(whole, (meters.registry, *_PROCESS))


def written(gauges: Mapping[str, Gauge], beside: Iterable[Collector] = ()) -> str:
    """Write gauges, and what collectors have, in the same format."""
    return generate_latest(_Everything([_family(name, *gauge) for name, gauge in gauges.items()], beside)).decode()


def _family(name: str, text: str, values: Iterable[tuple[Labels, float]]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text)
    for labels, value in values:
        family.add_sample(family.name, dict(labels), value)
    return family


@dataclass(frozen=True, slots=True)
class _Everything:
    families: Iterable[Metric]
    collectors: Iterable[Collector]

    def collect(self) -> Iterable[Metric]:
        """Yield what is written, for the library."""
        yield from self.families
        for collector in self.collectors:
            yield from collector.collect()


class LoopLag:
    """Measures how late the event loop wakes a timer."""

    def __init__(self, turn_s: float = LAG_TURN_S) -> None:
        """`turn_s` is the interval of the measurement."""
        self._turn_s = turn_s
        self._turns: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="loop lag")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def worst_s(self) -> float:
        """The longest delay lately, in seconds."""
        return max(self._turns, default=0.0)

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + self._turn_s
            await asyncio.sleep(self._turn_s)
            self._turns = [*self._turns[1 - LAG_TURNS :], max(0.0, loop.time() - due_s)]
