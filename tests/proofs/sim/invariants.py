"""What must hold after every step: queries that return no row, and comparisons with what the worlds know."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.models import Artifact
from core.domain.quota import Period, window
from storage.books_sql import CHECKS
from storage.jobs_sql import DELIVERED_BY
from tests.proofs.doubts import MADE, Made, doubts
from tests.proofs.sim.gateway import MARK, played
from tests.proofs.sim.incarnation import ALLOWANCE, TOTAL
from tests.schema import is_current

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

EXTRA = {
    "one job per platform event": "SELECT event_id FROM jobs GROUP BY event_id HAVING count(*) > 1",
    "one request per generation, one generation per request": """
        SELECT request_id FROM generations WHERE request_id IS NOT NULL GROUP BY request_id HAVING count(*) > 1
    """,
    "no account is shared": "SELECT job_id FROM jobs WHERE member = 'telegram:1087968824'",
    "only admins administer": "SELECT entry_id FROM ledger_notes WHERE note LIKE '%forbidden%'",
    "a month costs no more than the total pool": f"SELECT month_ms FROM total_usage WHERE used_micros > {TOTAL}",
    "no job is given up for what was foreseen": """
        SELECT job_id FROM generations WHERE reason = 'internal'
        UNION ALL SELECT job_id FROM deliveries WHERE reason = 'internal'
    """,
    "a running generation has a request": """
        SELECT job_id FROM generations WHERE state IN ('running', 'fetched') AND request_id IS NULL
    """,
}
JOBS = f"""
SELECT jobs.*, coalesce(deliveries.state, jobs.state) AS stage, deliveries.reason AS delivery_reason FROM jobs
{DELIVERED_BY}
"""
UNCERTAIN = """
SELECT jobs.event_id FROM jobs JOIN deliveries ON deliveries.job_id = jobs.job_id
WHERE deliveries.reason = 'delivery_uncertain'
"""
RULES = {**CHECKS, **EXTRA}
ANY = f"SELECT {' OR '.join(f'EXISTS ({query})' for query in RULES.values())}"
"""One statement takes the file's locks once."""


def check_rows(history: "History", connection: sqlite3.Connection) -> None:
    """Run every query on what was just committed."""
    if not is_current(connection):
        return
    if not connection.execute(ANY).fetchone()[0]:
        return
    for rule, query in RULES.items():
        row = connection.execute(query).fetchone()
        if row is not None:
            history.breach(rule, str(tuple(row)))


def check_admissions(history: "History", connection: sqlite3.Connection) -> None:
    """Compare what was just admitted with what was allowed at that moment."""
    rows = connection.execute(
        "SELECT ledger.rowid AS number, ledger.*, jobs.parameters, jobs.event_id FROM ledger "
        "JOIN jobs ON jobs.job_id = ledger.job_id WHERE ledger.kind = 'hold' AND ledger.rowid > ?",
        (history.last_entry,),
    ).fetchall()
    for row in rows:
        history.last_entry = row["number"]
        parameters = json.loads(row["parameters"])
        order = int(MARK.findall(parameters.get("text") or parameters["prompt"])[0][0])
        history.admitted(order, row["event_id"], row["job_id"])
        _check_quota(history, connection, row)


def _check_quota(history: "History", connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    where = (row["community_id"], row["member"])
    changed = "SELECT 1 FROM audit WHERE community_id = ? AND at_ms >= ? AND (act LIKE 'quota%' OR act = 'block')"
    if connection.execute(changed, (row["community_id"], row["at_ms"])).fetchone():
        return  # by somebody after it, in the same commit: what was allowed before can't be seen any more
    blocked = connection.execute(
        "SELECT 1 FROM blocks WHERE community_id = ? AND member = ? AND (until_ms IS NULL OR until_ms > ?)",
        (*where, row["at_ms"]),
    ).fetchone()
    if blocked:
        history.breach("admission was within what was allowed", f"{where[1]} is blocked")
    quota = connection.execute(
        "SELECT limit_micros, period FROM quotas WHERE community_id = ? AND (kind = 'member' AND subject = ? "
        "OR kind = 'community') ORDER BY kind DESC",
        where,
    ).fetchone()
    limit, period = (quota[0], Period(quota[1])) if quota else (ALLOWANCE.limit_micros, ALLOWANCE.period)
    if limit is None or not row["allowance_micros"]:
        return
    used = connection.execute(
        "SELECT sum(allowance_micros) FROM ledger WHERE community_id = ? AND account_id = ? AND day_ms >= ? AND day_ms < ?",
        (row["community_id"], row["account_id"], *window(period, row["day_ms"])),
    ).fetchone()[0]
    if used > limit:
        history.breach("admission was within what was allowed", f"{where[1]} used {used} of {limit}")


def check_reopened(history: "History", connection: sqlite3.Connection) -> None:
    """See that audio is sent again only for whoever ordered it. A job keeps the reason why it was not delivered."""
    reopened = """
        SELECT jobs.event_id FROM jobs JOIN deliveries ON deliveries.job_id = jobs.job_id
        WHERE deliveries.state = 'pending' AND deliveries.reason IS NOT NULL
    """
    for (event,) in connection.execute(reopened):
        order = history.order_of(event)
        if not (history.pressed[order] or history.filed[order]):
            history.breach("only whoever ordered has it sent again", event)


def check_end(history: "History", connection: sqlite3.Connection) -> None:
    """Compare the books with the worlds when everything has come to rest."""
    check_rows(history, connection)
    jobs = {history.order_of(row["event_id"]): row for row in connection.execute(JOBS)}
    forgetting = history.restores.forgetting
    for order in history.gateway.answered_with.keys() - jobs.keys() - forgetting.forgotten:
        history.breach("what was accepted survives", f"the gateway knows order {order}, the books don't")
    for order, job in jobs.items():
        made = connection.execute("SELECT * FROM generations WHERE job_id = ? ORDER BY part, number", (job["job_id"],))
        rows = made.fetchall()
        _check_job(history, order, job, rows)
        _check_money(history, connection, order, job, rows)
    for order in history.acknowledged - jobs.keys():
        history.breach("what was acknowledged survives", f"order {order}")
    if history.takes_all:
        _check_taken(history, jobs.keys() | history.told | forgetting.forgotten)
    if history.incarnation.places_taken:
        history.breach("every place is given back", f"{history.incarnation.places_taken} are taken when all is at rest")
    generations = [Made(**dict(row)) for row in connection.execute(MADE)]
    accepted = history.gateway.generations.keys() - forgetting.requests
    history.doubts = doubts(generations, history.gateway.seen, accepted, len(history.ambiguous))
    for text in _texts(connection):
        if "canary" in text:
            history.breach("no secret in any log, reply or row", text[:200])


def _check_taken(history: "History", known: AbstractSet[int]) -> None:
    """See that what Telegram may forget has become a job, where nothing could refuse it: a member's only order."""
    orders = Counter(history.people.ordered_by.values())
    for message in history.telegram.forgotten:
        order = history.telegram.orders.get((message["chat"]["id"], message["message_id"]))
        if order is not None and order not in known and orders[history.people.ordered_by[order]] == 1:
            history.breach("what Telegram may forget is in the books", f"order {order}")


def _check_job(history: "History", order: int, job: sqlite3.Row, made: Sequence[sqlite3.Row]) -> None:
    if job["stage"] == "sent":
        if order not in history.heard_on_discord | set(history.telegram.heard) | history.gateway.misled:
            history.breach("what is called delivered was heard", f"order {order}")
        took = tuple(history.gateway.generations[row["request_id"]].part for row in made if row["state"] == "fetched")
        if order not in history.gateway.misled and history.parts_heard.get(order) != took:
            history.breach("all that was taken is heard in its order", f"order {order}: {took}")
        return
    withdrawn = [row for row in made if row["reason"] == "withdrawn"]
    if withdrawn and (order not in history.taken_back or any(row["request_id"] for row in withdrawn)):
        history.breach("only what waits is taken back, and only by whoever ordered it", f"order {order}")
    if len(withdrawn) == len(made) and order in history.gateway.answered_with:
        history.breach("only what waits is taken back, and only by whoever ordered it", f"order {order}")
    reasons = {job["delivery_reason"], *(row["reason"] for row in made if row["state"] == "cancelled")}
    history.restores.forgetting.check_told(order, reasons)
    if history.open_chats and order not in history.told:
        history.breach("whoever ordered is told how it ended", f"order {order} is {job['stage']}")
    if job["job_id"] in history.asked_last:
        history.breach("kept audio comes when it is asked for", f"order {order} is {job['stage']}")
    if job["stage"] == "undeliverable":
        for row in made:
            _check_kept(history, order, row)


def _check_money(
    history: "History", connection: sqlite3.Connection, order: int, job: sqlite3.Row, rows: Sequence[sqlite3.Row]
) -> None:
    """Compare what a job cost with the requests that it followed: its own, unless the gateway named it another's.

    Then only that audio is known to exist; what it cost was agreed on with somebody else.
    """
    gateway = history.gateway
    own = [made for made in gateway.generations.values() if made.order == order]
    named = {row["request_id"] for row in rows}
    if order in history.restores.forgetting.old:  # of which no books know that a part was tried again
        own = [made for made in own if made.is_first or made.request_id in named]
    followed = [gateway.generations.get(row["request_id"]) for row in rows if row["request_id"]]
    for made in followed:
        if made is None or (made not in own and order not in gateway.misled):
            history.breach("the gateway knows every request", f"order {order}: {made}")
    done = [made for made in followed if made and made.done]
    billed_micros = sum(made.billed_micros for made in own)
    charged, upstream = connection.execute(
        "SELECT sum(charged_micros), sum(upstream_micros) FROM ledger WHERE job_id = ?", (job["job_id"],)
    ).fetchone()
    if job["late"] == "came" and not (done and all(made.callback for made in done)):
        history.breach("audio comes late only where it exists and was called for", f"order {order}")
    fetched = [row for row in rows if row["state"] == "fetched"]
    if charged and len(done) < len(fetched):
        history.breach("a charge is for audio that exists", f"order {order}")
    is_misled = order in gateway.misled | history.restores.forgetting.pardoned
    if not is_misled and charged + upstream < billed_micros:
        history.breach(
            "charges and named losses cover what the gateway bills",
            f"order {order} ({job['stage']}): {charged} + {upstream} < {billed_micros}",
        )


def _check_kept(history: "History", order: int, made: sqlite3.Row) -> None:
    for written in json.loads(made["artifacts"]):
        path = Path(Artifact.from_json(written).path)
        if not path.exists() or played(path.read_bytes()) is None:
            history.breach("what is kept can be sent again", f"order {order}: {path.name}")


def _texts(connection: sqlite3.Connection) -> list[str]:
    hidden = {"callback_token"}
    found: list[str] = []
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in connection.execute(f"SELECT * FROM {table}"):
            found += [
                value
                for name, value in zip(row.keys(), row, strict=True)
                if isinstance(value, str) and name not in hidden
            ]
    return found
