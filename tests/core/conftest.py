"""The rigs that most tests of the core need."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.rig import Incarnation, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path)
    rig.policy = replace(rig.policy, owners=frozenset({"test:owner"}))
    return rig


@pytest.fixture
async def alive(rig: Rig) -> AsyncIterator[Incarnation]:
    async with rig.running() as alive:
        yield alive
