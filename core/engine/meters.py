"""Counts what happens, by labels of a small known set: never by member, community or job."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from core.engine.liveness import Liveness

OK = "ok"
NAMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "orders": ("Orders, by what came of them at once.", ("product", "outcome")),
    "moves": ("Moves in the life of jobs, by the state that was entered.", ("state",)),
    "gateway_calls": ("Calls to the gateway; status is a poll.", ("call", "outcome")),
    "callbacks_missed": ("Finished jobs that polling found before any callback.", ()),
    "deliveries": ("What was handed to a chat: audio, or how a job ended.", ("platform", "kind", "outcome")),
    "http_requests": ("Requests to this server: callbacks, updates, health.", ("route", "status")),
}
"""Name to what it says and its labels. An outcome is "ok" or the class of an error."""


class Meters:
    """Counters of this process, from zero at each start."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._livenesses: dict[str, Liveness] = {}

    def count(self, name: str, *labels: str) -> None:
        """Add one."""
        if len(labels) != len(NAMES[name][1]):
            raise ValueError(f"{name} has the labels {NAMES[name][1]}, not {labels}")
        self._counts[name, labels] += 1

    def liveness(self, name: str) -> Liveness:
        """Return what tells whether anything gets through to the gateway or to a chat."""
        return self._livenesses.setdefault(name, Liveness())

    def outcome(self, name: str, *labels: str) -> "Outcome":
        """Count how the block ends: its last label is "ok" or the error's class."""
        return Outcome(self, name, labels)

    def of(self, name: str) -> Mapping[tuple[str, ...], int]:
        """Return the counts of a name by its labels."""
        return {labels: count for (of, labels), count in sorted(self._counts.items()) if of == name}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts how a block ends. A class of its own, since a thousand polls a second pass through one."""

    meters: Meters
    name: str
    labels: tuple[str, ...]

    def __enter__(self) -> None:
        """Nothing is counted before the end."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.meters.count(self.name, *self.labels, kind.__name__ if kind else OK)
