"""`python -m benchmarks [NAME ...]`: measure, print the table, and write the results to a file."""

import argparse
import asyncio
import json
import pstats
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import Measured, SideFailed, measure, run
from benchmarks.place import Place, place
from benchmarks.report import RESULTS, noted, path_in, read, table
from benchmarks.table import BENCHMARKS

FUNCTIONS = 30


def main() -> int:
    """Run the named benchmarks, or all; return 0 if every row was measured, even where an aim is missed."""
    options = _parser().parse_args()
    names = options.names or list(BENCHMARKS)
    wanted = any(side.postgres for name in names for side in BENCHMARKS[name].sides.values())
    with place(postgres=wanted) as where:
        if options.profile:
            return asyncio.run(_profile(names, options.profile, where, quick=options.quick))
        options.out.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_measure(names, where, options.out, quick=options.quick))


async def _measure(names: Sequence[str], where: Place, out: Path, *, quick: bool) -> int:
    path = path_in(out, quick=quick)
    for name in names:
        told = read(path)
        measured = Measured(BENCHMARKS[name], told["best_cpu_us"], quick)
        await measure(measured, where, _say)
        path.write_text(json.dumps(noted(told, measured), indent=1) + "\n")
    rows = [row for name in names for row in read(path)["benchmarks"][name]["rows"]]
    sys.stdout.write(f"{table(rows)}\n\n{path}\n")
    if quick:
        sys.stdout.write("Quick: far fewer jobs than the rows say, once. That all runs is all that this says.\n")
    return 1 if any(row["why"] for row in rows) else 0


async def _profile(names: Sequence[str], side: str, where: Place, *, quick: bool) -> int:
    """Print where one side of one benchmark spends its time, by cProfile, which itself takes a good part of it."""
    found = [BENCHMARKS[name] for name in names if side in BENCHMARKS[name].sides]
    if not found:
        sys.stderr.write(f"No such side: {', '.join(sorted(s for name in names for s in BENCHMARKS[name].sides))}\n")
        return 2
    with tempfile.TemporaryDirectory(dir=where.disk) as shared:
        told = Path(shared) / "profile"
        try:
            if found[0].prepare is not None:
                await run(found[0].prepare, where, Path(shared), quick=quick)
            await run(found[0].sides[side], where, Path(shared), quick=quick, profile=told)
        except SideFailed as error:
            sys.stderr.write(f"{side}: {error}\n")
            return 1
        pstats.Stats(str(told)).sort_stats("tottime").print_stats(FUNCTIONS)
    return 0


def _say(what: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {what}\n")


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the service beside its baselines.")
    top.add_argument(
        "names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=f"{', '.join(BENCHMARKS)} (all)"
    )
    top.add_argument("--quick", action="store_true", help="one small round of each: says that all runs, not how fast")
    top.add_argument("--profile", metavar="SIDE", help="print where one side spends its time, in place of measuring")
    top.add_argument("--out", type=Path, default=RESULTS, help="the folder of the file of results")
    return top


if __name__ == "__main__":
    sys.exit(main())
