"""The audit is in people's words."""

from pathlib import Path

import pytest

from bots.text import audit_replies
from core.domain.audit import Action, AuditEntry, Outcome
from core.domain.refusals import InvalidInput
from tests.bots.commands.lines import types
from tests.core.rig import Rig


async def test_the_audit_is_in_peoples_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No name of a column, no micros, no code: each act that there is."""
    lines = ["/quota default 0.50 day", "/quota default clear", "/grant @ann 1", "/revoke @ann 0.25", "/block @ann"]
    lines += ["/unblock @ann", "/limits text 500", "/limits flight 3", "/limits cooldown 60", "/limits confirm 0.05"]
    lines += ["/limits products speech", "/limits channels none"]
    monkeypatch.setattr(audit_replies, "ACTS", len(lines))
    async with Rig(tmp_path).running() as alive:
        for line in lines:
            await types(alive, line)
        said = (await types(alive, "/audit")).splitlines()[: len(lines)]
        with pytest.raises(InvalidInput):
            await types(alive, "/grant @ann lots")
        assert "Boss tried /grant Ann (id ann): not understood" in await types(alive, "/audit")
    assert {line.partition("Boss ")[2] for line in said} == {
        "set the quota of everybody: none → $0.50 a day",
        "cleared the quota of everybody: $0.50 a day → none",
        "gave credit to Ann (id ann): $0.00 → $1.00",
        "took credit from Ann (id ann): $1.00 → $0.75",
        "blocked Ann (id ann): not blocked → for good",
        "unblocked Ann (id ann): for good → not blocked",
        "limited the characters of an order: none → 500",
        "limited the orders under way: none → 3",
        "limited the seconds between two orders: none → 60",
        "set the price above which orders are confirmed: none → $0.05",
        "set what may be ordered: none → speech",
        "set the channels for orders: none → none",
    }


def test_every_act_and_outcome_has_words() -> None:
    """Also an act that another release wrote, whose code has to do."""
    assert audit_replies._DID.keys() == set(Action)
    assert audit_replies._WHY.keys() == set(Outcome) - {Outcome.APPLIED}
    theirs = AuditEntry(
        at_ms=0, actor="test:boss", actor_name="Boss", act="wave", target="", target_name="", before="1", after="2",
        outcome=Outcome.APPLIED,
    )  # fmt: skip
    assert "Boss: wave: 1 → 2" in audit_replies.audit([theirs], {})
