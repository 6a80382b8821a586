"""A slice of `python -m tests.proofs.fuzz.run`: hostile input for each parser."""

import os
import sys
from types import SimpleNamespace

import pytest

from tests.proofs.fuzz import run
from tests.proofs.fuzz.parsers import property_of
from tests.proofs.fuzz.table import PARSERS


@pytest.mark.timeout(900)  # the longest of them takes most of a minute of a busy processor
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # the warning would hide the failure
@pytest.mark.parametrize("name", PARSERS)
def test_hostile_input_is_refused_at_most(name: str) -> None:
    property_of(PARSERS[name], PARSERS[name].examples)()


@pytest.mark.parametrize(("used", "code", "said"), [(None, 1, "nothing was tested"), (b"", 0, "1 inputs")])
def test_a_run_that_could_use_no_input_fails(
    used: bytes | None, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = []
    fuzzer = SimpleNamespace(Setup=lambda _, target: targets.append(target), Fuzz=lambda: targets[0](b"bytes"))
    monkeypatch.setattr(run, "atheris", fuzzer)
    monkeypatch.setattr(os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as ended:
        run._run("amounts", lambda _: used, 0)
    assert ended.value.code == code
    assert said in capsys.readouterr().out
