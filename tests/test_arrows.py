"""The arrows between the folders, and who may import which library."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FORBIDDEN = {
    "core": {"bots", "storage", "discord", "telegram", "aiosqlite", "sqlite3", "asyncpg", "pydantic_settings"},
    "storage": {"bots", "discord", "telegram"},
    "bots": {"aiosqlite", "sqlite3", "asyncpg"},
}
ONLY_IN = {
    "discord": "bots/discord/",
    "telegram": "bots/telegram/",
    "aiosqlite": "storage/sqlite.py",
    "sqlite3": "storage/sqlite.py",
    "av": "core/media_child.py core/gateway/sandbox/",
    "espeakng_loader": "core/gateway/sandbox/",
    "numpy": "core/gateway/sandbox/",
}
STORAGE_IN_BOTS = {"bots/__main__.py", "bots/app.py", "bots/console/demo.py"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_folder_imports_what_it_must_not_know(folder: str) -> None:
    found = {
        (str(path.relative_to(ROOT)), module)
        for path in files(folder)
        for module in imports(path)
        if module.split(".")[0] in FORBIDDEN[folder]
    }
    allowed = {f for f in found if f[1].split(".")[0] in ONLY_IN and f[0].startswith(ONLY_IN[f[1].split(".")[0]])}
    assert found == allowed


def test_only_the_composition_root_knows_storage() -> None:
    knows = {str(p.relative_to(ROOT)) for p in files("bots") if any(m.startswith("storage") for m in imports(p))}
    assert knows <= STORAGE_IN_BOTS


@pytest.mark.parametrize("library", ONLY_IN)
def test_each_library_has_one_home(library: str) -> None:
    users = [
        str(path.relative_to(ROOT))
        for folder in FORBIDDEN
        for path in files(folder)
        if library in {module.split(".")[0] for module in imports(path)}
    ]
    assert users
    assert [u for u in users if not u.startswith(tuple(ONLY_IN[library].split()))] == []


def test_nothing_outside_the_sandbox_imports_it_at_import_time() -> None:
    for folder in FORBIDDEN:
        for path in files(folder):
            if "core/gateway/sandbox" in str(path):
                continue
            top_level = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.Import | ast.ImportFrom)]
            assert "sandbox" not in " ".join(ast.unparse(n) for n in top_level), path


def test_no_platform_is_named_in_the_core() -> None:
    for path in files("core"):
        text = path.read_text().lower()
        assert not [name for name in ("discord", "telegram") if name in text], path


def test_no_money_rule_stands_in_an_adapter() -> None:
    for path in files("bots/discord") + files("bots/telegram") + files("bots/console"):
        text = path.read_text()
        assert not [
            name
            for name in ("refusing_limit", "core.lifecycle", "_micros +", "_micros -", "_micros <", "_micros >")
            if name in text
        ], path
