"""Check the books of what changed lately: the same rules, over parts of the tables that belong together."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from core.domain.quota import DAY_MS
from storage.driver import Statement

_LATELY = """SELECT job_id FROM {home}ledger WHERE at_ms >= :since_ms AND job_id IS NOT NULL
    UNION SELECT job_id FROM {home}jobs WHERE updated_ms >= :since_ms OR closed_ms IS NULL
    UNION SELECT job_id FROM {home}generations WHERE updated_ms >= :since_ms
    UNION SELECT job_id FROM {home}deliveries WHERE updated_ms >= :since_ms"""
_OF_JOBS = {
    **dict.fromkeys(("jobs", "generations", "deliveries"), f"job_id IN ({_LATELY})"),
    "ledger": f"job_id IN ({_LATELY}) OR (job_id IS NULL AND at_ms >= :since_ms)",
    "audit": "at_ms >= :since_ms",
    "credit_requests": "decided_ms >= :since_ms OR decided_ms IS NULL",
    "quotas": "set_ms >= :since_ms",
}
"""All that belongs to jobs that are unfinished, as those with a hold are, or have changed, and all that was decided."""
_OF_ACCOUNTS = dict.fromkeys(
    ("balances", "ledger"), "account_id IN (SELECT account_id FROM {home}ledger WHERE at_ms >= :since_ms)"
)
_DAYS = "day_ms IN (SELECT day_ms FROM {home}ledger WHERE at_ms >= :since_ms)"
_OF_DAYS = dict.fromkeys(("usage", "ledger"), _DAYS)
_MONTHS = """month_ms IN (
    SELECT month_ms FROM {home}ledger WHERE at_ms >= :since_ms
    UNION SELECT month_ms FROM {home}previews WHERE tried_ms >= :since_ms
)"""
_OF_MONTHS = {
    **dict.fromkeys(("pool_usage", "total_usage", "previews"), _MONTHS),
    "ledger": f"month_ms IS NULL OR {_MONTHS}",
}
_PARTS: Mapping[str, Mapping[str, str]] = {
    "every balance equals the ledger's sum": _OF_ACCOUNTS,
    "every day's usage equals the ledger's sum": _OF_DAYS,
    "every pool's usage equals the ledger's sum": _OF_MONTHS,
    "every month's total equals the sum of ledger and previews": _OF_MONTHS,
    "nobody's balance is negative": {},
}
"""Sums take whole accounts, days and months; the other rules look at one job or decision at a time."""
_HOMES = {"sqlite": "main.", "postgres": ""}
"""What tells a table from its part of the same name; a query of PostgreSQL does not see itself."""


class Recent:
    """What changed in the last `days` days."""

    def __init__(self, days: int, now_ms: int) -> None:
        self._since_ms = now_ms - days * DAY_MS

    def narrowed(self, rule: str, query: str, dialect: str) -> Statement:
        """Return a rule's query over the parts of its tables."""
        parts = _PARTS.get(rule, _OF_JOBS)
        read = [name for name in parts if re.search(rf"\b(?:FROM|JOIN)\s+{name}\b", query)]
        home = _HOMES[dialect]
        tables = [f"{name} AS (SELECT * FROM {home}{name} WHERE {parts[name].format(home=home)})" for name in read]
        if not tables:
            return Statement(query)
        return Statement(f"WITH {', '.join(tables)} {query}", {"since_ms": self._since_ms})

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self._since_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return (
            f"Looked at: unfinished jobs, and what changed since {since}, with the accounts, days and months that it "
            "counts for. Nothing else was looked at; without --days everything is."
        )
