"""A running service for what people type."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bots.commands.lines import OWNER
from tests.core.rig import Incarnation, Rig
from tests.makers import caller


@pytest.fixture
async def alive(tmp_path: Path) -> AsyncIterator[Incarnation]:
    """The service, with an owner, where Ann has been seen."""
    rig = Rig(tmp_path)
    rig.policy = replace(rig.policy, owners=frozenset({OWNER.member}))
    async with rig.running() as alive:
        await alive.service.communities.remember(caller("ann", handle="ann"))
        yield alive
