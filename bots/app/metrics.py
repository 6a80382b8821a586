"""Numbers in Prometheus' text format (its documentation, "Exposition formats")."""

import asyncio
from collections.abc import Iterable, Mapping

from core.engine.meters import NAMES, Meters

PREFIX = "troubadour"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LAG_TURN_S = 0.5
LAG_TURNS = 30
"""How many of the last turns the worst is taken from."""

Labels = Mapping[str, str]
Gauge = tuple[str, Iterable[tuple[Labels, float]]]
"""Its help text, and its values by labels."""


def exposition(meters: Meters, gauges: Mapping[str, Gauge]) -> str:
    """Write every counter and gauge."""
    lines: list[str] = []
    for name, (text, labels) in NAMES.items():
        counts = ((dict(zip(labels, values, strict=True)), float(count)) for values, count in meters.of(name).items())
        lines += _family(f"{PREFIX}_{name}_total", "counter", text, counts)
    for name, (text, values) in gauges.items():
        lines += _family(f"{PREFIX}_{name}", "gauge", text, values)
    return "\n".join([*lines, ""])


def _family(name: str, kind: str, text: str, values: Iterable[tuple[Labels, float]]) -> list[str]:
    samples = [f"{name}{_labels(labels)} {value:.10g}" for labels, value in values]
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *samples]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


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
