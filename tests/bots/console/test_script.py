"""Scripts are read whole, and what is wrong with one is said with its line."""

from pathlib import Path

import pytest

from bots.console.output_folder import OutputFolder
from bots.console.screen import visible
from bots.console.script import LARGEST_BYTES, Line, read_line, read_script
from core.domain.errors import ConfigurationError


def script(folder: Path, content: str | bytes) -> Path:
    path = folder / "script.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_members_admins_comments_and_blank_lines(tmp_path: Path) -> None:
    lines = read_script(
        script(tmp_path, "\ufeff# a comment\n\nann: /speak Aria Hi: there\r\n  # another\n@mia:  hello\n")
    )
    assert lines == [
        Line("ann", is_admin=False, text="/speak Aria Hi: there"),
        Line("mia", is_admin=True, text="hello"),
    ]
    assert [line.speaker for line in lines] == ["ann", "@mia"]


@pytest.mark.parametrize("text", ["hello", "ann:", "ann:  ", "two words: hi", ": hi", "@: hi", "http://x"])
def test_a_line_that_nobody_says_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"script\.txt, line 2: expected `name: text`"):
        read_script(script(tmp_path, f"ann: hi\n{text}\n"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"ann: \xff\xfe", "not UTF-8"), (b"#" * (LARGEST_BYTES + 1), "larger than")],
)
def test_a_file_that_is_no_script(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        read_script(script(tmp_path, content))


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_script_that_can_not_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_script(tmp_path / name)


def test_names_may_have_other_letters() -> None:
    assert read_line("Зоя: привет") == Line("Зоя", is_admin=False, text="привет")


def test_nothing_that_steers_the_terminal_is_shown() -> None:
    assert visible("a\x1b[2Jb\nc\x07") == "a[2Jb\nc"


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ConfigurationError, match="out can't hold the audio files"):
        OutputFolder(tmp_path / "out")
