"""The lock that keeps a database file to one process, and says which one that is."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from core.domain.errors import StoreBusy
from core.domain.shown import shown

LONGEST = 300


def take(path: Path) -> int:
    """Take a lock and return its descriptor, which holds it while it is open. Raises StoreBusy, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = shown(os.pread(descriptor, LONGEST, 0).decode("utf-8", "replace"), LONGEST)
        os.close(descriptor)
        raise StoreBusy(_held(path, holder)) from None
    with suppress(OSError):  # on a full disk it holds all the same, and nobody knows for whom
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return descriptor


def _held(path: Path, holder: str) -> str:
    file = path.with_name(path.name.removesuffix(".lock"))
    return (
        f"Another process is using this database: {holder or 'an older release'} has {file}. Stop it first; a second "
        "service needs a DATA_DIR of its own."
    )
