"""A slice of `python -m tests.fuzz.run`: hostile input meets each parser."""

import pytest

from tests.fuzz.parsers import property_of
from tests.fuzz.table import PARSERS


@pytest.mark.parametrize("name", PARSERS)
def test_hostile_input_is_refused_at_most(name: str) -> None:
    property_of(PARSERS[name], PARSERS[name].examples)()
