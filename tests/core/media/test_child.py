"""The media process's own program: what it owes whoever reads its answers and its files."""

import asyncio
import subprocess
import sys
from pathlib import Path

from core.media.pool import Child

ROOT = Path(__file__).parents[3]
CHATTER = """
import os, sys
from core.media import child
sys.argv[1:] = [str(1 << 32)]
child.OPERATIONS["probe"] = lambda: [os.write(1, b"a library has something to say\\n"), {"kind": "wav"}][1]
child.main()
"""


async def test_what_a_library_prints_is_no_answer() -> None:
    pipe = subprocess.PIPE
    code = (sys.executable, "-c", CHATTER)
    child = Child(await asyncio.create_subprocess_exec(*code, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT))
    await child.ready()
    assert await child.ask("probe", {}, 20) == {"info": {"kind": "wav"}}
    child.kill()
    await child.gone()
