"""The benchmarks run, and write down what they promise; how fast anything is, is not for a test to say."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHEAP = ("admissions",)


@pytest.mark.timeout(240)  # it starts processes
async def test_quick_benchmarks_write_a_table_a_file_and_a_picture(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", *CHEAP, "--quick", "--out", str(tmp_path),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode() + said.decode()
    assert "| admissions, 256 waiting" in said.decode()
    (written,) = tmp_path.glob("*-quick.json")
    told = json.loads(written.read_text())
    assert {row["benchmark"] for row in told["rows"]} == set(CHEAP)
    assert all(row["value"] > 0 and row["ratio"] > 0 and row["met"] is None for row in told["rows"])
    admissions = told["rounds"]["admissions"][0]
    assert admissions["service"]["rows"] == admissions["sqlite3"]["rows"] > 0
    assert written.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
