"""A copy is what `dataclasses.replace` makes of a value."""

from dataclasses import dataclass, replace

import pytest

from core.domain.copies import replaced
from core.domain.quota import Period, Quota


@dataclass(frozen=True, slots=True)
class Alone:
    word: str


def test_a_copy_differs_in_the_named_fields_alone() -> None:
    quota = Quota(limit_micros=1, period=Period.DAY)
    assert replaced(quota, limit_micros=2) == replace(quota, limit_micros=2)
    assert replaced(Alone("a")) == Alone("a")
    assert quota.limit_micros == 1


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="limit"):
        replaced(Quota(limit_micros=1, period=Period.DAY), limit=2)
