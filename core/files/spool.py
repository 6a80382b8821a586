"""Files that are either whole, or not there."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import TypeVar

from core.domain.errors import StoreAway, StoreError
from core.files.private import create

T = TypeVar("T")

PROBE_BYTES = 16_384
OUTAGES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""Errors that concern every file on a disk. Any other is about one file, or about the service's user."""


@contextmanager
def own_disk() -> Iterator[None]:
    """Tell what our own disk does from what another machine did. Raises StoreAway for an outage, else StoreError."""
    try:
        yield
    except OSError as error:
        kind = StoreAway if error.errno in OUTAGES else StoreError
        raise kind(f"the spool fails: {error}") from error


async def in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run work on our own disk in a thread. Raises what `own_disk` does.

    When cancelled, wait for it first: nothing may touch a file after its removal.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        with own_disk():
            return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        task.exception()  # looked at, or asyncio reports it as forgotten
        raise


def try_writing(folder: Path) -> None:
    """Write a little to a folder and take it away again. Raises what `own_disk` does."""
    with own_disk(), TemporaryFile(dir=folder, buffering=0) as file:
        file.write(bytes(PROBE_BYTES))


def sync(folder: Path) -> None:
    """Put on disk which files are in a folder. Blocks. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Part:
    """A file in the making: written beside its place, then synced and renamed. Writing and publishing block."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._published = False
        self._path = into.with_name(f".{into.name}.{token_hex(8)}.part")
        self._file = os.fdopen(create(self._path), "wb", buffering=0)

    def write(self, block: bytes) -> None:
        """Append all of the block."""
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]

    def publish(self, block: bytes = b"") -> None:
        """Append the last block and give the file its name, once all its bytes survive a power loss.

        The name does as soon as `sync` was called for the folder.
        """
        self.write(block)
        os.fsync(self._file.fileno())
        self._path.replace(self._into)
        self._published = True

    def discard(self) -> None:
        """Close the file, and remove it unless it was published."""
        self._file.close()
        if not self._published:
            self._path.unlink(missing_ok=True)
