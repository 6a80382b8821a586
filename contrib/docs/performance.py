"""The table of `docs/performance.md` and the README's rows of it, from the results of `make bench`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import amount, newest, ratio, table

ROOT = Path(__file__).parents[2]
PART = re.compile(r"(<!-- make docs: benchmarks -->\n).*?(<!-- end -->)", re.DOTALL)
FOR_USERS = {
    "COMPLETED to accepted, loopback": "From finished at the gateway to accepted by the chat, beside a bare script",
    "admission p99 beside /usage of 10,000 members, backup and verify": (
        "Slowest of a hundred orders to be taken while reports, a backup and an audit run"
    ),
    "life, SQLite, files included": "Whole jobs a second on SQLite, beside DBOS",
}
"""The rows that users care about, in words of theirs."""


def written() -> Mapping[Path, str]:
    """Return the text of both documents; as they are where nothing has been measured."""
    try:
        told = newest()
    except FileNotFoundError:
        return {}
    parts = {ROOT / "docs/performance.md": _full(told), ROOT / "README.md": _short(told)}
    return {path: PART.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", path.read_text())  # type: ignore[misc]
            for path, text in parts.items()}  # fmt: skip


def _rows(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    from benchmarks.table import BENCHMARKS  # noqa: PLC0415 - imports what is measured

    found = told["benchmarks"]
    return [row for name in BENCHMARKS if name in found for row in found[name]["rows"]]


def _full(told: Mapping[str, Any]) -> str:
    machine = told["machine"]
    days = sorted(one["measured_at"][:10] for one in told["benchmarks"].values())
    where = (
        f"`make bench` on {days[-1]}: {machine['cores']} cores of {machine['processor']}, {machine['system']}, "
        f"Python {machine['python']}, SQLite {machine['sqlite']}, {machine['disk']}."
    )
    return f"{where}\n\n{table(_rows(told))}"


def _short(told: Mapping[str, Any]) -> str:
    chosen = [row for row in _rows(told) if row["what"] in FOR_USERS and row["verdict"] in {"met", "missed"}]
    lines = [f"| {FOR_USERS[row['what']]} | {amount(row['value'], row['unit'])} | {ratio(row)} |" for row in chosen]
    return "\n".join(["| what | figure | ratio |", "|---|---|---|", *lines])
