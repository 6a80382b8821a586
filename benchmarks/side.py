"""`python -m benchmarks.side MODULE:NAME OPTIONS FILE`: measure one side in this process, and write its figures."""

import asyncio
import importlib
import json
import sys
from pathlib import Path


def main(run: str, options: str, into: str) -> None:
    """Call the function with its options."""
    module, _, name = run.partition(":")
    figures = asyncio.run(getattr(importlib.import_module(module), name)(**json.loads(options)))
    Path(into).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
