"""Files and folders for the service's own user alone, under any umask."""

import logging
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

log = logging.getLogger(__name__)

FILE, FOLDER = 0o600, 0o700
UMASK = 0o077


def create(path: Path, flags: int = os.O_EXCL) -> int:
    """Create a file to write to and return its descriptor. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, FILE)


def narrow(paths: Iterable[Path]) -> None:
    """Take from everybody else what rights they have, and say so in one line; what is not ours stays as it is."""
    open_to_others = [path for path in paths if _narrowed(path)]
    if open_to_others:
        named = ", ".join(map(str, open_to_others[:3])) + (", …" if len(open_to_others) > 3 else "")
        log.warning("%d files or folders were open to other users and are not any more: %s", len(open_to_others), named)


def tree(folder: Path) -> Iterator[Path]:
    """Yield a folder and everything in it."""
    yield folder
    for where, folders, files in os.walk(folder):
        yield from (Path(where, name) for name in (*folders, *files))


def _narrowed(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & UMASK:
            return False
        path.chmod(stat.S_IMODE(mode) & ~UMASK)
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s stays open to other users: %s", path, error.strerror)
        return False
    return True
