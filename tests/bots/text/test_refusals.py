"""Whatever is refused, its member hears why."""

from dataclasses import replace
from pathlib import Path

import pytest

from bots.text.locale import speaking
from bots.text.operator_replies import trouble, well
from bots.text.order_replies import ended
from bots.text.refusals import refusal
from core.domain.allowed import Rule, allowed
from core.domain.lifecycle import Reason
from core.domain.quota import Limits, QuotaSource, Standing
from core.domain.receipts import Receipt
from core.domain.refusals import (
    Cause,
    InvalidInput,
    Limit,
    Missing,
    Need,
    NotFound,
    NotPermitted,
    OverLimit,
    Refusal,
    Unavailable,
)
from core.domain.reported import (
    BeingSent,
    BlockedBefore,
    NotReported,
    Report,
    ReportDecided,
    ReportState,
    Unreported,
)
from core.domain.troubles import Case, Stuck, Trouble
from tests.bots.text.catalogues import PSEUDO, pseudo_catalogue, unmarked, use
from tests.makers import day, job

STANDING = Standing(
    quota=day(1000), source=QuotaSource.OPERATOR, used_micros=0, balance_micros=0, held_micros=0, resets_ms=0
)
VALUES: dict[Rule, dict[str, object]] = {
    Rule.WISH: {"most_micros": 1_000_000},
    Rule.COUNT: {"low": 1, "high": 9},
    Rule.NUMBER: {"low": 0.5, "high": 2.0},
    Rule.REASON: {"most": 200},
    Rule.SHORT: {"most": 3000},
    Rule.SHORTER: {"most": 3000, "has": 3001},
    Rule.SHORTER_ORDER: {"most": 20_000, "has": 20_001},
    Rule.FEWER_PARTS: {"most": 200, "has": 201},
    Rule.ENTRY: {"most": 50},
    Rule.ENTRIES: {"most": 200},
    Rule.ENTRY_GROWS: {"most": 2},
    Rule.ONE_OF: {"choices": ("speech", "music")},
    Rule.SOME_OF: {"choices": ("speech", "music")},
    Rule.PARAMETER: {"product": "music", "choices": ("prompt",)},
}
REPORT = Report(
    job_id="it", member="test:ann", name="Ann", state=ReportState.OPEN, members=1, audio=(1, 2), decided_by="it"
)
REFUSALS: list[Refusal] = [
    *(NotPermitted(need) for need in Need),
    *(NotFound(missing, "it") for missing in Missing),
    *(Unavailable(cause) for cause in Cause),
    *(OverLimit(limit, 1400, STANDING) for limit in Limit if limit is not Limit.CONFIRM),
    *(NotReported(why) for why in Unreported),
    *(ReportDecided(replace(REPORT, state=state)) for state in ReportState if state != "open"),
    *(BlockedBefore(by, until_ms) for by, until_ms in (("it", 0), ("", 0), ("", None))),
    BeingSent("it"),
    *(InvalidInput("speed", "it", allowed(rule, **VALUES.get(rule, {}))) for rule in Rule),
]


@pytest.mark.parametrize("error", REFUSALS, ids=repr)
def test_each_cause_has_a_sentence(error: Refusal) -> None:
    assert refusal(error).endswith(".")


def test_all_that_can_happen_is_said_in_the_language_of_whoever_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path, pseudo_catalogue())
    with speaking(PSEUDO):
        said = [refusal(error) for error in REFUSALS]
        said += [ended(Receipt(job=job(reason=reason), charged_micros=0, standing=STANDING)) for reason in Reason]
        said += [trouble(Case(each, "", Stuck(5, 2), 0)) for each in Trouble] + [well((each, "")) for each in Trouble]
    assert unmarked(said, "it") == {}


def test_too_long_a_text_hears_whose_limit_it_is_and_how_long_it_is() -> None:
    limited = replace(STANDING, limits=Limits(longest_text=13))
    assert refusal(OverLimit(Limit.LONGEST_TEXT, 1400, limited, 14)) == (
        "This community's admins allow at most 13 characters an order (this has 14). They can change that with "
        "/limits text."
    )
    assert refusal(InvalidInput("text", "Once…", allowed(Rule.SHORTER_ORDER, most=20_000, has=20_001))) == (
        "text “Once…” can't be used: it must be at most 20000 characters an order (this has 20001), which whoever runs "
        "this bot can change."
    )


def test_over_quota_the_cost_what_is_left_the_limit_and_the_reset_are_named() -> None:
    standing = replace(STANDING, quota=day(10_000), used_micros=9_000, resets_ms=86_400_000)
    assert refusal(OverLimit(Limit.ALLOWANCE, 1400, standing)) == (
        "This costs $0.0014, and you have $0.001 left today. Your allowance is $0.01 a day; it resets 2 Jan 00:00 UTC. "
        "Ask an admin of this community to raise it with /quota set."
    )
