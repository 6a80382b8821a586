"""`python -m benchmarks.side MODULE:NAME OPTIONS FILE [PROFILE]`: measure one side here, and write its figures."""

import asyncio
import cProfile
import importlib
import json
import sys
from pathlib import Path


def main(run: str, options: str, into: str, profile: str = "") -> None:
    """Call the function with its options, and write what cProfile saw of it if that is wanted."""
    module, _, name = run.partition(":")
    work = getattr(importlib.import_module(module), name)
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    figures = asyncio.run(work(**json.loads(options)))
    if profile:
        profiler.disable()
        profiler.dump_stats(profile)
    Path(into).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
