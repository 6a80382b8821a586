"""What the documents say about the settings and the code is so."""

import re
from pathlib import Path

import pytest

from bots.app.settings import Settings, load
from bots.sandbox import FAULTS
from bots.text import admin_replies, replies
from contrib.docs.settings import written

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
NAMES = {name.upper() for name in Settings.model_fields}
ROW = re.compile(r"^\| `([A-Z_]+)` \|(?: `([^`]+)`)? \| [^|]", re.MULTILINE)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_what_make_docs_writes_is_up_to_date() -> None:
    assert [path.name for path, text in written().items() if path.read_text() != text] == []


def test_every_setting_has_a_meaning_and_its_default(tmp_path: Path) -> None:
    found = ROW.findall((ROOT / "docs/settings.md").read_text())
    assert sorted(name for name, _ in found) == sorted(NAMES)
    (tmp_path / "env").write_text("".join(f"{name}={value}\n" for name, value in found))
    assert load(_env_file=tmp_path / "env") == load(_env_file=None)


def test_the_example_works_as_it_stands() -> None:
    assert load(_env_file=ROOT / ".env.example") == load(_env_file=None)


def test_the_image_sets_what_exists() -> None:
    of_python = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "TMPDIR"}
    stage = (ROOT / "Dockerfile").read_text().split("FROM")[-1]
    assert set(re.findall(r"\b([A-Z_]+)=", stage)) <= NAMES | of_python


def test_every_command_that_help_lists_is_in_the_readme() -> None:
    listed = f"{replies.HELP}\n{admin_replies.HELP_OWNERS}"
    commands = re.findall(r"^(/[a-z]+(?: [a-z]+)?)", listed, re.MULTILINE)
    assert commands
    assert [command for command in commands if f"`{command}" not in README] == []


def test_the_faults_that_the_readme_names_exist() -> None:
    named = re.findall(r"(?:--fault |\[\[fault:)([a-z0-9-]+)", README)
    assert set(named) - {"list"} <= set(FAULTS)
    assert named


def test_paths_that_the_readme_names_exist() -> None:
    paths = re.findall(r"`((?:bots|core|storage|tests)/[\w./]*)`", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
