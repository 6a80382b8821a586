"""A process's memory as Linux reports it."""

import os
import re
from pathlib import Path

PROC = Path("/proc")


def rss_bytes(pid: int | None = None) -> int:
    """Return a process's resident memory."""
    return _read(pid or os.getpid(), "VmRSS")


def peak_bytes(pid: int | None = None) -> int:
    """Return the peak of resident memory since the last `forget_peak`."""
    return _read(pid or os.getpid(), "VmHWM")


def forget_peak(pid: int | None = None) -> None:
    """Reset the peak (proc(5), /proc/pid/clear_refs)."""
    (PROC / str(pid or os.getpid()) / "clear_refs").write_text("5")


def children(script: str) -> list[int]:
    """Return this process's children that run a script."""
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):  # it has exited
            continue
        if parent == os.getpid() and script.encode() in command:
            found.append(int(folder.name))
    return found


def _read(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", (PROC / str(pid) / "status").read_text())
    if found is None:
        raise OSError(f"the system does not tell {name}")
    return 1024 * int(found[1])
