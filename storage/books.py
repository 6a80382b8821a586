"""Check the books: each query names what must hold and returns a row for every breach."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from core.money import show
from storage.driver import Driver, Statement

CHECKS: Mapping[str, str] = {
    "every balance equals the ledger's sum": """
        SELECT community, member, sum(balance) AS difference_micros FROM (
            SELECT community, member, balance_micros AS balance FROM members
            UNION ALL
            SELECT community, member, -balance_micros FROM ledger
        ) AS both_sides GROUP BY community, member HAVING sum(balance) <> 0
    """,
    "a hold is what its entry says, and a void gives back what the hold took": """
        SELECT holds.job_id, holds.allowance_micros, holds.balance_micros FROM holds
        LEFT JOIN ledger ON ledger.job_id = holds.job_id AND ledger.kind = 'hold'
            AND ledger.allowance_micros = holds.allowance_micros AND ledger.balance_micros = -holds.balance_micros
            AND ledger.day_ms = holds.day_ms AND ledger.month_ms = holds.month_ms
            AND ledger.community = holds.community AND ledger.member = holds.member
        WHERE ledger.job_id IS NULL
        UNION ALL
        SELECT void.job_id, void.allowance_micros, void.balance_micros FROM ledger AS void
        LEFT JOIN ledger AS held ON held.job_id = void.job_id AND held.kind = 'hold'
            AND held.allowance_micros = -void.allowance_micros AND held.balance_micros = -void.balance_micros
            AND held.day_ms = void.day_ms AND held.month_ms = void.month_ms
        WHERE void.kind = 'void' AND held.job_id IS NULL
    """,
    "every day's usage equals the ledger's sum": """
        SELECT community, member, day_ms, sum(used) AS difference_micros FROM (
            SELECT community, member, day_ms, used_micros AS used FROM usage
            UNION ALL
            SELECT community, member, day_ms, -allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND day_ms IS NOT NULL
        ) AS both_sides GROUP BY community, member, day_ms HAVING sum(used) <> 0
    """,
    "every pool's usage equals the ledger's sum": """
        SELECT community, month_ms, sum(used) AS difference_micros FROM (
            SELECT community, month_ms, used_micros AS used FROM pool_usage
            UNION ALL
            SELECT community, month_ms, balance_micros - allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND month_ms IS NOT NULL
        ) AS both_sides GROUP BY community, month_ms HAVING sum(used) <> 0
    """,
    "every month's total equals the ledger's sum": """
        SELECT month_ms, sum(used) AS difference_micros FROM (
            SELECT month_ms, used_micros AS used FROM total_usage
            UNION ALL
            SELECT month_ms, balance_micros - allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND month_ms IS NOT NULL
            UNION ALL
            SELECT held.month_ms, -lost.upstream_micros FROM ledger AS lost
            JOIN ledger AS held ON held.entry_id = lost.job_id || ':hold'
            WHERE lost.kind = 'upstream'
        ) AS both_sides GROUP BY month_ms HAVING sum(used) <> 0
    """,
    "a hold exists exactly while its job is unresolved": """
        SELECT jobs.job_id, jobs.state, holds.job_id AS hold FROM jobs LEFT JOIN holds ON holds.job_id = jobs.job_id
        WHERE (jobs.state IN ('queued', 'submitting', 'unconfirmed', 'running')) <> (holds.job_id IS NOT NULL)
        UNION ALL
        SELECT holds.job_id, 'missing', holds.job_id FROM holds
        WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.job_id = holds.job_id)
    """,
    "every job has one hold entry, and one resolution once it is resolved": """
        SELECT jobs.job_id, jobs.state,
            sum(CASE WHEN ledger.kind = 'hold' THEN 1 ELSE 0 END) AS holds,
            sum(CASE WHEN ledger.kind IN ('charge', 'void') THEN 1 ELSE 0 END) AS resolutions
        FROM jobs LEFT JOIN ledger ON ledger.job_id = jobs.job_id
        GROUP BY jobs.job_id, jobs.state
        HAVING sum(CASE WHEN ledger.kind = 'hold' THEN 1 ELSE 0 END) <> 1
        OR sum(CASE WHEN ledger.kind IN ('charge', 'void') THEN 1 ELSE 0 END)
            <> CASE WHEN jobs.state IN ('queued', 'submitting', 'unconfirmed', 'running') THEN 0 ELSE 1 END
    """,
    "a charge is what was held, for a job that has audio": """
        SELECT ledger.entry_id, ledger.charged_micros, jobs.state, jobs.cost_micros
        FROM ledger LEFT JOIN jobs ON jobs.job_id = ledger.job_id
        WHERE ledger.kind = 'charge' AND (
            jobs.job_id IS NULL OR ledger.charged_micros <> jobs.cost_micros
            OR jobs.state NOT IN ('generated', 'delivering', 'delivered', 'undeliverable')
        )
    """,
    "a hold's entry is the job's cost": """
        SELECT ledger.entry_id FROM ledger LEFT JOIN jobs ON jobs.job_id = ledger.job_id
        WHERE ledger.kind = 'hold'
        AND (jobs.job_id IS NULL OR ledger.allowance_micros - ledger.balance_micros <> jobs.cost_micros)
    """,
    "nobody's balance is negative": "SELECT community, member, balance_micros FROM members WHERE balance_micros < 0",
    "a closed job keeps no destination": """
        SELECT job_id, state FROM jobs WHERE closed_ms IS NOT NULL AND destination NOT LIKE '%"data": {}%'
    """,
}


async def breaches(driver: Driver) -> AsyncIterator[str]:
    """Yield a sentence for the first row that breaks each rule; none when the books balance."""
    for rule, query in CHECKS.items():
        (rows,) = await driver.run([Statement(query)])
        if rows:
            first = ", ".join(f"{name}={rows[0][name]}" for name in rows[0].keys())  # noqa: SIM118 - a sqlite3.Row
            yield f"broken: {rule}; first of {len(rows)}: {first}"


@dataclass(frozen=True, slots=True)
class Audit:
    """Whether the books balance, and the sentences that say so."""

    balance: bool
    findings: Sequence[str]


async def audit(driver: Driver) -> Audit:
    """Check everything. The driver may be a read-only one beside a running service."""
    broken = [sentence async for sentence in breaches(driver)]
    return Audit(not broken, broken or [f"They balance: {await summary(driver)}."])


async def summary(driver: Driver) -> str:
    """Return one line of totals."""
    query = """
        SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM ledger) AS entries,
        (SELECT coalesce(sum(charged_micros), 0) FROM ledger) AS charged,
        (SELECT coalesce(sum(upstream_micros), 0) FROM ledger) AS upstream
    """
    (rows,) = await driver.run([Statement(query)])
    row = rows[0]
    return (
        f"{row['jobs']} jobs, {row['entries']} entries, {show(int(row['charged']))} charged, "
        f"{show(int(row['upstream']))} spent on jobs that nobody paid for"
    )
