"""Parse the lines of a script or of the keyboard."""

import re
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import ConfigurationError

LARGEST_BYTES = 1_000_000

_LINE = re.compile(r"(@?)([\w.-]{1,32}):(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One message and its speaker."""

    name: str
    is_admin: bool
    text: str

    @property
    def speaker(self) -> str:
        """The name as written in a script."""
        return f"@{self.name}" if self.is_admin else self.name


def read_line(text: str) -> Line | None:
    """Parse `name: text` or `@name: text`; None for anything else."""
    found = _LINE.fullmatch(text.strip())
    return Line(found[2], bool(found[1]), found[3]) if found and found[3] else None


def read_script(path: Path) -> list[Line]:
    """Read and check the whole script. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"The script {path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The script {path} is not UTF-8 text.") from error
    if len(raw) > LARGEST_BYTES:
        raise ConfigurationError(f"The script {path} is larger than {LARGEST_BYTES} bytes.")
    return [_read(path, number, line) for number, line in enumerate(text.splitlines(), 1) if _says(line)]


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _read(path: Path, number: int, text: str) -> Line:
    line = read_line(text)
    if line is None:
        raise ConfigurationError(
            f"{path}, line {number}: expected `name: text`, or `@name: text` for an admin; names have no spaces, and # "
            f"begins a comment. It says: {text.strip()[:60]}"
        )
    return line
