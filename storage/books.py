"""The audit of the books: check their rules, and say what was found."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from core.domain.money import show
from storage.books_sql import CHECKS
from storage.driver import Driver, Statement
from storage.recent import Recent


async def breaches(driver: Driver, recent: Recent | None = None) -> AsyncIterator[str]:
    """Yield a sentence for the first row that breaks each rule; none when the books balance."""
    for rule, query in CHECKS.items():
        statement = recent.narrowed(rule, query, driver.dialect) if recent else Statement(query)
        (rows,) = await driver.run([statement])
        if rows:
            first = ", ".join(f"{name}={rows[0][name]}" for name in rows[0].keys())  # noqa: SIM118 - a sqlite3.Row
            yield f"broken: {rule}; first of {len(rows)}: {first}"


@dataclass(frozen=True, slots=True)
class Audit:
    """Whether the books balance, and the sentences that say so."""

    balance: bool
    findings: Sequence[str]
    holds: str = ""
    """What is in books that balance."""


async def audit(driver: Driver, recent: Recent | None = None) -> Audit:
    """Check everything, or what is `recent`. The driver may be a read-only one beside a running service."""
    broken = [sentence async for sentence in breaches(driver, recent)]
    if recent:
        return Audit(not broken, [*(broken or ["They balance, as far as they were looked at."]), str(recent)])
    if broken:
        return Audit(balance=False, findings=broken)
    holds = await summary(driver)
    return Audit(balance=True, findings=[f"They balance: {holds}."], holds=holds)


async def summary(driver: Driver) -> str:
    """Return one line of totals."""
    query = """
        SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM ledger) AS entries,
        (SELECT coalesce(sum(charged_micros), 0) FROM ledger) AS charged,
        (SELECT coalesce(sum(upstream_micros), 0) FROM ledger) AS upstream,
        (SELECT coalesce(sum(cost_micros), 0) FROM previews) AS previews
    """
    (rows,) = await driver.run([Statement(query)])
    row = rows[0]
    return (
        f"{_counted(row['jobs'], 'job', 'jobs')}, {_counted(row['entries'], 'entry', 'entries')}, "
        f"{show(int(row['charged']))} charged, "
        f"{show(int(row['upstream']))} spent on jobs that nobody paid for"
        + (f", {show(int(row['previews']))} on previews" if row["previews"] else "")
    )


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
