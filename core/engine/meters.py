"""Measures what happens, by labels of small known sets: never by member, community or job."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from core.domain.errors import ArtifactsAway, DeliveryError, GatewayError
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.products import PRODUCTS
from core.domain.refusals import Limit, Refusal
from core.engine.liveness import Liveness

disable_created_metrics()  # type: ignore[no-untyped-call]  # or else each series has a second one, with the time of its first value

PREFIX = "troubadour"
OK = "ok"


@dataclass(frozen=True, slots=True)
class Series:
    """A counter, or with `buckets` a histogram of seconds with these upper bounds, or a gauge."""

    text: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    is_gauge: bool = False


_AT_ONCE = (0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CALL = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_ORDER = (2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 900)
_COMMIT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

SERIES: Mapping[str, Series] = {
    "orders": Series("Orders, by what came of them at once.", ("product", "outcome")),
    "orders_refused": Series("Orders that a limit refused.", ("product", "limit")),
    "moves": Series("Moves in the life of jobs, by the state that was entered.", ("state",)),
    "failures": Series("Generations and deliveries that came to nothing.", ("product", "reason")),
    "charged_dollars": Series("What members were charged for audio.", ("product",)),
    "released_dollars": Series("What was set aside for orders and given back.", ("product",)),
    "upstream_dollars": Series("What the gateway may bill although no member pays for it.", ("product",)),
    "order_first_sign_seconds": Series("From an order to the first words on it in its chat.", ("platform",), _AT_ONCE),
    "order_audio_seconds": Series("From an order to its audio in its chat.", ("product", "platform"), _ORDER),
    "gateway_calls": Series("Calls to the gateway; status is a poll.", ("call", "outcome")),
    "gateway_call_seconds": Series("How long calls to the gateway took, whatever came of them.", ("call",), _CALL),
    "callbacks_missed": Series("Finished jobs that polling found before any callback."),
    "deliveries": Series("What was handed to a chat: audio, or how a job ended.", ("platform", "kind", "outcome")),
    "delivery_seconds": Series("How long that took, whatever came of it.", ("platform", "kind"), _CALL),
    "artifact_calls": Series("Requests to the shared store of audio.", ("request", "outcome")),
    "artifact_call_seconds": Series("How long these took, whatever came of them.", ("request",), _CALL),
    "artifact_bytes": Series("Bytes of audio written to and read from the shared store.", ("request",)),
    "kept_audio_bytes": Series("Finished audio that is kept, as the last sweep left it.", ("place",), is_gauge=True),
    "commit_seconds": Series("From a change of jobs or money to its durable commit.", (), _COMMIT),
    "http_requests": Series("Requests to this server: callbacks, updates, health.", ("route", "status")),
}
"""An outcome is "ok" or the class of an error."""

_LASTS = {
    "gateway_calls": "gateway_call_seconds",
    "deliveries": "delivery_seconds",
    "artifact_calls": "artifact_call_seconds",
}
"""Where it is measured how long what is counted took."""

_KNOWN: Mapping[str, Iterable[str]] = {
    "product": PRODUCTS,
    "limit": Limit,
    "state": (*State, *DeliveryState),
    "reason": Reason,
    "call": ("submit", "status", "fetch"),
    "request": ("put", "get", "list", "delete"),
    "place": ("here",),
    "kind": ("audio", "words"),
}
"""The values of labels that are known before anything happens."""

_FAILS: Mapping[str, type[Exception]] = {
    "orders": Refusal,
    "gateway_calls": GatewayError,
    "deliveries": DeliveryError,
    "artifact_calls": ArtifactsAway,
}
"""Of which kinds the errors are that are foreseen."""


class Meters:
    """Counters and histograms of this process, from zero at each start."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._series = {name: _made(name, series, self.registry) for name, series in SERIES.items()}
        self._children: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._livenesses: dict[str, Liveness] = {}

    def begin(self, platforms: Iterable[str]) -> None:
        """Let every series be there from the start, those of these chats, too: a rate needs a zero to rise from."""
        for name, series in SERIES.items():
            known = {**_KNOWN, "platform": tuple(platforms), "outcome": _outcomes(name)}
            for labels in product(*(known.get(label, ()) for label in series.labels)):
                self._child(name, tuple(map(str, labels)))

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        self._child(name, labels).inc(by)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Enter how long something took."""
        self._child(name, labels).observe(seconds)

    def note(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._child(name, labels).set(value)

    def liveness(self, name: str) -> Liveness:
        """Return what tells whether anything gets through to the gateway or to a chat."""
        return self._livenesses.setdefault(name, Liveness())

    def outcome(self, name: str, *labels: str) -> "Outcome":
        """Count how the block ends, and measure how long it takes: its last label is "ok" or the error's class."""
        return Outcome(self, name, labels)

    def _child(self, name: str, labels: tuple[str, ...]) -> Any:
        child = self._children.get((name, labels))
        if child is None:
            series = self._series[name]
            child = self._children[name, labels] = series.labels(*labels) if SERIES[name].labels else series
        return child


def _outcomes(name: str) -> tuple[str, ...]:
    if name not in _FAILS:
        return ()
    kinds = tuple(_kinds(_FAILS[name])) or (_FAILS[name],)
    return (OK, *(kind.__name__ for kind in kinds))


def _kinds(error: type[Exception]) -> Iterator[type[Exception]]:
    for kind in error.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _made(name: str, series: Series, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if not series.buckets:
        kind = Gauge if series.is_gauge else Counter
        return kind(name, series.text, series.labels, namespace=PREFIX, registry=registry)
    return Histogram(name, series.text, series.labels, namespace=PREFIX, registry=registry, buckets=series.buckets)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts how a block ends. A class of its own, since a thousand polls a second pass through one."""

    meters: Meters
    name: str
    labels: tuple[str, ...]
    began_s: float = field(default_factory=perf_counter)

    def __enter__(self) -> None:
        """Nothing is counted before the end."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.meters.count(self.name, *self.labels, kind.__name__ if kind else OK)
        if lasts := _LASTS.get(self.name):
            self.meters.observe(lasts, perf_counter() - self.began_s, *self.labels)
