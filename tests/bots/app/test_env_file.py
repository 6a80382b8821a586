"""What can't be read in the settings file is a fault."""

from pathlib import Path

import pytest

from bots.app.environment import read


@pytest.mark.parametrize("line", ['TOTAL_POOL="5', "TOTAL_POOL: 5"])
def test_a_line_that_can_not_be_read_is_a_fault_and_no_default(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".env").write_text(f"LOG_LEVEL=INFO\n\n{line}\n")
    [fault] = read(_env_file=tmp_path / ".env").faults
    assert fault.startswith(".env, line 3 (TOTAL_POOL) can't be read")
    assert not caplog.records  # the library has a line of its own about it


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    assert read(_env_file=tmp_path).faults == [f"{tmp_path.name} is a folder: settings stand in a file of that name."]
