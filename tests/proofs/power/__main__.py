"""`python -m tests.proofs.power N`: N power cuts, in histories of 20,000; `--normal`: with a weaker setting."""

import argparse
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context

from tests.proofs.power.history import Plan, Tally, history

CUTS = 20_000
WORKERS = 2


def plans(cuts: int, seed: int, synchronous: str) -> Iterator[Plan]:
    """Yield histories that add up to a number of cuts."""
    for n, begun in enumerate(range(0, cuts, CUTS)):
        yield Plan(seed=seed + n, cuts=min(CUTS, cuts - begun), synchronous=synchronous)


def main() -> int:
    """Run the cuts, print the result, and return 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.power", description=__doc__)
    parser.add_argument("cuts", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--normal", action="store_true", help="run the store with synchronous=NORMAL")
    asked = parser.parse_args()
    started_s, found = time.monotonic(), Tally()
    todo = list(plans(asked.cuts, asked.seed, "NORMAL" if asked.normal else "FULL"))
    with get_context("spawn").Pool(asked.workers) as pool:
        for tally in pool.imap_unordered(history, todo):
            found.add(tally)
            print(f"\r{found.cuts:,}", end="", file=sys.stderr, flush=True)  # noqa: T201
    print(file=sys.stderr)  # noqa: T201
    for story in found.stories:
        print(story)  # noqa: T201
    print(summary(found, len(todo), time.monotonic() - started_s))  # noqa: T201
    return int(bool(found.lost or found.broken))


def summary(found: Tally, histories: int, took_s: float) -> str:
    """Return the result in one line."""
    return (
        f"power: {found.cuts:,} cuts in {histories} histories of {found.commits:,} commits; acknowledged commits lost in "
        f"{found.lost:,}, databases broken in {found.broken:,}; {found.opened:,} opened by SQLite (integrity, marks, books), "
        f"all others compared byte for byte with a state that SQLite had checked; {took_s:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
