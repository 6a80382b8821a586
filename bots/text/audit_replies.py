"""Who changed what, in people's words."""

import re
from collections.abc import Mapping, Sequence

from bots.text.wording import when
from core.admin import MOST_ACTS
from core.domain.money import show
from core.domain.reports import AuditEntry

ACTS, REFUSALS = 10, 5
"""Lines of the audit that fit into a message."""

NOTHING = "Nobody has changed anything here yet."
_DID = {
    "quota set": "set the quota of {whom}",
    "quota clear": "cleared the quota of {whom}",
    "grant": "gave credit to {whom}",
    "revoke": "took credit from {whom}",
    "approve": "granted the credit that {whom} asked for",
    "decline": "declined the credit that {whom} asked for",
    "block": "blocked {whom}",
    "unblock": "unblocked {whom}",
    "pool": "set the pool of {whom}",
    "communities": "decided about orders in {whom}",
    "claim": "became the one who runs this bot",
    "limits longest_text": "limited the characters of an order",
    "limits in_flight": "limited the orders under way",
    "limits cooldown_s": "limited the seconds between two orders",
    "limits confirm_micros": "set from which price on orders are confirmed",
    "limits products": "set what may be ordered",
    "limits channels": "set the channels for orders",
}
_WHY = {
    "NotPermitted": "not allowed",
    "InvalidInput": "not understood",
    "NotFound": "nobody or nothing of that name",
    "NotEnough": "not enough credit",
    "Decided": "decided before",
}
_AMOUNTS = ("quota", "grant", "revoke", "pool", "approve", "limits confirm")


def audit(entries: Sequence[AuditEntry], role_names: Mapping[str, str]) -> str:
    """List the newest acts, a line each, and count the attempts that were refused: they can't crowd out the others."""
    if not entries:
        return NOTHING
    applied = [_done(entry, role_names) for entry in entries if entry.outcome == "applied"]
    refused = [_refused(entry, role_names) for entry in entries if entry.outcome != "applied"]
    lines = applied[:ACTS] or [NOTHING]
    if refused:
        lines += ["", f"{len(refused)} refused:", *refused[:REFUSALS]]
    has = "them all" if len(entries) < MOST_ACTS else f"the newest {MOST_ACTS:,}"
    return "\n".join([*lines, "", f"audit.csv has {has}."])


def _done(entry: AuditEntry, role_names: Mapping[str, str]) -> str:
    did = _DID.get(entry.act, entry.act).format(whom=_whom(entry, role_names) or "everybody")
    line = f"{when(entry.at_ms)} {entry.actor_name} {did}"
    if entry.act in {"claim", "decline"}:
        return line
    return f"{line}: {_written(entry.act, entry.before)} → {_written(entry.act, entry.after)}"


def _refused(entry: AuditEntry, role_names: Mapping[str, str]) -> str:
    command = entry.act.partition(" ")[0]
    whom = "" if command in {"approve", "decline"} else _whom(entry, role_names)
    why = _WHY.get(entry.outcome.removeprefix("refused: "), "refused")
    return " ".join(f"{when(entry.at_ms)} {entry.actor_name} tried /{command} {whom}".split()) + f": {why}"


def _whom(entry: AuditEntry, role_names: Mapping[str, str]) -> str:
    """Name whom an act is about, with the id where a name is what they chose."""
    if role := role_names.get(entry.target):
        return f"the role {role}"
    number = entry.target.rpartition(":")[2]
    if entry.target_name:
        return f"{entry.target_name} (id {number})"
    is_key = entry.act in {"pool", "communities"} or entry.target.startswith("@")
    return entry.target if is_key or not number else f"id {number}"


def _written(act: str, value: str) -> str:
    """Write a value of the audit, which keeps micros, ms and lists with commas around, as people read it."""
    if act in {"block", "unblock"}:
        return "not blocked" if value == "none" else re.sub(r"\d+", lambda moment: when(int(moment[0])), value)
    if act.startswith(_AMOUNTS):
        amount = re.sub(r"\d+", lambda number: show(int(number[0])), value)
        return re.sub(r" (?=(?:day|week|month)$)", " a ", amount) if act.startswith("quota") else amount
    return ", ".join(value.strip(",").split(","))
