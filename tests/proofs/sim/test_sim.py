"""A slice of `make sim`: histories hold, replay and see the defects that were put in."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.proofs.sim.__main__ import _featured, batch
from tests.proofs.sim.ablations import ABLATIONS, Ablation, switched
from tests.proofs.sim.faults import RESTORES
from tests.proofs.sim.faults_chat import KINDS
from tests.proofs.sim.history import History
from tests.proofs.sim.loop import Poisoned, SimLoop
from tests.template import template

FAMILIES = {"kills", "network", "gateway", "callbacks", "platforms and people", "clock and disk", "restores"}
QUICK = (
    "no intent row before the POST",
    "settles once more on the way back",
    "no dedupe of updates",
    "destination kept",
)


def told(history: History) -> str:
    return "\n".join([str(history.broken), *history.story[-40:]])


def lived(seed: int) -> History:
    return History(seed, template()).run()


def test_the_table_of_faults_is_long_and_clear() -> None:
    names = Counter(kind.name for kind in KINDS)
    assert len(names) == len(KINDS) >= 90
    assert {kind.family for kind in KINDS} == FAMILIES


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_whatever_happens_the_rules_hold(first: int) -> None:
    histories = [lived(seed) for seed in range(first, first + 10)]
    for history in histories:
        assert history.broken is None, told(history)
    assert sum(history.kills for history in histories) > 0
    assert sum(len(history.gateway.generations) for history in histories) > 0
    assert len({name for history in histories for name in history.fired}) > 15
    assert len({history.trace for history in histories}) == len(histories)


def test_a_seed_is_lived_through_in_the_same_way_again_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-c", "from tests.proofs.sim.__main__ import _one\n_one(26)"]
    shown = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    assert shown[0] == shown[1]
    assert len(re.findall(r"^sim: seed .* trace [0-9a-f]{16}$", shown[0], re.MULTILINE)) == 1


def test_histories_leave_nothing_behind() -> None:
    seeds = range(324, 328)  # in one of them the process is killed while the library closes a file
    assert batch(seeds).failures == []


@pytest.mark.parametrize("ablation", [a for a in ABLATIONS if a.name in QUICK], ids=lambda a: a.name)
def test_a_defect_is_seen(ablation: Ablation) -> None:
    with switched(ablation):
        assert any(History(seed, template(), featured=_featured(ablation)).run().broken for seed in range(40))


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda a: a.name)
def test_every_ablation_fits_the_code(ablation: Ablation) -> None:
    with switched(ablation):
        pass


@pytest.mark.parametrize(("old", "new"), [("this line is not there", "pass"), ("*_settling(", "*a_former_name(")])
def test_an_ablation_that_no_longer_fits_the_code_is_reported(old: str, new: str) -> None:
    outdated = Ablation("outdated", "storage.step:Step.__init__", old, new)
    with pytest.raises(AssertionError, match="up to date"), switched(outdated):
        pass


def test_copies_are_restored_and_kills_meanwhile_survived() -> None:
    lives = [History(seed, template(), featured=RESTORES[seed % len(RESTORES)]).run() for seed in range(12)]
    for history in lives:
        assert history.broken is None, told(history)
    assert sum(history.restores.made for history in lives) > 5


def test_a_dead_process_is_poisonous() -> None:
    history = lived(1)
    loop = SimLoop(history.timeline, history.wire)
    loop.die()
    with pytest.raises(Poisoned):
        loop.call_soon(print)
