"""The arrows between the rooms, and who may import which library."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
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
    "aiosqlite": "storage/sqlite_connections.py",
    "sqlite3": "storage/sqlite storage/batches.py storage/backup.py",
    "av": (
        "core/media/child.py core/media/finishing.py core/media/measuring.py core/media/reading.py"
        " core/media/writing.py core/media/shaping.py bots/sandbox/"
    ),
    "espeakng_loader": "bots/sandbox/",
    "numpy": "bots/sandbox/",
    "babel": "bots/text/",
    "prometheus_client": "core/engine/meters.py bots/app/metrics.py",
    "icu4py": "core/domain/seams.py",
    "obstore": "core/files/bucket.py",
}
STORAGE_IN_BOTS = {"bots/cli/commands.py", "bots/app/compose.py", "bots/app/stores.py", "bots/console/demo.py"}

CORE_BELOW = {
    "domain": set(),
    "files": {"domain"},
    "ports": {"domain"},
    "stores": {"domain"},
    "gateway": {"domain", "files", "ports"},
    "media": {"domain", "files", "ports"},
    "engine": {"domain", "files", "ports", "stores"},
    "admin": {"domain", "ports", "stores", "engine"},
    "operators": {"domain", "ports", "stores", "engine"},
    "communities": {"domain", "ports", "stores"},
    "service": {"domain", "ports", "stores", "engine", "admin", "operators", "communities"},
    "assembly": {"domain", "ports", "stores", "engine", "admin", "operators", "communities", "service"},
}
"""The rooms of the core, from the ground up, and what each may import beside itself."""

ROOMS = {
    *("platform", "connection", "commands", "buttons", "presses", "responder", "delivery", "identity", "errors"),
}
"""Of each platform, for the same jobs; a terminal has no library whose errors mean something."""
PLATFORM_ROOMS = {"discord", "telegram", "console"}
BOTS_BELOW = {
    "platform": set(),
    "text": {"platform"},
    "commands": {"platform", "text"},
    "web": {"platform", "app", "text", "commands"},
    "sandbox": set(),
    "app": {"platform", "text", "web", "commands", "sandbox", *PLATFORM_ROOMS},
    **{room: {"platform", "text", "commands", "app"} for room in PLATFORM_ROOMS},
    "cli": {"platform", "text", "commands", "web", "app", "sandbox", *PLATFORM_ROOMS},
    "__main__": {"cli"},
}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def imports(path: Path) -> Sequence[str]:
    """Return every module that a file imports, wherever in the file."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(package: str) -> set[tuple[str, str, str]]:
    """Return by file which room imports which other room of its package."""
    found = set()
    for path in files(package):
        room = path.relative_to(ROOT / package).with_suffix("").parts[0]
        for module in imports(path):
            package_of, _, rest = module.partition(".")
            to = rest.split(".")[0]
            if (
                package_of == package
                and to
                and to != room
                and (ROOT / package / to).is_dir() | (ROOT / package / f"{to}.py").is_file()
            ):
                found.add((str(path.relative_to(ROOT)), room, to))
    return found


def test_every_arrow_inside_the_core_runs_down() -> None:
    assert {room for _, room, _ in arrows("core")} <= CORE_BELOW.keys()
    assert [arrow for arrow in sorted(arrows("core")) if arrow[2] not in CORE_BELOW[arrow[1]]] == []


def test_the_core_has_at_most_a_dozen_rooms() -> None:
    rooms = [path for path in (ROOT / "core").iterdir() if not path.name.startswith("__")]
    assert len(rooms) <= 12


def test_every_arrow_inside_the_bots_is_drawn() -> None:
    assert [arrow for arrow in sorted(arrows("bots")) if arrow[2] not in BOTS_BELOW[arrow[1]]] == []


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


def test_every_platform_has_rooms_of_the_same_names() -> None:
    for platform, missing in (("discord", set()), ("telegram", set()), ("console", {"errors"})):
        assert {path.stem for path in files(f"bots/{platform}")} >= ROOMS - missing


def test_the_sandbox_knows_nothing_of_ours_but_values() -> None:
    ours = {m for p in files("bots/sandbox") for m in imports(p) if m.split(".")[0] in FORBIDDEN}
    assert [m for m in sorted(ours) if not m.startswith(("bots.sandbox", "core.domain"))] == []


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
            if "bots/sandbox" in str(path):
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
            for name in ("refusing_limit", "core.domain.lifecycle", "_micros +", "_micros -", "_micros <", "_micros >")
            if name in text
        ], path


def test_helpers_live_in_no_test_file() -> None:
    found = {(str(path.relative_to(ROOT)), module) for path in files("tests") for module in imports(path)}
    assert [f for f in sorted(found) if any(part.startswith("test_") for part in f[1].split("."))] == []


def test_no_test_file_is_longer_than_a_reader_lasts() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files("tests")}
    assert {path: count for path, count in lines.items() if count > 400} == {}
