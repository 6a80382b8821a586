"""Mutants of the SQL, each with one operator replaced, and test runs with one."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
FILES = (
    "storage/money_sql.py",
    "storage/members_sql.py",
    "storage/jobs_sql.py",
    "storage/communities_sql.py",
    "storage/admin_sql.py",
    "storage/accounts_sql.py",
)
COPIED = ("core", "storage", "bots", "tests")
TESTS = ("tests/core/domain/test_quota_table.py", "tests/storage", "tests/core/test_admin.py")
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
    (r"\bDO NOTHING\b", "DO UPDATE SET community_id = -excluded.community_id"),
    (r"ELSE 0\b", "ELSE 1"),
    (r", 0\)", ", 1)"),
)
DEADLINE_S = 300


class Undecided(Exception):
    """The tests neither passed nor failed: they could not run."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One operator of one line, replaced."""

    file: str
    line: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """Its name in `reasons.txt`: the changed line without indentation."""
        return self.after.strip()

    def text(self) -> str:
        """Return the whole file with the mutant."""
        lines = (ROOT / self.file).read_text().splitlines(keepends=True)
        lines[self.line] = self.after + "\n"
        return "".join(lines)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all tests passed, and pytest's output."""

    green: bool
    said: str


def mutants(file: str) -> Iterator[Mutant]:
    """Yield every mutant of the SQL lines."""
    inside = False
    for number, line in enumerate((ROOT / file).read_text().splitlines()):
        docstring = line.lstrip().startswith('"""') and line.rstrip().endswith('"""') and line.count('"""') == 2
        python = ("#", "def ", "raise") if line.count('"""') == 1 else ("#", "def ", "raise", "return f")
        if docstring or line.lstrip().startswith(python):
            continue
        if inside or line.count('"') >= 2:
            for pattern, replacement in SWAPS:
                for found in re.finditer(pattern, line.partition("  # noqa")[0]):
                    yield Mutant(file, number, line, line[: found.start()] + replacement + line[found.end() :])
        inside ^= line.count('"""') % 2 == 1


def judge(mutant: Mutant | None, tests: Sequence[str] = TESTS) -> Verdict:
    """Run the tests on a copy of the code, with a mutant or without. Raises Undecided."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        if mutant:
            (copy / mutant.file).write_text(mutant.text())
        return run_in(copy, tests)


def run_in(copy: Path, tests: Sequence[str]) -> Verdict:
    """Run the tests of a copy until one fails. Raises Undecided."""
    plugins = ("-p", "no:cacheprovider", "-p", "tests.proofs.mutants.plugin")
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "--no-header", *plugins, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(green=False, said=f"The tests did not end within {DEADLINE_S} s.")
    if done.returncode not in {0, 1}:
        raise Undecided(f"pytest ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return Verdict(green=done.returncode == 0, said=done.stdout)
