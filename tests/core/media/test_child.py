"""The media process's own program: what it owes whoever reads its answers and its files."""

import asyncio
import subprocess
import sys
from pathlib import Path

from core.media.pool import Child
from tests.core.media.files import write_wav

ROOT = Path(__file__).parents[3]
CHATTER = """
import os, sys
from core.media import child
sys.argv[1:] = [str(1 << 32)]
child.OPERATIONS["probe"] = lambda: [os.write(1, b"a library has something to say\\n"), {"kind": "wav"}][1]
child.main()
"""
SYNCED = """
import sys
from pathlib import Path
from core.media import child
source, part, into = sys.argv[1:]
child.sync = lambda path: print(Path(path).name, Path(into).exists())
child.transcode(source, None, part=part, into=into, max_bytes=10**6, to={
    "container": "ogg", "encoder": "libopus", "sample_rate_hz": 48000, "bitrate_bps": 64000, "channels": 1, "options": {}})
"""


async def test_what_a_library_prints_is_no_answer() -> None:
    pipe = subprocess.PIPE
    code = (sys.executable, "-c", CHATTER)
    child = Child(await asyncio.create_subprocess_exec(*code, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT))
    await child.ready()
    assert await child.ask("probe", {}, 20) == {"info": {"kind": "wav"}}
    child.kill()
    await child.gone()


def test_a_file_is_on_disk_before_it_has_its_name_and_its_name_before_it_is_told(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "a", 0.1)
    files = (source, tmp_path / "b.part", tmp_path / "b")
    done = subprocess.run([sys.executable, "-c", SYNCED, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["b.part False", f"{tmp_path.name} True"]
