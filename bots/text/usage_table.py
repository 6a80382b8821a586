"""Who was charged what, as a table for people. Pure."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from bots.text import product_words
from bots.text.locale import N_, _
from core.domain.money import show
from core.domain.reports import EntryKind, ReportedEntry, harmless

COLUMNS = (N_("Time (UTC)"), N_("Member"), N_("Order"), N_("Charged ($)"), N_("Credit given ($)"), N_("Reason"))


class UsageTable:
    """A CSV with a line for each entry, in dollars, after a line of headings."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self._writer = csv.writer(self._out)
        self._writer.writerow(map(_, COLUMNS))
        self.entries = 0

    def write(self, entries: Sequence[ReportedEntry]) -> None:
        """Add a line for each."""
        self._writer.writerows(map(_cells, entries))
        self.entries += len(entries)

    def __str__(self) -> str:
        return self._out.getvalue()


def _cells(entry: ReportedEntry) -> tuple[object, ...]:
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC)
    name, product = entry.name or entry.member, product_words.noun(entry.product) if entry.product else ""
    is_charge = entry.kind is EntryKind.CHARGE
    charged, given = (entry.charged_micros, None) if is_charge else (None, entry.balance_micros)
    reason = "" if is_charge else entry.note
    told = harmless(name), harmless(product), _dollars(charged), _dollars(given), harmless(reason)
    return f"{at:%Y-%m-%d %H:%M:%S}", *told


def _dollars(micros: int | None) -> str:
    """Write an amount as a number that spreadsheets add up."""
    return "" if micros is None else show(micros).replace("$", "")
