"""SECURITY.md claims nothing without a test."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


@cache
def defined_in(path: str) -> set[str]:
    """Return the names of a file's test functions."""
    found = ast.walk(ast.parse((ROOT / path).read_text()))
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_that_it_names_exists(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in defined_in(path)


def test_every_row_names_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and not line.startswith(("| they ", "|---"))]
    assert len(rows) > 30
    assert [row for row in rows if "::test_" not in row] == []
