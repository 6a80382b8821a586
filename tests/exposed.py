"""What Prometheus reads, as values."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from bots.app.metrics import exposition
from core.engine.meters import Meters


def samples(text: str) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(meters: Meters, name: str, **labels: str) -> float:
    return samples(exposition(meters, {}))[f"troubadour_{name}", frozenset(labels.items())]
