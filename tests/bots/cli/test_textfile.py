"""What audits and backups leave to Prometheus."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bots.__main__ import main
from tests.exposed import samples
from tests.template import prepared

BEGUN_S = 1_700_000_000


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return prepared(tmp_path / "troubadour.db")


def left(file: Path) -> dict[str, float]:
    return {name: value for (name, _), value in samples(file.read_text()).items()}


def test_an_audit_leaves_whether_the_books_are_wrong(tmp_path: Path, database: Path) -> None:
    file = tmp_path / "books.prom"
    assert main(["ledger", "verify", "--textfile", str(file)]) == 0
    told = left(file)
    assert told["troubadour_books_wrong"] == 0
    assert told["troubadour_books_verified_timestamp_seconds"] > BEGUN_S
    assert file.stat().st_mode & 0o777 == 0o644
    with closing(sqlite3.connect(database)) as books, books:
        books.execute("INSERT INTO balances (community_id, account_id, balance_micros) VALUES (1, 1, 5)")
    assert main(["ledger", "verify", "--textfile", str(file)]) == 1
    assert left(file)["troubadour_books_wrong"] == 1
    assert [path.name for path in tmp_path.glob("*.prom*")] == ["books.prom"]


def test_a_backup_leaves_when_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "backup.prom"
    assert main(["backup", str(tmp_path / "copy.db"), "--textfile", str(file)]) == 0
    assert left(file)["troubadour_backup_timestamp_seconds"] > BEGUN_S


def test_what_can_not_be_left_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "none" / "books.prom"
    assert main(["ledger", "verify", "--textfile", str(nowhere)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("They balance")
    assert said.err == (
        f"{nowhere} can't be written (No such file or directory): name a file in the folder that the node exporter reads.\n"
    )
    assert main(["ledger", "export", "--textfile", str(nowhere)]) == 2
    assert capsys.readouterr().err.startswith("--textfile goes with verify, as in: ")
