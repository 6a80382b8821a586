"""Counts what happens, by labels of a small known set: never by member, community or job."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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

    @contextmanager
    def outcome(self, name: str, *labels: str) -> Iterator[None]:
        """Count how the block ends: its last label is "ok" or the error's class."""
        ended = OK
        try:
            yield
        except BaseException as error:
            ended = type(error).__name__
            raise
        finally:
            self.count(name, *labels, ended)

    def of(self, name: str) -> Mapping[tuple[str, ...], int]:
        """Return the counts of a name by its labels."""
        return {labels: count for (of, labels), count in sorted(self._counts.items()) if of == name}
