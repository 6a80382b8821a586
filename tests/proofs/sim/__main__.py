"""Run the simulation: many histories on every core, then each ablation. The last line sums up."""

import argparse
import gc
import os
import sys
import time
import weakref
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from tests.proofs.doubts import told
from tests.proofs.sim.ablations import ABLATIONS, Ablation, switched
from tests.proofs.sim.faults import Kind
from tests.proofs.sim.faults_chat import KINDS
from tests.proofs.sim.history import History
from tests.template import template

BATCH = 20
NEWS = 10_000
"""Histories between two lines that say how far the run is."""
STORY_LINES = 40
CRASHES = frozenset({"no error is lost", "the harness holds"})
"""Rules that a defect must not be seen by: it would be its clumsiness that is seen."""
FAILING = 6
"""Histories of each ablation that are lived again."""
LONGEST_STEPS = 10_000
"""Executor of a history that is lived again; one in which a job tries for ever takes many times more."""


@dataclass(slots=True)
class Result:
    """What a batch of histories came to."""

    histories: int = 0
    steps: int = 0
    kills: int = 0
    restores: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        self.histories += other.histories
        self.steps += other.steps
        self.kills += other.kills
        self.restores += other.restores
        self.fired += other.fired
        self.doubts.update(other.doubts)
        self.orders += other.orders
        self.failures += other.failures


def _say(*lines: object, sep: str = " ", end: str = "\n", flush: bool = True) -> None:
    sys.stdout.write(sep.join(str(line) for line in lines) + end)
    if flush:
        sys.stdout.flush()


def prepare() -> None:
    """Set aside what is there before any history, so that collecting its rubbish is quick."""
    History(0, template()).run()
    gc.collect()
    gc.freeze()


def story(history: History) -> str:
    """Tell what led to a failure, and how to see it again."""
    rule, detail = history.broken or ("", "")
    lines = "\n".join(history.story[-STORY_LINES:])
    return f"\nseed {history.seed}: {rule}: {detail}\n{lines}\n  again: make sim SEED={history.seed}   trace {history.trace}"


def batch(seeds: Sequence[int]) -> Result:
    """Live through some histories, which leave nothing behind."""
    result, lived = Result(), []
    for seed in seeds:
        history = History(seed, template())
        try:
            history.run()
        except Exception as error:  # noqa: BLE001 - the harness failed, and the other histories go on
            history.breach("the harness holds", repr(error))
        result.histories += 1
        result.steps += history.steps
        result.kills += history.kills
        result.restores += history.restores.made
        result.fired += history.fired
        result.doubts.update(history.doubts)
        result.orders += history.orders
        if history.broken:
            result.failures.append(story(history))
        lived.append((seed, weakref.ref(history)))
    del history
    gc.collect()
    result.failures += [f"seed {seed}: the history stays in memory" for seed, left in lived if left()]
    return result


def hunt(ablation: Ablation) -> tuple[str, int | None, str]:
    """Return which history sees a defect, and by which rule; without the defect the same history must hold."""
    with closing(_seeing(ablation)) as seeing:
        history = next(seeing, None)
    if history is None:
        return ablation.name, None, "no rule"
    sound = History(history.seed, template(), featured=_featured(ablation)).run()
    return ablation.name, None if sound.broken else history.seed, (sound.broken or history.broken or ("",))[0]


def _featured(ablation: Ablation) -> Kind | None:
    return next((kind for kind in KINDS if kind.name == ablation.featured), None)


def _seeing(ablation: Ablation) -> Generator[History]:
    """Yield the histories that see a defect, which stays in the code meanwhile."""
    featured = _featured(ablation)
    with switched(ablation):
        for seed in range(ablation.within):
            history = History(seed, template(), featured=featured).run()
            if history.broken and history.broken[0] not in CRASHES:
                yield history


def failing(ablation: Ablation) -> list[tuple[int, str]]:
    """Return the seeds and the traces of a few histories that see a defect."""
    with closing(_seeing(ablation)) as seeing:
        short = (history for history in seeing if history.steps <= LONGEST_STEPS)
        return [(history.seed, history.trace) for history in islice(short, FAILING)]


def relived(ablation: Ablation, seed: int, times: int) -> set[str]:
    """Live one history with a defect so many times; return the traces, which should be one."""
    featured = _featured(ablation)
    with switched(ablation):
        return {History(seed, template(), featured=featured).run().trace for _ in range(times)}


def _batches(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, BATCH):
        yield range(start, min(start + BATCH, first + count))


def _run_all(arguments: argparse.Namespace, pool: ProcessPoolExecutor) -> bool:
    total, started_s = Result(), time.monotonic()
    try:
        for result in pool.map(batch, _batches(arguments.first, arguments.seeds)):
            total.add(result)
            _say(*result.failures, sep="\n", end="", flush=True)
            if total.histories % NEWS < result.histories:
                _say(f"{total.histories} histories, {total.histories / (time.monotonic() - started_s):.1f}/s")
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        arguments.no_ablations = True
    took_s = time.monotonic() - started_s
    never = [kind.name for kind in KINDS if not total.fired[kind.name]]
    survivors = [] if arguments.no_ablations else _run_ablations(pool)
    if never:
        _say(f"never fired: {', '.join(never)}")
    rate = total.histories / took_s
    _say(
        f"sim: {total.histories} histories, {total.steps} steps, {total.kills} kills, {total.restores} restores, "
        f"{len(KINDS) - len(never)} of {len(KINDS)} fault kinds fired {sum(total.fired.values())} times, "
        f"{total.orders} orders, {told(total.doubts)}, {len(total.failures)} failures, {len(ABLATIONS) - len(survivors)} of {len(ABLATIONS)} ablations caught"
        f"{' (not run)' if arguments.no_ablations else ''}, {rate:.1f} histories/s, {rate * 3600:.0f}/h",
        flush=True,
    )
    return not (total.failures or survivors or (never and arguments.seeds >= 2 * len(KINDS)))


def _run_ablations(pool: ProcessPoolExecutor) -> list[str]:
    survivors: list[str] = []
    for name, seed, rule in pool.map(hunt, ABLATIONS):
        if seed is None:
            survivors.append(name)
        _say(f"ablation {name!r}: {f'SURVIVED ({rule})' if seed is None else f'caught by seed {seed}: {rule}'}")
    return survivors


def _replay(times: int, pool: ProcessPoolExecutor) -> bool:
    """Share out the lives in small pieces; say what each defect came to as soon as it is known."""
    lived, differing, pieces = 0, 0, [min(BATCH, times - start) for start in range(0, times, BATCH)]
    for ablation, found in zip(ABLATIONS, pool.map(failing, ABLATIONS), strict=True):
        again = [[pool.submit(relived, ablation, seed, piece) for piece in pieces] for seed, _ in found]
        differ = [
            str(seed)
            for (seed, trace), parts in zip(found, again, strict=True)
            if {trace} != set().union(*(part.result() for part in parts))
        ]
        lived += len(found)
        differing += len(differ)
        _say(f"ablation {ablation.name!r}: {len(found)} failing histories, not alike: {', '.join(differ) or 'none'}")
    _say(f"sim: {lived} failing histories of {len(ABLATIONS)} ablations lived {times} times again, {differing} differ")
    return not differing


def _one(seed: int) -> bool:
    prepare()
    history = History(seed, template()).run()
    _say(*history.story, sep="\n")
    verdict = "holds" if history.broken is None else "BROKEN"
    _say(f"sim: seed {seed}: {verdict}, {history.steps} steps, {history.kills} kills, trace {history.trace}")
    return history.broken is None


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="one history, with its story")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-ablations", action="store_true")
    parser.add_argument("--replays", type=int, help="only live failing histories again so many times")
    arguments = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of strings must be in the same order every time
        os.execve(  # noqa: S606 - this program again
            sys.executable,
            [sys.executable, "-m", "tests.proofs.sim", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    if arguments.seed is not None:
        return 0 if _one(arguments.seed) else 1
    with ProcessPoolExecutor(arguments.jobs, initializer=prepare) as pool:
        return 0 if (_replay(arguments.replays, pool) if arguments.replays else _run_all(arguments, pool)) else 1


if __name__ == "__main__":
    sys.exit(main())
