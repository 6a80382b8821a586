"""What the fork server imports for all its children, and what each of them does."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import bots.app.compose
import bots.discord
import bots.telegram  # noqa: F401 - imported for whoever is forked

OPEN_TO_ALL = 0
"""The umask that anybody might start the program with."""


def run(program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path) -> None:
    """Become the program, in its folder and with nothing else in its environment; what it says is added to a file."""
    gc.freeze()  # or else the first collection copies every page
    os.setsid()
    os.umask(OPEN_TO_ALL)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.close(said)
    sys.exit(import_module(program).main(arguments))
