"""The benchmarks run, and write down what they promise; how fast anything is, is not for a test to say."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from benchmarks.harness import Aim, Benchmark, Measured, Row, Side
from benchmarks.report import noted, table

ROOT = Path(__file__).parents[1]
CHEAP = ("admission", "sizes")
SIDES = {"ours": Side(run="m:ours"), "theirs": Side(run="m:theirs")}
ROW = Row(what="life", side="ours", baseline="theirs", figure="cpu_us", unit="us", aim=Aim(2))


def measured(ours_us: float, theirs_us: float, **bests: float) -> Measured:
    by_key = {SIDES[name].key: best for name, best in bests.items()}
    result = Measured(Benchmark(name="lives", sides=SIDES, rows=[ROW]), by_key)
    result.rounds = [{"ours": {"cpu_us": ours_us}, "theirs": {"cpu_us": theirs_us}}]
    return result


@pytest.mark.timeout(900)  # it starts processes
async def test_quick_benchmarks_write_a_table_and_a_file(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", *CHEAP, "--quick", "--out", str(tmp_path),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode() + said.decode()
    assert "| admission, CPU | " in said.decode()
    (written,) = tmp_path.glob("*-quick.json")
    told = json.loads(written.read_text())
    assert set(told["benchmarks"]) == set(CHEAP)
    assert all(row["value"] > 0 and not row["verdict"] for one in told["benchmarks"].values() for row in one["rows"])
    admission = told["benchmarks"]["admission"]["rounds"][0]
    assert admission["admission"]["rows"] == admission["blind insertion"]["rows"] > 0
    assert not told["best_cpu_us"]


@pytest.mark.parametrize(
    ("ours_us", "theirs_us", "verdict"),
    [(190, 100, "met"), (210, 100, "missed"), (190, 116, "void"), (231, 100, "void"), (190, 114, "met")],
)
def test_a_side_slower_than_its_best_voids_the_row(ours_us: float, theirs_us: float, verdict: str) -> None:
    (line,) = measured(ours_us, theirs_us, ours=200, theirs=100).lines()
    assert line.verdict == verdict


def test_results_keep_each_sides_best_and_other_benchmarks_rows() -> None:
    slow = measured(90, 120, ours=100, theirs=100)
    told = noted({"benchmarks": {"start": {}}, "best_cpu_us": {"other": 1.0, **slow.bests}}, slow)
    assert told["best_cpu_us"] == {"other": 1.0, SIDES["ours"].key: 90, SIDES["theirs"].key: 100}
    assert set(told["benchmarks"]) == {"start", "lives"}
    line = "| life | 90 us | theirs: 120 us | 0.75x | <= 2x | void: theirs slower than its best |"
    assert line in table(told["benchmarks"]["lives"]["rows"])
