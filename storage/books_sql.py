"""The rules of the books: each names what must hold, and its query returns a row for every breach."""

from collections.abc import Iterable, Mapping

from core.domain.lifecycle import ASKS, HELD, VOIDS, State
from storage.jobs_sql import DELIVERED_BY
from storage.money_sql import LOST

_HOME = """coalesce((
    SELECT coalesce(merged_into, community_id) FROM communities WHERE communities.community_id = {}.community_id
), 0)"""
"""The id of the community for which an entry counts now: its own may have gone into another. 0 is none."""
_LEDGER_HOME, _AUDIT_HOME = _HOME.format("ledger"), _HOME.format("audit")


def _words(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


CHECKS: Mapping[str, str] = {
    "every balance equals the ledger's sum": f"""
        SELECT community_id, account_id, sum(balance) AS difference_micros FROM (
            SELECT community_id, account_id, balance_micros AS balance FROM balances
            UNION ALL
            SELECT {_LEDGER_HOME}, account_id, -balance_micros FROM ledger
        ) AS both_sides GROUP BY community_id, account_id HAVING sum(balance) <> 0
    """,
    "a hold is what its entry says, and a void gives back no more than the hold took, credit first": f"""
        SELECT holds.job_id, holds.allowance_micros, holds.balance_micros FROM holds
        LEFT JOIN ledger ON ledger.job_id = holds.job_id AND ledger.kind = 'hold'
            AND ledger.allowance_micros = holds.allowance_micros AND ledger.balance_micros = -holds.balance_micros
            AND ledger.day_ms = holds.day_ms AND ledger.month_ms = holds.month_ms
            AND {_LEDGER_HOME} = holds.community_id AND ledger.account_id = holds.account_id
        WHERE ledger.job_id IS NULL
        UNION ALL
        SELECT void.job_id, void.allowance_micros, void.balance_micros FROM ledger AS void
        LEFT JOIN ledger AS held ON held.job_id = void.job_id AND held.kind = 'hold'
            AND held.day_ms = void.day_ms AND held.month_ms = void.month_ms
            AND void.allowance_micros BETWEEN -held.allowance_micros AND 0
            AND void.balance_micros BETWEEN 0 AND -held.balance_micros
            AND (void.allowance_micros = 0 OR void.balance_micros = -held.balance_micros)
        WHERE void.kind = 'void' AND held.job_id IS NULL
    """,
    "every day's usage equals the ledger's sum": f"""
        SELECT community_id, account_id, day_ms, sum(used) AS difference_micros FROM (
            SELECT community_id, account_id, day_ms, used_micros AS used FROM usage
            UNION ALL
            SELECT {_LEDGER_HOME}, account_id, day_ms, -allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND day_ms IS NOT NULL
        ) AS both_sides GROUP BY community_id, account_id, day_ms HAVING sum(used) <> 0
    """,
    "every pool's usage equals the ledger's sum": f"""
        SELECT community_id, month_ms, sum(used) AS difference_micros FROM (
            SELECT community_id, month_ms, used_micros AS used FROM pool_usage
            UNION ALL
            SELECT {_LEDGER_HOME}, month_ms, balance_micros - allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND month_ms IS NOT NULL
        ) AS both_sides GROUP BY community_id, month_ms HAVING sum(used) <> 0
    """,
    "every month's total equals the sum of ledger and previews": """
        SELECT month_ms, sum(used) AS difference_micros FROM (
            SELECT month_ms, used_micros AS used FROM total_usage
            UNION ALL
            SELECT month_ms, balance_micros - allowance_micros FROM ledger
            WHERE job_id IS NOT NULL AND month_ms IS NOT NULL
            UNION ALL
            SELECT held.month_ms, -lost.upstream_micros FROM ledger AS lost
            JOIN ledger AS held ON held.entry_id = lost.job_id || ':hold'
            WHERE lost.kind = 'upstream'
            UNION ALL
            SELECT month_ms, -cost_micros FROM previews
        ) AS both_sides GROUP BY month_ms HAVING sum(used) <> 0
    """,
    "a preview costs something unless it failed, in its month, and has what a try that far has": """
        SELECT preview_id, state, cost_micros FROM previews WHERE (cost_micros = 0 AND state <> 'failed')
        OR (request_id IS NULL AND state IN ('running', 'kept')) OR (request_id IS NOT NULL AND state = 'submitting')
        OR (artifact IS NULL AND state = 'kept') OR (artifact IS NOT NULL AND state IN ('submitting', 'running'))
        OR (state = 'failed') <> (reason IS NOT NULL)
        OR tried_ms < month_ms OR tried_ms >= month_ms + 2678400000
    """,
    "a hold exists exactly while its job is unresolved": f"""
        SELECT jobs.job_id, jobs.state, holds.job_id AS hold FROM jobs LEFT JOIN holds ON holds.job_id = jobs.job_id
        WHERE (jobs.state IN ({_words(HELD)})) <> (holds.job_id IS NOT NULL)
        UNION ALL
        SELECT holds.job_id, 'missing', holds.job_id FROM holds
        WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.job_id = holds.job_id)
    """,
    "every job has one hold entry, a charge if it has audio in time, and a void of what is not charged": f"""
        SELECT jobs.job_id, jobs.state, hold.entry_id AS hold, charge.entry_id AS charge, void.entry_id AS void
        FROM jobs
        LEFT JOIN ledger AS hold ON hold.entry_id = jobs.job_id || ':hold'
        LEFT JOIN ledger AS charge ON charge.entry_id = jobs.job_id || ':charge'
        LEFT JOIN ledger AS void ON void.entry_id = jobs.job_id || ':void'
        WHERE hold.entry_id IS NULL
        OR (charge.entry_id IS NOT NULL) <> (jobs.state = 'ready' AND jobs.late <> 'came')
        OR (void.entry_id IS NOT NULL AND jobs.state IN ({_words(HELD)}))
        OR (jobs.state NOT IN ({_words(HELD)}) AND jobs.cost_micros <> coalesce(charge.charged_micros, 0)
            + CASE WHEN void.entry_id IS NULL THEN 0 ELSE void.balance_micros - void.allowance_micros END)
        OR (void.entry_id IS NULL AND (jobs.state IN ({_words(VOIDS)}) OR jobs.late = 'came'))
    """,
    "a charge is what the parts cost that have audio": """
        SELECT ledger.entry_id, ledger.charged_micros, jobs.cost_micros
        FROM ledger LEFT JOIN jobs ON jobs.job_id = ledger.job_id
        WHERE ledger.kind = 'charge' AND (jobs.job_id IS NULL OR ledger.charged_micros > jobs.cost_micros
            OR ledger.charged_micros <> (
                SELECT coalesce(sum(cost_micros), 0) FROM generations
                WHERE generations.job_id = jobs.job_id AND state = 'fetched'
            ))
    """,
    "a job has its generations, a part of it one that may bring audio, and it is open while one may": f"""
        SELECT jobs.job_id, jobs.state, made.generations FROM jobs
        LEFT JOIN (
            SELECT
                job_id, count(*) AS generations, max(number) AS newest, count(DISTINCT part) AS parts,
                sum(CASE WHEN state IN ({_words(ASKS - {State.LATE})}) THEN 1 ELSE 0 END) AS under_way,
                sum(CASE state WHEN 'late' THEN 1 ELSE 0 END) AS lates,
                sum(CASE state WHEN 'fetched' THEN 1 ELSE 0 END) AS fetched
            FROM generations GROUP BY job_id
        ) AS made ON made.job_id = jobs.job_id
        WHERE made.job_id IS NULL OR made.generations <> jobs.generations OR made.newest <> jobs.generations
        OR (jobs.state = 'open') <> (under_way > 0) OR fetched > parts
        OR (lates > 0 AND NOT (jobs.state = 'expired' AND jobs.late = 'came' AND jobs.generations = 1))
        OR (jobs.state IN ('ready', 'asking') AND fetched = 0) OR (jobs.state = 'asking' AND fetched = parts)
        OR (jobs.state IN ('failed', 'expired') AND fetched > 0)
        UNION ALL
        SELECT job_id, state, number FROM generations
        WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.job_id = generations.job_id)
    """,
    "the parts of a job cost what it holds": """
        SELECT jobs.job_id, jobs.cost_micros, jobs.characters FROM jobs
        JOIN (
            SELECT job_id, sum(cost_micros) AS cost_micros, sum(characters) AS characters FROM generations
            WHERE number = (
                SELECT min(number) FROM generations AS first
                WHERE first.job_id = generations.job_id AND first.part = generations.part
            ) GROUP BY job_id
        ) AS made ON made.job_id = jobs.job_id
        WHERE made.cost_micros <> jobs.cost_micros OR made.characters <> jobs.characters
    """,
    "a generation is submitted once, and what is tried again is a part of several that had failed": """
        SELECT later.job_id, later.number, earlier.state FROM generations AS later
        JOIN generations AS earlier ON earlier.job_id = later.job_id AND earlier.part = later.part
            AND earlier.number < later.number
        WHERE earlier.state <> 'failed' OR later.cost_micros <> earlier.cost_micros
            OR later.characters <> earlier.characters
        UNION ALL
        SELECT job_id, max(number), max(state) FROM generations GROUP BY job_id, part HAVING count(*) > 2
    """,
    "audio comes late only to a job that had expired, and the operator pays for it": """
        SELECT jobs.job_id, jobs.state, jobs.late, made.upstream_micros FROM jobs
        JOIN generations AS made ON made.job_id = jobs.job_id AND made.number = 1
        WHERE CASE jobs.late
            WHEN '' THEN made.state = 'late'
            WHEN 'awaited' THEN jobs.state <> 'expired' OR jobs.generations > 1
            ELSE jobs.late <> 'came' OR made.upstream_micros <> jobs.cost_micros OR jobs.generations > 1
                OR jobs.state NOT IN ('expired', 'ready')
        END
    """,
    "a job that is ready has deliveries, and knows its newest": f"""
        SELECT jobs.job_id, jobs.state, jobs.deliveries FROM jobs {DELIVERED_BY}
        WHERE (jobs.state = 'ready') <> (jobs.deliveries > 0)
        OR (jobs.deliveries > 0) <> (deliveries.job_id IS NOT NULL)
        UNION ALL
        SELECT deliveries.job_id, deliveries.state, deliveries.number FROM deliveries
        LEFT JOIN jobs ON jobs.job_id = deliveries.job_id
        WHERE jobs.job_id IS NULL OR deliveries.number NOT BETWEEN 1 AND jobs.deliveries
    """,
    "a job is closed when its audio is sent, and not while that is on its way": f"""
        SELECT jobs.job_id, deliveries.state, jobs.closed_ms FROM jobs {DELIVERED_BY}
        WHERE CASE deliveries.state
            WHEN 'sent' THEN closed_ms IS NULL WHEN 'undeliverable' THEN FALSE ELSE closed_ms IS NOT NULL
        END AND jobs.state = 'ready'
    """,
    "an entry has only what belongs to its kind": """
        SELECT entry_id, kind FROM ledger WHERE CASE
            WHEN kind IN ('grant', 'revoke') THEN
                job_id IS NOT NULL OR day_ms IS NOT NULL OR month_ms IS NOT NULL OR actor IS NULL
                OR allowance_micros <> 0 OR charged_micros <> 0 OR upstream_micros <> 0
                OR (kind = 'grant') <> (balance_micros > 0)
            ELSE
                job_id IS NULL OR actor IS NOT NULL
                OR (kind <> 'upstream' AND entry_id <> job_id || ':' || kind)
                OR (kind = 'upstream') <> (day_ms IS NULL) OR (kind = 'upstream') <> (month_ms IS NULL)
                OR (kind <> 'charge' AND charged_micros <> 0) OR (kind = 'upstream') <> (upstream_micros > 0)
                OR (kind IN ('charge', 'upstream') AND (allowance_micros <> 0 OR balance_micros <> 0))
        END
    """,
    "an entry is of its job's member, and written when the job came there": f"""
        SELECT ledger.entry_id, ledger.community_id, ledger.member, ledger.at_ms
        FROM ledger LEFT JOIN jobs ON jobs.job_id = ledger.job_id
        WHERE ledger.job_id IS NOT NULL AND (
            jobs.job_id IS NULL OR {_LEDGER_HOME} <> jobs.community_id OR ledger.member <> jobs.member
            OR ledger.product <> jobs.product
            OR (ledger.kind = 'hold' AND ledger.at_ms <> jobs.created_ms)
            OR (ledger.kind IN ('charge', 'void') AND (jobs.resolved_ms IS NULL OR ledger.at_ms <> jobs.resolved_ms))
        )
    """,
    "what becomes of a hold counts for the same account": """
        SELECT later.entry_id, later.account_id FROM ledger AS later
        LEFT JOIN ledger AS held ON held.entry_id = later.job_id || ':hold'
        WHERE later.job_id IS NOT NULL AND (held.entry_id IS NULL OR later.account_id <> held.account_id)
    """,
    "everybody in the ledger is an identity, and every identity has an account": """
        SELECT member FROM ledger WHERE member NOT IN (SELECT key FROM identities)
        UNION ALL
        SELECT key FROM identities WHERE account_id NOT IN (SELECT account_id FROM accounts)
    """,
    "a hold counts on the day of its order, and what becomes of it on the same": """
        SELECT later.entry_id, later.day_ms, later.month_ms FROM ledger AS later
        LEFT JOIN ledger AS held ON held.entry_id = later.job_id || ':hold'
        WHERE later.kind IN ('hold', 'charge', 'void') AND (
            held.entry_id IS NULL OR later.day_ms <> held.day_ms OR later.month_ms <> held.month_ms
            OR held.day_ms <> held.at_ms - held.at_ms % 86400000 OR held.month_ms > held.day_ms
            OR held.day_ms >= held.month_ms + 2678400000
        )
    """,
    "a job is of the platform that its community and member are of": """
        SELECT job_id, platform, key, member FROM jobs
        LEFT JOIN communities ON communities.community_id = jobs.community_id
        WHERE key IS NULL OR substr(key, 1, length(platform) + 1) <> platform || ':'
        OR substr(member, 1, length(platform) + 1) <> platform || ':'
    """,
    "characters times price is the cost": """
        SELECT job_id, characters, price_micros, cost_micros FROM jobs
        WHERE (characters * price_micros + 999) / 1000 <> cost_micros
    """,
    "what the operator pays for a generation stands in the ledger: at once if its part is tried again": f"""
        SELECT made.job_id, made.number, made.upstream_micros, ledger.upstream_micros AS entered, ledger.at_ms
        FROM generations AS made
        JOIN jobs ON jobs.job_id = made.job_id
        LEFT JOIN generations AS later ON later.job_id = made.job_id AND later.part = made.part
            AND later.number > made.number
        LEFT JOIN ledger ON ledger.kind = 'upstream' AND ledger.entry_id = {LOST}
        WHERE coalesce(ledger.upstream_micros, 0) <> CASE
            WHEN later.job_id IS NULL AND jobs.state IN ({_words(HELD)}) THEN 0 ELSE made.upstream_micros
        END
        OR ledger.at_ms <> CASE WHEN later.job_id IS NULL THEN jobs.resolved_ms ELSE made.updated_ms END
        OR made.upstream_micros > made.cost_micros
        OR (made.upstream_micros > 0 AND made.state IN ({_words(ASKS - {State.LATE})}))
        OR (made.upstream_micros > 0 AND made.state = 'fetched' AND jobs.state <> 'cancelled' AND jobs.late <> 'came')
        UNION ALL
        SELECT ledger.job_id, 0, 0, ledger.upstream_micros, ledger.at_ms FROM ledger
        WHERE ledger.kind = 'upstream' AND NOT EXISTS (
            SELECT 1 FROM generations AS made WHERE made.job_id = ledger.job_id AND ledger.entry_id = {LOST}
        )
    """,
    "credit is what its act says": """
        SELECT ledger.entry_id, ledger.balance_micros, audit.before_value, audit.after_value FROM ledger
        LEFT JOIN audit ON audit.audit_id = ledger.entry_id AND audit.outcome = 'applied'
            AND audit.community_id = ledger.community_id AND audit.target = ledger.member
            AND audit.actor = ledger.actor AND audit.at_ms = ledger.at_ms
        WHERE ledger.kind IN ('grant', 'revoke') AND CASE
            WHEN audit.audit_id IS NULL OR audit.before_value = '' OR audit.after_value = ''
                OR ltrim(audit.before_value || audit.after_value, '0123456789') <> ''
                OR length(audit.before_value) > 18 OR length(audit.after_value) > 18 THEN TRUE
            ELSE CAST(audit.after_value AS BIGINT) - CAST(audit.before_value AS BIGINT) <> ledger.balance_micros
        END
        UNION ALL
        SELECT audit.audit_id, 0, audit.before_value, audit.after_value FROM audit
        LEFT JOIN ledger ON ledger.entry_id = audit.audit_id AND ledger.kind IN ('grant', 'revoke')
        WHERE audit.act IN ('grant', 'revoke', 'approve') AND audit.outcome = 'applied' AND ledger.entry_id IS NULL
    """,
    "a request that was approved is its grant, and one that was decided has its act": f"""
        SELECT credit_request_id, member, amount_micros FROM (
            SELECT credit_request_id, community_id, member, amount_micros, decided_by, decided_ms, 1 AS side
            FROM credit_requests WHERE state = 'approved'
            UNION ALL
            SELECT ledger.credit_request_id, {_LEDGER_HOME}, ledger.member, ledger.balance_micros, ledger.actor,
                ledger.at_ms, -1
            FROM ledger JOIN audit ON audit.audit_id = ledger.entry_id
            WHERE ledger.credit_request_id IS NOT NULL OR (ledger.kind = 'grant' AND audit.act = 'approve')
        ) AS both_sides
        GROUP BY credit_request_id, community_id, member, amount_micros, decided_by, decided_ms HAVING sum(side) <> 0
        UNION ALL
        SELECT asked.credit_request_id, asked.state, asked.amount_micros FROM credit_requests AS asked
        WHERE CASE asked.state
            WHEN 'open' THEN asked.decided_by IS NOT NULL OR asked.decided_ms IS NOT NULL
            WHEN 'declined' THEN NOT EXISTS (
                SELECT 1 FROM audit WHERE {_AUDIT_HOME} = asked.community_id AND audit.at_ms = asked.decided_ms
                AND audit.actor = asked.decided_by AND audit.target = asked.member
                AND audit.outcome = 'applied'
            )
            ELSE FALSE
        END
    """,
    "a quota is what its act says": f"""
        SELECT community_id, kind, subject, limit_micros, set_by FROM quotas WHERE NOT EXISTS (
            SELECT 1 FROM audit WHERE {_AUDIT_HOME} = quotas.community_id AND audit.at_ms = quotas.set_ms
            AND audit.actor = quotas.set_by AND audit.target = quotas.subject AND audit.outcome = 'applied'
            AND audit.after_value
                = coalesce(CAST(quotas.limit_micros AS TEXT), 'unlimited') || ' ' || quotas.period
        )
    """,
    "a hold's entry is the job's cost": """
        SELECT ledger.entry_id FROM ledger LEFT JOIN jobs ON jobs.job_id = ledger.job_id
        WHERE ledger.kind = 'hold'
        AND (jobs.job_id IS NULL OR ledger.allowance_micros - ledger.balance_micros <> jobs.cost_micros)
    """,
    "nobody's balance is negative": "SELECT * FROM balances WHERE balance_micros < 0",
    "a closed job keeps no destination, unless its audio may come late": """
        SELECT job_id, state FROM jobs
        WHERE closed_ms IS NOT NULL AND late <> 'awaited' AND destination <> '' AND destination NOT LIKE '%"data": {}%'
        UNION ALL
        SELECT deliveries.job_id, deliveries.state FROM deliveries
        JOIN jobs ON jobs.job_id = deliveries.job_id AND closed_ms IS NOT NULL
        WHERE deliveries.destination <> '' AND deliveries.destination NOT LIKE '%"data": {}%'
    """,
}
