"""`python -m benchmarks [NAME ...]`: measure, print the table, and write JSON and a chart."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import ROOT, Measured, measure
from benchmarks.picture import picture
from benchmarks.place import NoServer, Place, place
from benchmarks.report import as_json, file_name, text
from benchmarks.table import BENCHMARKS


def main() -> int:
    """Run the named benchmarks, or all; return 0 if every row was measured, even where an aim is missed."""
    options = _parser().parse_args()
    names = options.names or list(BENCHMARKS)
    wanted = any(side.postgres for name in names for side in BENCHMARKS[name].sides.values())
    try:
        with place(postgres=wanted) as where:
            measured = asyncio.run(_all(names, where, quick=options.quick))
    except NoServer as error:
        sys.stderr.write(f"PostgreSQL is wanted: {error}\n")
        return 2
    lines = [line for one in measured for line in one.lines()]
    sys.stdout.write(text(lines))
    if options.quick:
        sys.stdout.write("\nQuick: far fewer jobs than the rows say, once. That all runs is all that this says.\n")
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / file_name(datetime.now(UTC).date(), quick=options.quick)
    path.write_text(as_json(measured, quick=options.quick))
    path.with_suffix(".png").write_bytes(picture(lines, quick=options.quick))
    sys.stdout.write(f"\n{path}\n")
    return 1 if any(line.why for line in lines) else 0


async def _all(names: list[str], where: Place, *, quick: bool) -> list[Measured]:
    return [await measure(BENCHMARKS[name], where, quick=quick, say=_say) for name in names]


def _say(what: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the service beside its baselines.")
    top.add_argument(
        "names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=f"{', '.join(BENCHMARKS)} (all)"
    )
    top.add_argument("--quick", action="store_true", help="one small round of each: says that all runs, not how fast")
    top.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results", help="the folder to write to")
    return top


if __name__ == "__main__":
    sys.exit(main())
