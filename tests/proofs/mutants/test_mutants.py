"""A slice of the mutants, and a check that survivors are counted."""

from collections import Counter
from pathlib import Path

import pytest

from tests.proofs.mutants.reasons import reasons
from tests.proofs.mutants.rules import changed, complaints, survivors
from tests.proofs.mutants.sql import FILES, Mutant, Undecided, judge, mutants, run_in

QUICK = (
    "tests/core/domain/test_quota_table.py",
    "-k",
    "sqlite",
    "--assert=plain",
)  # assertion rewriting takes half of the time
NO_SERVER = """
import pytest

@pytest.fixture
def postgres():
    pytest.skip("none here")

def test_it(postgres):
    pass
"""
SHOWN = """\
# core.domain.money.x_cost_of__mutmut_1: survived
--- core/domain/money.py
+++ core/domain/money.py
@@ -1,3 +1,3 @@
 def cost_of(characters: int, price_micros: int) -> int:
-    return -(-characters * price_micros // 1000)
+    return +(-characters * price_micros // 1000)
"""


def found() -> list[Mutant]:
    return [mutant for file in FILES for mutant in mutants(file)]


def test_the_sql_as_it_is_passes_and_a_mutant_does_not() -> None:
    (mutant,) = (m for m in found() if m.name == "WHEN pool_left_micros <= :cost_micros THEN 'pool'")
    unchanged = judge(None, QUICK)
    assert unchanged.green, unchanged.said
    assert not judge(mutant, QUICK).green


@pytest.mark.parametrize(("tests", "told"), [("No Python at all", "SyntaxError"), (NO_SERVER, "none here")])
def test_tests_that_cannot_be_run_kill_no_mutant(tests: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(tests)
    with pytest.raises(Undecided, match=rf"status 2:[\s\S]*{told}"):
        run_in(tmp_path, ("test_it.py",))


@pytest.mark.parametrize(
    ("file", "fewest"), [("storage/money_sql.py", 60), ("storage/communities_sql.py", 30), ("storage/admin_sql.py", 40)]
)
def test_there_are_mutants_and_python_can_read_them(file: str, fewest: int) -> None:
    made = list(mutants(file))
    assert len(made) >= fewest
    for mutant in made:
        assert mutant.before != mutant.after
        compile(mutant.text(), file, "exec")


def test_each_reason_is_one_mutant_s() -> None:
    times = Counter(mutant.name for mutant in found())
    assert [name for name in reasons("reasons.txt") if times[name] != 1] == []


def test_a_survivor_of_the_rules_is_named_by_its_line() -> None:
    told = "    x__mutmut_1: killed\n    x__mutmut_2: survived\n    x__mutmut_3: timeout\n    x__mutmut_4: no tests\n"
    assert list(survivors(told)) == ["x__mutmut_2", "x__mutmut_4"]
    assert changed(SHOWN) == "return +(-characters * price_micros // 1000)"


def test_a_survivor_needs_a_reason_and_a_reason_its_survivor() -> None:
    assert list(complaints(["a", "b"], ["b", "c", ""])) == [
        "survived: a",
        "outdated reason: c",
        "outdated reason: a line without one",
    ]
