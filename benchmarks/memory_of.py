"""What the system says of a process's memory. Linux alone tells it in this way."""

import os
import re
from pathlib import Path

PROC = Path("/proc")


def rss_bytes(pid: int | None = None) -> int:
    """Return how much of a process is in memory."""
    return _read(pid or os.getpid(), "VmRSS")


def peak_bytes(pid: int | None = None) -> int:
    """Return the most that was in memory since the last `forget_peak`."""
    return _read(pid or os.getpid(), "VmHWM")


def forget_peak(pid: int | None = None) -> None:
    """Let the peak begin anew from here (proc(5), /proc/pid/clear_refs)."""
    (PROC / str(pid or os.getpid()) / "clear_refs").write_text("5")


def children(script: str) -> list[int]:
    """Return the child processes of this one that run a script."""
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):  # gone meanwhile
            continue
        if parent == os.getpid() and script.encode() in command:
            found.append(int(folder.name))
    return found


def _read(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", (PROC / str(pid) / "status").read_text())
    if found is None:
        raise OSError(f"the system does not tell {name}")
    return 1024 * int(found[1])
