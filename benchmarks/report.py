"""The table as text, and the file of a machine's results, of which a run renews the benchmarks that it ran."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, ROUNDS, Line, Measured
from benchmarks.place import machine, processor

RESULTS = ROOT / "benchmarks" / "results"
LONG_US = 10_000
HEADINGS = ("what", "measured", "baseline", "ratio", "aim", "")

JSON = dict[str, Any]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of a results file as a table in Markdown, with the CPU of one operation in brackets."""
    lines = [HEADINGS, ["---"] * len(HEADINGS), *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a row's cells."""
    what = row["what"] + (f", {row['rounds']} rounds" if row["rounds"] not in {0, 1, ROUNDS} else "")
    if row["value"] is None:
        return what, f"not measured: {row['why']}", row["baseline_side"] or "", "", row["aim"], ""
    measured = amount(row["value"], row["unit"]) + _cpu(row["figure"], row["cpu_us"])
    baseline = row["baseline_side"] or ""
    if row["baseline"] is not None:
        baseline += f": {amount(row['baseline'], row['unit'])}{_cpu(row['figure'], row['baseline_cpu_us'])}"
    elif row["why"]:
        baseline += f": {row['why']}"
    verdict = f"void: {row['void']} slower than its best" if row["verdict"] == "void" else row["verdict"]
    return what, measured, baseline, ratio(row), row["aim"], verdict


def ratio(row: Mapping[str, Any]) -> str:
    """Return how a row's figure compares with its baseline's."""
    return "" if row["ratio"] is None else f"{row['ratio']:.3g}x"


def amount(value: float, unit: str) -> str:
    """Format a figure with three significant digits and commas."""
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


def _cpu(figure: str, cpu_us: float | None) -> str:
    if not cpu_us or figure == "cpu_us":
        return ""
    return f" ({amount(cpu_us, 'us')} CPU)" if cpu_us < LONG_US else f" ({amount(cpu_us / 1000, 'ms')} CPU)"


def path_in(folder: Path, *, quick: bool) -> Path:
    """Return the file of this machine's results."""
    kind = re.sub(r"[^a-z0-9]+", "-", f"{machine()['cores']}-cores-{processor()}".lower()).strip("-")
    return folder / f"{kind}{'-quick' if quick else ''}.json"


def read(path: Path) -> JSON:
    """Return what a file of results tells; nothing where there is none."""
    told: JSON = json.loads(path.read_text()) if path.exists() else {"benchmarks": {}, "best_cpu_us": {}}
    return told


def noted(told: JSON, measured: Measured) -> JSON:
    """Return results with those of one more benchmark, and with what is the best of each side now."""
    of_this = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": [_row(line) for line in measured.lines()],
        "rounds": measured.rounds,
        "failures": measured.failures,
    }
    bests = dict(told["best_cpu_us"])
    for key, cpu_us in () if measured.quick else measured.cpu_by_key().items():
        bests[key] = min(bests.get(key, cpu_us), cpu_us)
    name = measured.benchmark.name
    return {"machine": machine(), "benchmarks": told["benchmarks"] | {name: of_this}, "best_cpu_us": bests}


def _row(line: Line) -> JSON:
    told = asdict(line)
    row = told.pop("row")
    return {**row, **told, "baseline_side": row["baseline"], "aim": str(line.row.aim or ""), "verdict": line.verdict}


def newest() -> JSON:
    """Return the results of the machine that was measured last. Raises FileNotFoundError."""
    found = [read(path) for path in RESULTS.glob("*.json") if not path.stem.endswith("-quick")]
    if not found:
        raise FileNotFoundError(f"{RESULTS} holds no results: run `make bench` first")
    return max(found, key=lambda told: max(one["measured_at"] for one in told["benchmarks"].values()))
