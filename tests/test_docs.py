"""What the documents say about the settings and the code is so."""

import re
from pathlib import Path

import pytest

from bots.app.environment import load
from bots.app.settings import Settings
from bots.commands.table import COMMANDS
from bots.sandbox import FAULTS
from contrib.docs import commands, performance, settings
from contrib.grafana import board
from core.domain.lifecycle import DELIVERY_MOVES, JOB_MOVES, MOVES
from core.domain.products import PRODUCTS

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for folder in (ROOT, ROOT / "docs", ROOT / "tests")
    for path in sorted(folder.glob("*.md"))
}
ALL = "\n".join(DOCUMENTS.values())
NAMES = {name.upper() for name in Settings.model_fields}
ROW = re.compile(r"^\| `([A-Z_]+)` \|(?: `([^`]+)`)? \| [^|]", re.MULTILINE)
LINK = re.compile(r"""\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)\"""")
PATH = re.compile(r"`((?:benchmarks|bots|contrib|core|docs|requirements|storage|tests)/[\w./-]*)`")
MOVE = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)
MOST_WORDS = 1000


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_what_make_docs_writes_is_up_to_date() -> None:
    assert [
        path.name
        for module in (settings, commands, performance, board)
        for path, text in module.written().items()
        if path.read_text() != text
    ] == []


def test_every_setting_has_a_meaning_and_its_default(tmp_path: Path) -> None:
    found = ROW.findall(DOCUMENTS["docs/settings.md"])
    assert sorted(name for name, _ in found) == sorted(NAMES)
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in found))
    assert load(_env_file=tmp_path / "env") == load(_env_file=None)


def test_the_example_works_as_it_stands() -> None:
    assert load(_env_file=ROOT / ".env.example") == load(_env_file=None)


def test_the_image_sets_what_exists() -> None:
    of_python = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "TMPDIR"}
    stage = (ROOT / "Dockerfile").read_text().split("FROM")[-1]
    assert set(re.findall(r"\b([A-Z_]+)=", stage)) <= NAMES | of_python


def test_the_readme_is_short() -> None:
    assert len(DOCUMENTS["README.md"].split()) <= MOST_WORDS


def test_every_command_is_documented() -> None:
    names = [*(row.command for row in PRODUCTS.values()), *(c.name for c in COMMANDS)]
    assert [name for name in names if f"\n| `/{name}" not in ALL] == []


def test_faults_that_are_named_exist() -> None:
    named = re.findall(r"(?:--fault |\[\[fault:)([a-z0-9-]+)", ALL)
    assert set(named) - {"list"} <= set(FAULTS)
    assert named


def test_commands_of_make_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", ALL)) <= targets


def test_paths_that_are_named_exist() -> None:
    paths = PATH.findall(ALL)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for target in filter(None, (link for found in LINK.findall(DOCUMENTS[document]) for link in found)):
        path, _, heading = target.partition("#")
        if "://" not in target:
            there = (ROOT / document).parent / path if path else ROOT / document
            assert there.exists(), target
            assert not heading or heading in _anchors(there.read_text()), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_drawing_of_a_jobs_life_has_the_moves_of_the_table() -> None:
    drawing = DOCUMENTS["docs/architecture.md"].partition("```mermaid")[2].partition("```")[0]
    tables = (JOB_MOVES, MOVES, DELIVERY_MOVES)
    table = {(state, to) for moves in tables for state, after in moves.items() for to in after}
    assert set(MOVE.findall(drawing)) == table


def test_what_is_promised_is_the_same_everywhere() -> None:
    promises = re.findall(r"^1\. A member is charged.*?wiped\)\.$", ALL, re.MULTILINE | re.DOTALL)
    assert len(promises) == 2
    assert len(set(promises)) == 1
