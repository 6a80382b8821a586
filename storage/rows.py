"""How columns become values."""

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from core.domain.audit import AuditEntry, Outcome
from core.domain.communities import Approval, Newcomer
from core.domain.quota import Limits
from core.domain.reports import Community, Entry, EntryKind, ReportedEntry, Spent, Usage
from storage.driver import UNSTORABLE, Row

T = TypeVar("T")
TOTAL = "total pool"
"""The name of what is left for everybody, for `Driver.run`. What gives back needs no turn: it only adds to it."""

_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_write_escaped = json.JSONEncoder(separators=(",", ":")).encode


def compact(value: Any) -> str:
    """Write JSON in few bytes; what a text column can't hold is escaped."""
    text = _write(value)
    return text if text.isascii() or not UNSTORABLE.search(text) else _write_escaped(value)


def joined(words: Sequence[str]) -> str:
    """Write a list as `,a,b,`, so that `,a,` is found in it just when the word is."""
    return "," + "".join(f"{word}," for word in words)


def split(text: str | None) -> tuple[str, ...] | None:
    """Read what `joined` wrote."""
    return None if text is None else tuple(word for word in text.split(",") if word)


def whose(community: str, member: str | None = None) -> tuple[str, ...]:
    """Name what an order's decision depends on, for `Driver.run`: pool and limits of a community, and the member.

    A member's waiting orders are counted over all communities, hence two names.
    """
    return (f"community {community}",) if member is None else (f"community {community}", f"member {member}")


def limits_of(row: Row) -> Limits:
    """Read a community's limits from a row that has its columns."""
    return Limits(
        longest_text=row["longest_text"],
        in_flight=row["in_flight"],
        cooldown_s=row["cooldown_s"],
        confirm_micros=row["confirm_micros"],
        products=split(row["products"]),
        channels=split(row["channels"]),
        voice=row["voice"],
    )


def newcomer_of(row: Row) -> Newcomer:
    """Read what operators decide about from a row of its table."""
    found = read_as(Newcomer, row)
    return replace(found, state=Approval(found.state), was_added=bool(found.was_added))


def community_of(row: Row) -> Community:
    """Read a line of the operators' list."""
    found = read_as(Community, row)
    state = Approval(row["state"]) if row["state"] else None
    return replace(found, state=state, was_added=bool(found.was_added), waits=bool(found.waits))


def audit_entry_of(row: Row) -> AuditEntry:
    """Read an entry of the audit from a row that has its columns."""
    return replace(read_as(AuditEntry, row), outcome=Outcome(row["outcome"]))


def usage_of(start_ms: int, end_ms: int, rows: Sequence[Row]) -> Usage:
    """Read a report's sums from rows, each of which says on which side of the report it stands."""
    sides: dict[str, list[tuple[str, str, int]]] = {"day": [], "product": [], "members": [], "member": []}
    for row in rows:
        sides[row["side"]].append((row["key"], row["name"], int(row["figure"])))
    ((_, _, members),) = sides["members"]
    return Usage(
        start_ms=start_ms,
        end_ms=end_ms,
        by_day=dict(sorted((int(day), micros) for day, _, micros in sides["day"])),
        by_product={product: micros for product, _, micros in sides["product"]},
        members=members,
        top=tuple(Spent(*each) for each in sorted(sides["member"], key=lambda each: (-each[2], each[0]))),
    )


def entry_of(row: Row) -> Entry:
    """Read a ledger entry from a row that has its columns."""
    values = dict(zip(row.keys(), row, strict=True))
    return Entry(**{**values, "kind": EntryKind(values["kind"])})


def reported_of(row: Row) -> ReportedEntry:
    """Read an entry of a report from a row that has its columns."""
    values = dict(zip(row.keys(), row, strict=True))
    return ReportedEntry(**{**values, "kind": EntryKind(values["kind"])})


def read_as(kind: type[T], row: Row) -> T:
    """Build a flat value from the columns that have its fields' names."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
