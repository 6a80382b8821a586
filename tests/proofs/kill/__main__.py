"""`python -m tests.proofs.kill N`: kill a real service N times at random instants while orders come in.

`--fleet N` runs many processes on one PostgreSQL database through N orders while workers and bots die and freeze.

The instants, the orders and the faults are drawn from the seed. Time is real, so the same seed gives the same mix but
not the same history.
"""

import argparse
import asyncio
import logging
import secrets
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.children import Nursery
from tests.proofs.doubts import told
from tests.proofs.kill.fleet import fleet
from tests.proofs.kill.life import Tally, Wrong, life
from tests.worlds.postgres import server

KILLS_PER_LIFE = 40
SIDE_BY_SIDE = 4
LOG_LINES = 30


@dataclass
class Run:
    """Lives still to run, and the results of those that ran."""

    left: int
    next_seed: int
    tally: Tally = field(default_factory=Tally)
    stories: list[str] = field(default_factory=list)

    def take(self) -> tuple[int, int] | None:
        """Return the seed and the kills of the next life."""
        if self.left <= 0 or self.stories:
            return None
        kills = min(KILLS_PER_LIFE, self.left)
        self.left -= kills
        self.next_seed += 1
        return self.next_seed - 1, kills


async def _lives(run: Run, nursery: Nursery) -> None:
    while (taken := run.take()) is not None:
        seed, kills = taken
        folder = Path(tempfile.mkdtemp(prefix=f"troubadour-life-{seed}-"))
        async with life(seed, folder, nursery) as one:
            try:
                await one.live(kills)
            except Exception as error:  # noqa: BLE001 - it becomes the story
                run.stories.append(_story(seed, kills, folder, list(one.story), error))
            run.tally.add(one.tally)
        if not run.stories:
            shutil.rmtree(folder)


def _story(seed: int, kills: int, folder: Path, events: list[str], error: Exception) -> str:
    path = folder / "log"
    log = path.read_text(errors="replace").splitlines()[-LOG_LINES:] if path.exists() else []
    what = str(error) if isinstance(error, Wrong) else repr(error)
    command = f"python -m tests.proofs.kill {kills} --seed {seed} (the same mix; real time makes another history)"
    return "\n".join([f"WRONG in life {seed}, kept in {folder}", *events, "the log's end:", *log, what, command])


async def run(nursery: Nursery, kills: int, seed: int, side_by_side: int = SIDE_BY_SIDE) -> Run:
    """Run as many lives as the kills need."""
    course = Run(kills, seed)
    await asyncio.gather(*(_lives(course, nursery) for _ in range(side_by_side)))
    return course


async def _fleet(orders: int, seed: int) -> int:
    folder, started_s = Path(tempfile.mkdtemp(prefix=f"troubadour-fleet-{seed}-")), time.monotonic()
    with server() as database:
        async with Nursery() as nursery, fleet(seed, folder, nursery, database) as ships:
            try:
                await ships.live(orders)
            except Wrong as error:
                sys.stdout.write(f"WRONG, kept in {folder}: {error}\n")
                return 1
    shutil.rmtree(folder)
    count = ships.count
    ended = ", ".join(f"{name} {number}" for name, number in count.ended.most_common())
    sys.stdout.write(
        f"{count.orders} orders: {ended}; {count.kills} kills, {count.freezes} freezes, {count.taken_over} take-overs, "
        f"{count.asked} asked for again; {told(count.doubts)}; nothing wrong; {time.monotonic() - started_s:.0f} s\n"
    )
    return 0


async def _alone(kills: int, seed: int, side_by_side: int) -> Run:
    async with Nursery() as nursery:
        return await run(nursery, kills, seed, side_by_side)


def summary(course: Run, seconds: float) -> str:
    """Print the result in a line, and in another what the kills hit."""
    tally = course.tally
    others = " ".join(f"{name} {n}" for name, n in sorted(tally.ended.items()) if name != "sent")
    hit = " ".join(f"{name} {n}" for name, n in tally.killed_in.most_common())
    return (
        f"{tally.kills} kills ({tally.starting} during the start), {tally.stops} stops, {tally.live} live audits, "
        f"{tally.orders} orders: {tally.ended['sent']} delivered, {others or 'none otherwise'}; "
        f"{tally.asked} asked for again; {told(tally.doubts)}; {len(course.stories)} wrong; "
        f"{tally.kills / seconds * 3600:,.0f} kills per hour\nunfinished jobs at the kills: {hit}"
    )


def main() -> int:
    """Run the command line; return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.kill", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, help="of the first life (default: drawn)")
    parser.add_argument("--side-by-side", type=int, default=SIDE_BY_SIDE, help="services at once (%(default)s)")
    parser.add_argument("--fleet", type=int, metavar="ORDERS", help="many processes, and so many orders")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # the local servers log each broken connection
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    sys.stdout.write(f"seed {seed}\n")
    if options.fleet:
        return asyncio.run(_fleet(options.fleet, seed))
    started_s = time.monotonic()
    course = asyncio.run(_alone(options.kills, seed, options.side_by_side))
    sys.stdout.write("\n\n".join([*course.stories, ""]) + summary(course, time.monotonic() - started_s) + "\n")
    return 1 if course.stories else 0


if __name__ == "__main__":
    sys.exit(main())
