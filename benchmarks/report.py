"""The table as text and as JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime

from benchmarks.harness import Line, Measured
from benchmarks.place import machine, processor

LONG_US = 10_000
HEADINGS = ("what", "measured", "baseline", "ratio", "aim", "met")


def text(lines: Sequence[Line]) -> str:
    """Return the table, with the CPU per operation in brackets."""
    rows = [HEADINGS, *(cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    written = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    written.insert(1, "-|-".join("-" * width for width in widths))
    return "".join(f"| {line} |\n" if number != 1 else f"|-{line}-|\n" for number, line in enumerate(written))


def cells(line: Line) -> tuple[str, ...]:
    """Return a row's cells."""
    row = line.row
    if line.value is None:
        return row.what, f"not measured: {line.why}", row.baseline or "", "", str(row.aim or ""), ""
    measured = f"{number(line.value)} {row.unit}{_cpu(line, line.cpu_us)}"
    if line.baseline is None:
        baseline = f"{row.baseline}: {line.why}" if row.baseline else ""
    else:
        baseline = f"{row.baseline}: {number(line.baseline)} {row.unit}{_cpu(line, line.baseline_cpu_us)}"
    ratio = "" if line.ratio is None else f"{line.ratio:.3g}x"
    met = {True: "yes", False: "no", None: ""}[line.met]
    return row.what, measured, baseline, ratio, str(row.aim or ""), met


def number(value: float) -> str:
    """Format a number with three significant digits and commas."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cpu(line: Line, cpu_us: float | None) -> str:
    if not cpu_us or line.row.figure == "cpu_us":
        return ""
    return f" ({number(cpu_us)} us CPU)" if cpu_us < LONG_US else f" ({number(cpu_us / 1000)} ms CPU)"


def as_json(measured: Sequence[Measured], *, quick: bool) -> str:
    """Return all results as JSON, including each round."""
    told = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine(),
        "rows": [_row(line) for one in measured for line in one.lines()],
        "rounds": {one.benchmark.name: one.rounds for one in measured},
        "failures": {one.benchmark.name: one.failures for one in measured if one.failures},
    }
    return json.dumps(told, indent=1) + "\n"


def _row(line: Line) -> dict[str, object]:
    told = asdict(line)
    row = told.pop("row")
    return {**row, **told, "baseline_side": row["baseline"], "met": line.met}


def file_name(day: date, *, quick: bool) -> str:
    """Return a file name of the time and the kind of machine."""
    kind = re.sub(r"[^a-z0-9]+", "-", f"{machine()['cores']}-cores-{processor()}".lower()).strip("-")
    return f"{day.isoformat()}-{kind}{'-quick' if quick else ''}.json"
