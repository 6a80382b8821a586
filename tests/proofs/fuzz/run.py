"""`python -m tests.proofs.fuzz.run PARSER SECONDS`: a parser's property, fed by a fuzzer that sees which branches it reaches."""

import argparse
import importlib.util
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

atheris: Any = importlib.import_module("atheris") if importlib.util.find_spec("atheris") else None
"""Built for few machines, and without types."""

OURS = ["bots", "core"]
"""Whose branches are counted."""
LONGEST_INPUT = 2**16
STUCK_S = 300
"""After so long with one input it is called a hang; by the clock on the wall, on a machine that has other work too."""


def targets() -> dict[str, Callable[[bytes], object]]:
    """Import what is under test, its branches counted, and return what takes the fuzzer's bytes."""
    with atheris.instrument_imports(include=OURS):
        from tests.proofs.fuzz.parsers import property_of  # noqa: PLC0415 - only now are the branches counted
        from tests.proofs.fuzz.table import PARSERS  # noqa: PLC0415
    return {name: _fed(property_of(parser, 1, repeatable=False)) for name, parser in PARSERS.items()}


def _fed(holds: Callable[[], None]) -> Callable[[bytes], object]:
    feed: Callable[[bytes], object] = holds.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return feed


def main() -> None:
    """Fuzz for so long and say how often; the first failure ends it, with its input in a file `crash-…`."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.fuzz.run", description=__doc__)
    parser.add_argument("parser", help="a parser's name, or `list`")
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    asked = parser.parse_args()
    if atheris is None:
        sys.exit("Fuzzing needs atheris, which is not installed; `make fuzz` installs it where there is a build of it.")
    known = targets()
    if asked.parser not in known:
        sys.exit(f"There is a fuzzer for each of: {', '.join(known)}.")
    logging.basicConfig(handlers=[logging.NullHandler()])  # not disabled: some parsers are judged by what is logged
    _run(asked.parser, known[asked.parser], asked.seconds)


def _run(name: str, feed: Callable[[bytes], object], seconds: int) -> None:
    used = 0
    began_s = time.monotonic()

    def one(data: bytes) -> None:
        nonlocal used
        used += feed(data.ljust(LONGEST_INPUT, b"\0")) is not None  # with too few bytes for an input it would be None
        if time.monotonic() - began_s >= seconds:
            print(f"fuzz: {name}: {verdict(used, seconds)}", flush=True)  # noqa: T201
            os._exit(0 if used else 1)  # the fuzzer takes an ordinary exit for a failure of what it tests

    # Without len_control=0 it would begin with a few bytes, which are too few for most inputs.
    atheris.Setup([sys.argv[0], f"-max_len={LONGEST_INPUT}", "-len_control=0", f"-timeout={STUCK_S}"], one)
    atheris.Fuzz()


def verdict(used: int, seconds: int) -> str:
    """Say what a run is worth in which nothing failed: without inputs, nothing."""
    if not used:
        return f"nothing was tested, for none of the fuzzer's bytes made an input in {seconds} s"
    return f"{used:,} inputs in {seconds} s, and each was refused at most"


if __name__ == "__main__":
    main()
