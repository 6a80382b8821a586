"""A process that has imported the program and forks it on demand: a start then costs no second of imports.

It reads one JSON object a line: `{"start": ARGUMENTS, "folder": PATH, "environment": {...}}` is answered with
`{"pid": N}`, `{"signal": NUMBER, "pid": N}` with nothing. `{"ended": N, "status": S}` comes when a child is gone. What
it forks runs the real `main` and is a process like any other. At the end of the input it kills what still runs.
"""

import gc
import json
import os
import selectors
import signal
import sys
from pathlib import Path
from typing import Any

import bots.app.compose
import bots.discord
import bots.telegram  # noqa: F401 - imported for whoever is forked
from bots.__main__ import main

LINE_BYTES = 65_536


def fork(order: dict[str, Any]) -> int:
    """Fork the program; return its process id. The child comes back only to exit, when the program has ended."""
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    log = os.open(Path(order["folder"], "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    os.closerange(3, 64)
    sys.exit(main(order["start"]))


class Nursery:
    """The loop of the parent."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._alive: set[int] = set()

    def serve(self) -> None:
        """Do what is asked until the input ends."""
        signals, wakeup = os.pipe()
        for descriptor in (signals, wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(signals, selectors.EVENT_READ)
            rest = b""
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if signals in ready:
                    os.read(signals, LINE_BYTES)
                    self._reap()
                if 0 in ready:
                    if not (got := os.read(0, LINE_BYTES)):
                        return
                    *lines, rest = (rest + got).split(b"\n")
                    for line in lines:
                        self._obey(json.loads(line))

    def _obey(self, order: dict[str, Any]) -> None:
        if "start" in order:
            pid = fork(order)
            self._alive.add(pid)
            _say(pid=pid)
        elif order["pid"] in self._alive:  # never a process that has taken over the number
            os.kill(order["pid"], order["signal"])

    def _reap(self) -> None:
        while self._alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._alive.discard(pid)
            _say(ended=pid, status=os.waitstatus_to_exitcode(status))

    def close(self) -> None:
        """Kill what still runs, unless this is a child itself on its way out."""
        if os.getpid() == self._pid:
            for pid in self._alive:
                os.kill(pid, signal.SIGKILL)


def _say(**words: int) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    gc.collect()
    gc.freeze()  # else the first collection in each child copies every page
    nursery = Nursery()
    try:
        nursery.serve()
    finally:
        nursery.close()
