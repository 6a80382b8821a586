"""The Grafana board `troubadour.json`, from the table of its panels: `make docs` writes it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contrib.grafana.panels import ROWS, Panel

BOARD = Path(__file__).with_name("troubadour.json")
COLUMNS, HEIGHT = 24, 8
WIDTH = COLUMNS // 3
"""Three panels stand beside each other."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def written() -> Mapping[Path, str]:
    """Return the text of the board."""
    return {BOARD: json.dumps(_board(), indent=2) + "\n"}


def _board() -> dict[str, Any]:
    return {
        "uid": "troubadour",
        "title": "Troubadour",
        "description": "Written by `make docs`. What to look at first: docs/operating.md, Numbers.",
        "tags": ["troubadour"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [*_variables()]},
        "panels": [*_panels()],
    }


def _variables() -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}
    for name, of in {"instance": "troubadour_build_info", "platform": "troubadour_calls_under_way"}.items():
        query = f"label_values({of}, {name})"
        yield {
            "name": name,
            "label": name.title(),
            "type": "query",
            "datasource": SOURCE,
            "definition": query,
            "query": {"query": query, "refId": name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }


def _panels() -> Iterator[dict[str, Any]]:
    number = top = 0
    for title, panels in ROWS.items():
        number += 1
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": _place(0, top, COLUMNS, 1)}
        top += 1
        for n, panel in enumerate(panels):
            number += 1
            yield _panel(number, panel, _place(n % 3 * WIDTH, top + n // 3 * HEIGHT, WIDTH, HEIGHT))
        top += -(-len(panels) // 3) * HEIGHT


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _panel(number: int, panel: Panel, place: Mapping[str, int]) -> dict[str, Any]:
    drawn = {"stacking": {"mode": "normal"}, "fillOpacity": 40} if panel.stacked else {"fillOpacity": 5}
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": drawn}, "overrides": []},
        "options": {"legend": {"displayMode": "list"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for n, (legend, expr) in enumerate(panel.lines.items())
        ],
    }  # fmt: skip
