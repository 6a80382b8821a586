"""Mutate the money rules in Python with mutmut: `python -m tests.proofs.mutants.rules`.

Exits with 1 if a mutant survives without a reason in `reasons_rules.txt`, and if a reason is outdated.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.proofs.mutants.reasons import reasons
from tests.proofs.mutants.sql import ROOT

MUTMUT = Path(sys.executable).with_name("mutmut")
DEAD = ("killed", "timeout")


def survivors(results: str) -> Iterator[str]:
    """Yield the numbered name of each mutant that mutmut does not report as killed."""
    for line in results.splitlines():
        name, _, state = line.strip().rpartition(": ")
        if state not in DEAD:
            yield name


def changed(diff: str) -> str:
    """Return a mutant's name in `reasons_rules.txt`: the changed line, since its number changes with each edit."""
    lines = [line for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return " ".join(line[1:].strip() for line in lines)


def complaints(alive: list[str], excused: list[str]) -> Iterator[str]:
    """Return the survivors without a reason, and the reasons without a survivor."""
    yield from (f"survived: {line}" for line in alive if line not in excused)
    yield from (f"outdated reason: {line or 'a line without one'}" for line in excused if line not in alive)


def _mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> int:
    """Run mutmut, which exits with 0 even if mutants survive, and report them."""
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)  # it trusts results from before the tests changed
    if status := subprocess.run([MUTMUT, "run"], cwd=ROOT, check=False).returncode:
        return status
    results = _mutmut("results", "--all", "true")
    alive = [changed(_mutmut("show", name)) for name in survivors(results)]
    wrong = list(complaints(alive, reasons("reasons_rules.txt")))
    total = len(results.splitlines())
    sys.stdout.writelines(f"{line}\n" for line in (*wrong, f"{total} mutants, {len(alive)} survived."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
