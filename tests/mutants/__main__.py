"""Break the SQL one operator at a time and see that a test goes red: `python -m tests.mutants [PART OF A LINE]`.

Exits with 1 when a mutant survives that has no written reason in `reasons.txt`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ("storage/sql.py", "storage/admin_sql.py")
TESTS = ("tests/core/test_quota_table.py", "tests/storage", "tests/core/test_admin.py")
COPIED = ("core", "storage", "bots", "tests")
SWAPS = (
    (r"<=", "<"),
    (r">=", ">"),
    (r"<(?![=>])", "<="),
    (r"(?<![<=-])>(?![=])", ">="),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"\bAND\b", "OR"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bDESC\b", "ASC"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"\bNOT LIKE\b", "LIKE"),
    (r"\bDO NOTHING\b", "DO UPDATE SET community = excluded.community || 'x'"),
    (r"ELSE 0\b", "ELSE 1"),
    (r", 0\)", ", 1)"),
)
DEADLINE_S = 300


@dataclass(frozen=True, slots=True)
class Mutant:
    """One operator of one line, replaced."""

    file: str
    line: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """How `reasons.txt` names it: the changed line, without its indentation."""
        return self.after.strip()


def mutants(file: str) -> Iterator[Mutant]:
    """Yield every mutant of the lines of SQL."""
    inside = False
    for number, line in enumerate((ROOT / file).read_text().splitlines()):
        docstring = line.lstrip().startswith('"""') and line.rstrip().endswith('"""') and line.count('"""') == 2
        if docstring or line.lstrip().startswith(("#", "def ", "return f", "raise")):
            continue
        if inside or line.count('"') >= 2:
            for pattern, replacement in SWAPS:
                for found in re.finditer(pattern, line.partition("  # noqa")[0]):
                    yield Mutant(file, number, line, line[: found.start()] + replacement + line[found.end() :])
        inside ^= line.count('"""') % 2 == 1


def survives(mutant: Mutant) -> bool:
    """Run the tests on a copy of the code that has the mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        path = copy / mutant.file
        lines = path.read_text().splitlines(keepends=True)
        lines[mutant.line] = mutant.after + "\n"
        path.write_text("".join(lines))
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", *TESTS]
        environment = os.environ | {"PYTHONPATH": folder}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, timeout=DEADLINE_S, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Try every mutant; print those that survive without a reason."""
    reasons = {
        line.split(" # ")[0].strip()
        for line in (Path(__file__).parent / "reasons.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    wanted = [m for file in FILES for m in mutants(file) if all(word in m.before for word in sys.argv[1:])]
    tried = [m for m in wanted if m.name not in reasons]
    alive = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, survived in zip(tried, pool.map(survives, tried), strict=True):
            if survived:
                alive += 1
                _say(f"survived: {mutant.file}:{mutant.line + 1}: {mutant.before.strip()}\n  as: {mutant.name}")
    _say(f"{len(tried)} mutants, {alive} survived; {len(wanted) - len(tried)} more have a written reason to.")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
