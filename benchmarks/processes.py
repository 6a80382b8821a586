"""What processes have used of processor and memory, as Linux reports it."""

import os
import re
import resource
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
APART: set[int] = set()
"""The processes that stand for the outside: what they and their children use is not counted."""


def cpu_s() -> float:
    """Return the CPU of this process and of its children, those that have ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = sum(cpu_of_s(pid) for pid in _below(os.getpid()))
    return time.process_time() + ended.ru_utime + ended.ru_stime + alive


def cpu_of_s(pid: int) -> float:
    """Return the CPU of a process and of its children, in steps of 10 ms."""
    try:
        ticks = sum(int(part) for part in _stat(pid)[11:15])
    except OSError:  # it has ended
        return 0.0
    return ticks * TICK_S + sum(cpu_of_s(child) for child in _below(pid))


def children(script: str) -> list[int]:
    """Return this process's children that run a script."""
    return [pid for pid in _below(os.getpid()) if script.encode() in (PROC / str(pid) / "cmdline").read_bytes()]


def rss_bytes(pid: int | None = None) -> int:
    """Return a process's resident memory."""
    return _read(pid or os.getpid(), "VmRSS")


def peak_bytes(pid: int | None = None) -> int:
    """Return the peak of resident memory since the last `forget_peak`."""
    return _read(pid or os.getpid(), "VmHWM")


def forget_peak(pid: int | None = None) -> None:
    """Reset the peak (proc(5), /proc/pid/clear_refs)."""
    (PROC / str(pid or os.getpid()) / "clear_refs").write_text("5")


def pin(pids: Collection[int], cores: Collection[int]) -> None:
    """Let processes run on these cores only, with all their threads."""
    for pid in pids:
        for thread in (PROC / str(pid) / "task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    return [pid, *(one for child in _below(pid) for one in family(child))]


def _below(pid: int) -> Iterator[int]:
    """Yield a process's children, without those that stand for the outside."""
    for folder in PROC.glob("[0-9]*"):
        child = int(folder.name)
        with suppress(OSError):  # it has ended
            if int(_stat(child)[1]) == pid and child not in APART:
                yield child


def _stat(pid: int) -> list[str]:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _read(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", (PROC / str(pid) / "status").read_text())
    if found is None:
        raise OSError(f"the system does not tell {name}")
    return 1024 * int(found[1])
