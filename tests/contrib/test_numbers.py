"""The board and the alerts ask for series that the service really has; promtool knows the rest: `make numbers`."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from contrib.grafana.board import BOARD
from tests.contrib.numbers import OF_PROMETHEUS, Numbers, numbers_of
from tests.contrib.promql import Selector, grouped, selectors

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "contrib/prometheus/alerts.yml"
PROMETHEUS_ITSELF = {"up"}
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEMPLATE = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")

board: Mapping[str, Any] = json.loads(BOARD.read_text())
panels: list[dict[str, Any]] = board["panels"]
alerts: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
drawn = [(panel["title"], target) for panel in panels for target in panel.get("targets", ())]
asked = [(title, target["expr"], target["legendFormat"]) for title, target in drawn]
asked += [(rule["alert"], rule["expr"], rule["annotations"]["summary"]) for rule in alerts]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    return numbers_of(tmp_path_factory.mktemp("numbers"))


@pytest.mark.parametrize(("name", "expr", "words"), asked)
def test_what_is_asked_for_is_there(real: Numbers, name: str, expr: str, words: str) -> None:
    found = [selector for selector in selectors(expr) if selector.name not in PROMETHEUS_ITSELF]
    assert [selector.name for selector in found if selector.name not in real.series] == []
    assert [wrong for selector in found for wrong in _wrong(selector, real)] == []
    known = {*OF_PROMETHEUS, *(label for selector in found for label in real.series[selector.name])}
    assert grouped(expr) - known == set()
    assert set(TEMPLATE.findall(words)) - known == set()


def _wrong(selector: Selector, real: Numbers) -> Iterator[str]:
    """Yield what a selector asks of labels that they do not have."""
    labels = real.series[selector.name]
    for label, _, value in selector.matchers:
        if label in OF_PROMETHEUS:
            continue
        if label not in labels:
            yield f"{selector.name} has no label {label}"
        elif "$" not in value:
            yield from (f"{label} is never {each}" for each in value.split("|") if each not in labels[label])


def test_what_has_not_happened_is_there_too(real: Numbers) -> None:
    assert "callback" in real.series["troubadour_http_requests_total"]["route"]
    assert "OutOfCredit" in real.series["troubadour_gateway_calls_total"]["outcome"]
    assert "too_slow" in real.series["troubadour_failures_total"]["reason"]


def test_every_series_is_looked_at_somewhere(real: Numbers) -> None:
    seen = {selector.name for _, expr, _ in asked for selector in selectors(expr)}
    whole = {name for name in real.series if name.startswith("troubadour_") and not name.endswith(("_sum", "_count"))}
    # States are jobs by state; how long deliveries take is in members' waits.
    assert whole - seen == {
        "troubadour_moves_total",
        "troubadour_delivery_seconds_bucket",
        "troubadour_http_requests_total",
    }


def test_the_board_can_be_drawn() -> None:
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    used = set(re.findall(r"\$\{?(\w+)", BOARD.read_text())) - {"__rate_interval", "__all"}
    assert used == {variable["name"] for variable in board["templating"]["list"]}
    assert all(panel["description"] for panel in panels if panel["type"] != "row")


def _cells(place: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    return itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))


@pytest.mark.parametrize("rule", alerts, ids=[rule["alert"] for rule in alerts])
def test_an_alert_says_what_to_do_and_where_that_is_written(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
    assert rule["annotations"].keys() == {"summary", "docs"}
    assert re.fullmatch(r".+[.:,;] .+\.", rule["annotations"]["summary"])
    path, _, anchor = rule["annotations"]["docs"].partition("#")
    assert anchor in {heading.lower().replace(" ", "-") for heading in HEADING.findall((ROOT / path).read_text())}


def test_every_alert_is_tested_where_it_fires_and_where_it_does_not() -> None:
    tests = yaml.safe_load(ALERTS.with_name("alerts_test.yml").read_text())["tests"]
    calm, *loud = [(test["name"], [each["exp_samples"] for each in test["promql_expr_test"]]) for test in tests]
    assert calm == ("all is well", [[]])
    fires = [[[], [{"labels": f'{{alertname="{rule["alert"]}"}}', "value": 1}]] for rule in alerts]
    assert loud == [(rule["alert"].removeprefix("Troubadour"), fire) for rule, fire in zip(alerts, fires, strict=True)]
