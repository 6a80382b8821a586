"""Which files of a folder anybody opens, as the kernel tells it (`man 7 inotify`)."""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")


@contextmanager
def watched(folder: Path) -> Iterator[set[str]]:
    """Yield a set that holds, once the block is left, the names of the files that were opened in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    opened: set[str] = set()
    try:
        if descriptor < 0 or libc.inotify_add_watch(descriptor, os.fsencode(folder), _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        yield opened
        opened |= set(_names(os.read(descriptor, 1 << 16)))
    finally:
        os.close(descriptor)


def _names(events: bytes) -> Iterator[str]:
    at = 0
    while at < len(events):
        length = _EVENT.unpack_from(events, at)[3]
        at += _EVENT.size
        yield events[at : at + length].rstrip(b"\0").decode()
        at += length
