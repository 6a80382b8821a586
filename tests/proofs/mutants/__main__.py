"""Mutate the SQL one operator at a time and expect a red test: `python -m tests.proofs.mutants [PART OF A LINE]`.

Exits with 1 if a mutant survives without a reason in `reasons.txt`, and if the tests are undecided: they must pass on
the unchanged SQL.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.proofs.mutants.reasons import reasons
from tests.proofs.mutants.sql import FILES, Undecided, judge, mutants


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def survivors(words: list[str]) -> int:
    """Try every mutant of the lines with these words; print and count survivors without a reason."""
    excused = reasons("reasons.txt")
    wanted = [m for file in FILES for m in mutants(file) if all(word in m.before for word in words)]
    tried = [m for m in wanted if m.name not in excused]
    alive = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, verdict in zip(tried, pool.map(judge, tried), strict=True):
            if verdict.green:
                alive += 1
                _say(f"survived: {mutant.file}:{mutant.line + 1}: {mutant.before.strip()}\n  as: {mutant.name}")
    _say(f"{len(tried)} mutants, {alive} survived; {len(wanted) - len(tried)} more have a written reason to.")
    return alive


def main() -> int:
    """Run the tests without a mutant, then with each."""
    try:
        unchanged = judge(None)
        if not unchanged.green:
            _say(f"{unchanged.said}\nStopped: the tests must pass before anything is broken, and they do not.")
            return 1
        return 1 if survivors(sys.argv[1:]) else 0
    except Undecided as error:
        _say(f"Stopped: the tests could not be run, which kills no mutant: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
