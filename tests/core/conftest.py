"""The rig that most tests of the core need."""

from pathlib import Path

import pytest

from tests.core.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)
