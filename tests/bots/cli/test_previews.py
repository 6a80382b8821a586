"""`troubadour previews`: the command itself, with the sandbox and real audio."""

import os
import wave
from pathlib import Path

import pytest

from bots.__main__ import main
from bots.cli.previews import BUSY
from storage.lock import take
from storage.sqlite_files import files_of


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in {"GATEWAY_URL": "sandbox", "PREVIEW_BUDGET": "0.01", "DATA_DIR": "data"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_what_is_missing_is_priced_and_made_within_the_budget(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["previews", "make"]) == 1
    price, *made = capsys.readouterr().out.splitlines()
    assert price == "24 of 24 are missing, and cost $0.1104 at most. $0.01 may be spent this month."
    kept = [settings / line.partition(": kept in ")[2] for line in made if ": kept in " in line]
    assert len(kept) == 2
    assert len([line for line in made if line.endswith("is left of PREVIEW_BUDGET or TOTAL_POOL this month")]) == 22
    assert {path.parent for path in kept} == {settings / "data/previews"}
    for path in kept:
        with wave.open(str(path)) as audio:
            assert audio.getnframes() > audio.getframerate()
    assert main(["previews"]) == 1
    assert "22 of 24 are missing, and cost $0.1012 at most. $0.0008 may be" in capsys.readouterr().out
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out.endswith("$0.0092 on previews.\n")


@pytest.mark.parametrize(
    ("setting", "value", "arguments", "told"),
    [
        ("GATEWAY_URL", "http://127.0.0.1:9", ["make"], "GATEWAY_KEY is not set"),
        ("PREVIEW_BUDGET", "unlimited", [], "PREVIEW_BUDGET must be an amount, such as 2.00"),
        ("PREVIEW_BUDGET", "1 lot", [], "PREVIEW_BUDGET: '1 lot' is not such as 2.00"),
        ("LOG_LEVEL", "INFO", ["list", "xx"], "xx: there are previews in ar cs de en"),
    ],
)
def test_what_can_not_be_is_refused(
    setting: str, value: str, arguments: list[str], told: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(setting, value)
    assert main(["previews", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(told)


def test_beside_a_running_service_a_file_is_left_alone(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (settings / "data").mkdir()
    lock = take(files_of(settings / "data/troubadour.db")[-1])
    assert main(["previews"]) == 2
    os.close(lock)
    assert capsys.readouterr().err == f"{BUSY}\n"
