"""What admins read: usage, ledger entries, the audit; and how they look as CSV. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Generic, TextIO, TypeVar

from core.domain.audit import AuditEntry
from core.domain.communities import Approval


class CreditRequestState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRequest:
    """A member's request for credit."""

    credit_request_id: str
    member: str
    name: str
    amount_micros: int
    balance_micros: int = 0
    """Once granted."""
    calls: bool = False
    """Whether those who can decide are called: they were not within the hour before."""
    kept: bool = False
    """Whether the order is kept that it is for."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one member was charged."""

    member: str
    name: str
    charged_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a community, or one member of it, was charged between two moments, half-open."""

    start_ms: int
    end_ms: int
    by_day: Mapping[int, int]
    """Micros by start of day, in order."""
    by_product: Mapping[str, int]
    """Micros by product."""
    members: int
    """How many were charged."""
    top: tuple[Spent, ...]
    """Those who were charged most, the most first."""

    @property
    def total_micros(self) -> int:
        """Return the sum."""
        return sum(self.by_product.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """One line of the operators' list."""

    community: str
    members: int
    """Who have ordered there."""
    used_micros: int
    pool_micros: int | None
    title: str = ""
    state: Approval | None = None
    """None where nobody decides: in a direct chat, and where the bot was not seen to be added."""
    direct: bool = False
    """A direct chat: its key is its member's."""
    added_by: str = ""
    added_name: str = ""
    was_added: bool = False
    """Whether `added_by` added the bot; else they were the first to be heard there."""
    waits: bool = False
    """Whether orders are refused until an operator decides; else a setting lets in whoever is not declined."""


class EntryKind(StrEnum):
    """What a ledger entry says of the money."""

    HOLD = "hold"
    CHARGE = "charge"
    VOID = "void"
    UPSTREAM = "upstream"
    """What the operator pays for a job whose member pays nothing."""
    GRANT = "grant"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ledger entry, as it is exported. Amounts in micros."""

    entry_id: str
    at_ms: int
    community: str
    member: str
    name: str
    kind: EntryKind
    job_id: str
    allowance_micros: int
    balance_micros: int
    charged_micros: int
    upstream_micros: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEntry(Entry):
    """A ledger entry with the product of its order, or ""."""

    product: str


R = TypeVar("R", AuditEntry, Entry)


class CsvWriter(Generic[R]):
    """Writes entries as CSV (RFC 4180) with a header line, as they come; the time is added in words."""

    def __init__(self, kind: type[R], out: TextIO) -> None:
        names: list[str] = [field.name for field in fields(kind)]
        self._cells: Callable[[AuditEntry | Entry], tuple[object, ...]] = attrgetter(*names)
        self._writer = csv.writer(out)
        self._writer.writerow(["at", *names])

    def write(self, entries: Iterable[R]) -> None:
        """Write a line for each."""
        entry: AuditEntry | Entry
        for entry in entries:
            at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
            self._writer.writerow([at, *map(harmless, self._cells(entry))])


def write_csv(kind: type[R], entries: Iterable[R], out: TextIO) -> None:
    """Write all entries at once, as `CsvWriter` does."""
    CsvWriter(kind, out).write(entries)


def to_csv(kind: type[R], entries: Iterable[R]) -> str:
    """Return what `write_csv` writes."""
    out = io.StringIO()
    write_csv(kind, entries, out)
    return out.getvalue()


def harmless(cell: object) -> object:
    """Keep a text cell from being read as a formula by a spreadsheet (OWASP, "CSV Injection")."""
    if (isinstance(cell, str) and cell.lstrip().startswith(("=", "+", "-", "@"))) or (
        isinstance(cell, str) and cell.startswith(("\t", "\r", "\n"))
    ):
        return f"'{cell}"
    return cell


@dataclass(frozen=True, slots=True)
class Resumed:
    """What came of an operator's word that submissions make sense again."""

    ended_pause: bool
    """Whether submissions were paused in this process."""
    spread: bool = False
    """Whether other processes were told; they may not have paused."""
