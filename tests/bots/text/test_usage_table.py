"""The table of /usage: dollars, names and nothing that a spreadsheet runs."""

from bots.text.usage_table import UsageTable
from core.domain.reports import EntryKind, ReportedEntry


def entry(kind: EntryKind, micros: int, name: str, note: str = "", product: str = "") -> ReportedEntry:
    charged, balance = (micros, 0) if kind is EntryKind.CHARGE else (0, micros)
    return ReportedEntry(
        entry_id="e", at_ms=1_000, community="test:band", member="test:ann", name=name, kind=kind, job_id="j",
        allowance_micros=0, balance_micros=balance, charged_micros=charged, upstream_micros=0, actor="", note=note,
        product=product,
    )  # fmt: skip


def test_amounts_are_dollars_and_words_are_no_formulas() -> None:
    table = UsageTable()
    table.write([entry(EntryKind.CHARGE, 1400, "=cmd()", product="speech")])
    table.write([entry(EntryKind.GRANT, 1_000_000, "东京", "@x, y"), entry(EntryKind.REVOKE, -1_500_000, "")])
    assert table.entries == 3
    assert str(table).splitlines() == [
        "Time (UTC),Member,Order,Charged ($),Credit given ($),Reason",
        "1970-01-01 00:00:01,'=cmd(),speech,0.0014,,",
        '1970-01-01 00:00:01,东京,,,1.00,"\'@x, y"',
        "1970-01-01 00:00:01,test:ann,,,-1.50,",
    ]
