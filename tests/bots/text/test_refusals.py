"""Whatever is refused, its member hears why."""

import pytest

from bots.text.refusals import refusal
from core.domain.quota import QuotaSource, Standing
from core.domain.refusals import (
    Cause,
    Limit,
    Missing,
    Need,
    NotFound,
    NotPermitted,
    OverLimit,
    Refusal,
    Unavailable,
)
from tests.makers import day

STANDING = Standing(
    quota=day(1000), source=QuotaSource.OPERATOR, used_micros=0, balance_micros=0, held_micros=0, resets_ms=0
)
REFUSALS: list[Refusal] = [
    *(NotPermitted(need) for need in Need),
    *(NotFound(missing, "it") for missing in Missing),
    *(Unavailable(cause) for cause in Cause),
    *(OverLimit(limit, 1400, STANDING) for limit in Limit if limit is not Limit.CONFIRM),
]


@pytest.mark.parametrize("error", REFUSALS, ids=repr)
def test_each_cause_has_a_sentence(error: Refusal) -> None:
    assert refusal(error).endswith(".")
