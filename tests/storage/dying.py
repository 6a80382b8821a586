"""The program, killed in the middle: `main` takes at which of its steps that change files, and the command."""

import os
import signal
import sys
from collections.abc import Sequence

from bots.__main__ import main as program

STEPS = frozenset({"os.link", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect"})
"""The interpreter's own names of what it is about to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; before the step, be gone as a power cut has it."""
    step, *command = arguments
    left = int(step)

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in STEPS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return program(command)
