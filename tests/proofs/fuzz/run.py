"""`python -m tests.proofs.fuzz.run PARSER SECONDS`: fuzz a parser's property, guided by branch coverage."""

import argparse
import importlib.util
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

atheris: Any = importlib.import_module("atheris") if importlib.util.find_spec("atheris") else None
"""Built for few platforms, and without types."""

OURS = ["bots", "core"]
"""The packages whose branches are counted."""
LONGEST_INPUT = 2**16
STUCK_S = 300
"""Longer than this with one input is a hang; in wall-clock time, on a machine that has other work too."""


def targets() -> dict[str, Callable[[bytes], object]]:
    """Import the code under test with coverage, and return a function that takes the fuzzer's bytes."""
    with atheris.instrument_imports(include=OURS):
        from tests.proofs.fuzz.parsers import property_of  # noqa: PLC0415 - only now are the branches counted
        from tests.proofs.fuzz.table import PARSERS  # noqa: PLC0415
    return {name: _fed(property_of(parser, 1, repeatable=False)) for name, parser in PARSERS.items()}


def _fed(holds: Callable[[], None]) -> Callable[[bytes], object]:
    feed: Callable[[bytes], object] = holds.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return feed


def main() -> None:
    """Fuzz for a time and report the number of runs; the first failure ends it and leaves its input in `crash-…`."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.fuzz.run", description=__doc__)
    parser.add_argument("parser", help="a parser's name, or `list`")
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    asked = parser.parse_args()
    if atheris is None:
        sys.exit("Fuzzing needs atheris, which is not installed; `make fuzz` installs it where there is a build of it.")
    known = targets()
    if asked.parser not in known:
        sys.exit(f"There is a fuzzer for each of: {', '.join(known)}.")
    logging.basicConfig(handlers=[logging.NullHandler()])  # not disabled: some properties read the log
    _run(asked.parser, known[asked.parser], asked.seconds)


def _run(name: str, feed: Callable[[bytes], object], seconds: int) -> None:
    used = 0
    began_s = time.monotonic()

    def one(data: bytes) -> None:
        nonlocal used
        used += feed(data.ljust(LONGEST_INPUT, b"\0")) is not None  # None where the bytes are too few for an input
        if time.monotonic() - began_s >= seconds:
            print(f"fuzz: {name}: {verdict(used, seconds)}", flush=True)  # noqa: T201
            os._exit(0 if used else 1)  # the fuzzer takes an ordinary exit for a failed test

    # Without len_control=0 it starts with a few bytes, which are too few for most inputs.
    atheris.Setup([sys.argv[0], f"-max_len={LONGEST_INPUT}", "-len_control=0", f"-timeout={STUCK_S}"], one)
    atheris.Fuzz()


def verdict(used: int, seconds: int) -> str:
    """Return the exit status of a run without a failure: without inputs it proves nothing."""
    if not used:
        return f"nothing was tested, for none of the fuzzer's bytes made an input in {seconds} s"
    return f"{used:,} inputs in {seconds} s, and each was refused at most"


if __name__ == "__main__":
    main()
