"""Books with every kind of row, and what may be false in them, one thing at a time."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from core.domain.lifecycle import HELD, DeliveryState, JobState, Late, Reason, State
from core.domain.models import Artifact
from core.domain.orders import Destination
from core.domain.people import Person
from core.domain.previews import Preview
from core.domain.quota import QuotaSource
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.postgres import PostgresDriver
from storage.previews import SqlPreviews
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.audio import PROBE
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.moves import stepped
from tests.storage.damage import UNGUARD
from tests.storage.jobs import HELD_PATH, brought_to
from tests.storage.parts import failed, fetched, running, three_parts

BALANCE = "every balance equals the ledger's sum"
HOLD = "a hold is what its entry says, and a void gives back no more than the hold took, credit first"
USAGE = "every day's usage equals the ledger's sum"
POOL = "every pool's usage equals the ledger's sum"
TOTAL = "every month's total equals the sum of ledger and previews"
PREVIEW = "a preview costs something unless it failed, in its month, and has what a try that far has"
OPEN = "a hold exists exactly while its job is unresolved"
ENDED = "every job has one hold entry, a charge if it has audio in time, and a void of what is not charged"
CHARGE = "a charge is what the parts cost that have audio"
GENERATIONS = "a job has its generations, a part of it one that may bring audio, and it is open while one may"
PARTS = "the parts of a job cost what it holds"
AGAIN = "a generation is submitted once, and what is tried again is a part of several that had failed"
SHAPE = "an entry has only what belongs to its kind"
ACCOUNT = "what becomes of a hold counts for the same account"
IDENTITY = "everybody in the ledger is an identity, and every identity has an account"
WHOSE = "an entry is of its job's member, and written when the job came there"
DAY = "a hold counts on the day of its order, and what becomes of it on the same"
PLATFORM = "a job is of the platform that its community and member are of"
PRICE = "characters times price is the cost"
UPSTREAM = "what the operator pays for a generation stands in the ledger: at once if its part is tried again"
COST = "a hold's entry is the job's cost"
CREDIT = "credit is what its act says"
REQUEST = "a request that was approved is its grant, and one that was decided has its act"
QUOTA = "a quota is what its act says"
NEGATIVE = "nobody's balance is negative"
DESTINATION = "a closed job keeps no destination, unless its audio may come late"
DELIVERY = "a job that is ready has deliveries, and knows its newest"
CLOSED = "a job is closed when its audio is sent, and not while that is on its way"
LATE = "audio comes late only to a job that had expired, and the operator pays for it"

DAY_MS = 86_400_000
ELSE = "'test:else'"
NOWHERE = 777
JOBS_ENTRY = "job_id IS NOT NULL"
RESOLUTION = "kind IN ('charge', 'void')"
GIVEN = "kind IN ('grant', 'revoke')"


SETTLED = "job_id NOT IN (SELECT job_id FROM jobs WHERE state IN ('open', 'asking'))"
"""What is lost of others stands in the ledger only where its part is tried again."""
OF_ONE = "job_id IN (SELECT job_id FROM jobs WHERE generations = 1)"
OF_SEVERAL = "job_id IN (SELECT job_id FROM jobs WHERE generations > 1)"
CHARGED = "job_id IN (SELECT job_id FROM ledger WHERE kind = 'charge')"


def words(states: frozenset[JobState]) -> str:
    return ", ".join(f"'{state}'" for state in states)


def other(column: str) -> str:
    return f"{column} = {NOWHERE if column in {'community_id', 'account_id'} else ELSE}"


FALSE = [
    *(("jobs", "TRUE", other(column), WHOSE) for column in ("community_id", "member")),
    ("jobs", "TRUE", "platform = 'other'", PLATFORM),
    ("jobs", "TRUE", "characters = characters + 1", PRICE),
    ("jobs", "TRUE", "price_micros = price_micros - 1000", PRICE),
    ("jobs", "TRUE", "cost_micros = cost_micros + 1", COST),
    ("jobs", "TRUE", "cost_micros = cost_micros - 1", PRICE),
    ("jobs", "TRUE", "created_ms = created_ms + 1", WHOSE),
    ("jobs", f"state NOT IN ({words(HELD)})", "resolved_ms = resolved_ms + 1", WHOSE),
    ("jobs", f"state NOT IN ({words(HELD)})", "resolved_ms = NULL", WHOSE),
    ("jobs", "TRUE", "generations = generations + 1", GENERATIONS),
    ("jobs", "state = 'open'", "state = 'asking'", GENERATIONS),
    ("jobs", "state = 'asking'", "state = 'open'", GENERATIONS),
    ("jobs", "state = 'asking'", "state = 'ready'", ENDED),
    ("jobs", f"state = 'ready' AND {OF_SEVERAL}", "state = 'asking'", OPEN),
    ("generations", "TRUE", other("job_id"), GENERATIONS),
    ("generations", "TRUE", "number = number + 10", GENERATIONS),
    ("generations", "number = part", "cost_micros = cost_micros + 1", PARTS),
    ("generations", "number = part", "characters = characters + 1", PARTS),
    ("generations", "number <> part", "cost_micros = cost_micros + 1", AGAIN),
    ("generations", "number <> part", "characters = characters + 1", AGAIN),
    ("generations", "number <> part", "part = part + 10", PARTS),
    ("generations", "number <> part", "part = part + 1", AGAIN),
    ("generations", f"state = 'fetched' AND {CHARGED}", "cost_micros = cost_micros - 1", CHARGE),
    ("generations", f"state = 'fetched' AND {CHARGED}", "state = 'failed'", CHARGE),
    ("generations", f"state = 'failed' AND {OF_SEVERAL} AND {CHARGED} AND number = part", "state = 'fetched'", CHARGE),
    *(("generations", f"{OF_ONE} AND state IN ('queued', 'submitting', 'unconfirmed', 'running')", f"state = '{end}'", GENERATIONS)
        for end in ("fetched", "failed", "late", "cancelled")),
    *(("generations", f"{OF_ONE} AND state IN ('failed', 'expired', 'cancelled')", f"state = '{state}'", GENERATIONS)
        for state in ("queued", "running")),
    ("generations", f"{OF_ONE} AND state IN ('failed', 'expired')", "state = 'fetched'", GENERATIONS),
    ("generations", "state = 'late'", "state = 'fetched'", GENERATIONS),
    ("generations", f"{OF_ONE} AND state = 'fetched'", "state = 'late'", GENERATIONS),
    ("generations", "TRUE", "upstream_micros = upstream_micros + 1", UPSTREAM),
    ("generations", f"upstream_micros > 0 AND {SETTLED}", "upstream_micros = upstream_micros - 1", UPSTREAM),
    ("generations", f"{OF_ONE} AND job_id IN (SELECT job_id FROM jobs WHERE late = 'came')", "upstream_micros = 0", LATE),
    ("generations", "TRUE", None, GENERATIONS),
    ("jobs", "state = 'ready' AND late = ''", "state = 'failed'", ENDED),
    ("jobs", "state <> 'ready' AND late = ''", "state = 'ready'", ENDED),
    ("jobs", f"state NOT IN ({words(HELD)})", "state = 'open'", OPEN),
    ("jobs", "closed_ms IS NULL", "closed_ms = 1", DESTINATION),
    ("jobs", "closed_ms IS NOT NULL AND late <> 'awaited'", "destination = '{\"data\": {\"token\": 1}}'", DESTINATION),
    ("jobs", "state = 'ready' AND late = ''", "late = 'came'", ENDED),
    ("jobs", "state = 'ready' AND late = 'came'", "late = ''", ENDED),
    ("jobs", "late = 'came'", "state = 'failed'", LATE),
    ("generations", "job_id IN (SELECT job_id FROM jobs WHERE late = 'awaited')", "state = 'late'", GENERATIONS),
    ("jobs", "late = 'awaited'", "state = 'failed'", LATE),
    ("jobs", "late = ''", "late = 'yes'", LATE),
    ("jobs", "late = '' AND state <> 'expired'", "late = 'awaited'", LATE),
    ("generations", "state = 'expired' AND job_id IN (SELECT job_id FROM jobs WHERE late = '')", "state = 'late'", LATE),
    ("jobs", "TRUE", None, WHOSE),
    *(("holds", "TRUE", other(column), HOLD) for column in ("community_id", "account_id", "job_id")),
    ("jobs", "TRUE", "deliveries = deliveries + 1", DELIVERY),
    ("deliveries", "TRUE", other("job_id"), DELIVERY),
    ("deliveries", "TRUE", "number = number + 1", DELIVERY),
    ("deliveries", "TRUE", None, DELIVERY),
    ("deliveries", "state = 'sent'", "state = 'pending'", CLOSED),
    ("deliveries", "state = 'pending'", "state = 'sent'", CLOSED),
    ("deliveries", "state = 'sent'", "destination = '{\"data\": {\"token\": 1}}'", DESTINATION),
    *(
        ("holds", "TRUE", f"{column} = {column} + 1", HOLD)
        for column in ("day_ms", "month_ms", "allowance_micros", "balance_micros")
    ),
    ("holds", "TRUE", None, OPEN),
    *(("ledger", JOBS_ENTRY, other(column), WHOSE) for column in ("community_id", "member")),
    ("ledger", "kind = 'hold'", "entry_id = 'else:hold'", WHOSE),
    ("ledger", f"{JOBS_ENTRY} AND kind <> 'hold'", other("account_id"), ACCOUNT),
    ("ledger", "kind = 'hold' AND balance_micros = 0", other("account_id"), USAGE),
    ("ledger", GIVEN + " OR balance_micros < 0", other("account_id"), BALANCE),
    ("ledger", "TRUE", other("member"), IDENTITY),
    ("identities", "TRUE", other("account_id"), IDENTITY),
    ("identities", "key IN (SELECT member FROM ledger)", other("key"), IDENTITY),
    ("identities", "key IN (SELECT member FROM ledger)", None, IDENTITY),
    ("accounts", "TRUE", other("account_id"), IDENTITY),
    ("accounts", "TRUE", None, IDENTITY),
    *(("ledger", GIVEN, other(column), CREDIT) for column in ("entry_id", "community_id", "member", "actor")),
    ("ledger", f"{JOBS_ENTRY} AND kind <> 'upstream'", f"entry_id = {ELSE}", SHAPE),
    ("ledger", "kind = 'upstream'", f"entry_id = {ELSE}", UPSTREAM),
    ("ledger", "kind = 'upstream'", "at_ms = at_ms - 1", UPSTREAM),
    ("ledger", "kind = 'void' AND allowance_micros < 0 AND balance_micros > 0", "balance_micros = balance_micros - 1", HOLD),
    ("ledger", "kind = 'void' AND balance_micros > 0", f"balance_micros = balance_micros + {10**6}", HOLD),
    ("ledger", "kind = 'void'", f"allowance_micros = allowance_micros - {10**6}", HOLD),
    ("ledger", f"kind = 'void' AND {CHARGED}", "allowance_micros = allowance_micros + 1", ENDED),
    ("ledger", JOBS_ENTRY, f"actor = {ELSE}", SHAPE),
    ("ledger", "kind <> 'upstream'", "kind = 'upstream'", SHAPE),
    ("ledger", "kind <> 'charge'", "kind = 'charge'", SHAPE),
    ("ledger", "kind <> 'grant'", "kind = 'grant'", SHAPE),
    ("ledger", "kind IN ('hold', 'charge', 'void')", "at_ms = at_ms - 1", WHOSE),
    ("ledger", GIVEN, "at_ms = at_ms - 1", CREDIT),
    *(("ledger", RESOLUTION, f"{column} = {column} + {DAY_MS}", DAY) for column in ("day_ms", "month_ms")),
    ("ledger", "kind = 'hold'", f"day_ms = day_ms - {DAY_MS}", DAY),
    ("ledger", "kind = 'hold'", f"month_ms = month_ms + {31 * DAY_MS}", DAY),
    *(("ledger", GIVEN + " OR kind = 'upstream'", f"{column} = 0", SHAPE) for column in ("day_ms", "month_ms")),
    ("ledger", "kind IN ('hold', 'void')", "allowance_micros = allowance_micros + 1", USAGE),
    ("ledger", "kind IN ('charge', 'upstream') OR " + GIVEN, "allowance_micros = 1", SHAPE),
    ("ledger", "TRUE", "balance_micros = balance_micros + 1", BALANCE),
    ("ledger", GIVEN, "balance_micros = balance_micros + 1", CREDIT),
    ("ledger", "kind = 'charge'", f"product = {ELSE}", WHOSE),
    ("ledger", "kind = 'charge'", "charged_micros = charged_micros - 1", CHARGE),
    ("ledger", "kind <> 'charge'", "charged_micros = 1", SHAPE),
    ("ledger", "kind = 'upstream'", "upstream_micros = upstream_micros + 1", UPSTREAM),
    ("ledger", "kind <> 'upstream'", "upstream_micros = 1", SHAPE),
    ("ledger", "credit_request_id IS NOT NULL", "credit_request_id = 'r9'", REQUEST),
    ("ledger", "credit_request_id IS NOT NULL", "credit_request_id = NULL", REQUEST),
    ("ledger", "kind = 'grant' AND credit_request_id IS NULL", "credit_request_id = 'r9'", REQUEST),
    ("ledger", "kind IN ('hold', 'charge', 'void')", None, ENDED),
    ("ledger", "kind = 'upstream'", None, UPSTREAM),
    ("ledger", "kind IN ('grant', 'revoke')", None, CREDIT),
    *(("audit", "act IN ('grant', 'revoke', 'approve')", other(column), CREDIT) for column in (
        "audit_id", "community_id", "actor", "target", "before_value", "after_value", "outcome",
    )),
    ("audit", "act IN ('grant', 'revoke', 'approve')", "at_ms = at_ms + 1", CREDIT),
    ("audit", "act = 'decline'", "at_ms = at_ms + 1", REQUEST),
    ("audit", "act LIKE 'quota%'", "at_ms = at_ms + 1", QUOTA),
    ("audit", "act LIKE 'quota%'", None, QUOTA),
    ("audit", "act IN ('grant', 'revoke', 'approve')", None, CREDIT),
    ("audit", "act = 'decline'", None, REQUEST),
    *(("credit_requests", "state = 'approved'", other(column), REQUEST) for column in (
        "credit_request_id", "community_id", "member", "decided_by",
    )),
    *(("credit_requests", "state = 'approved'", f"{column} = {column} + 1", REQUEST) for column in ("amount_micros", "decided_ms")),
    *(("credit_requests", "state = 'declined'", other(column), REQUEST) for column in ("community_id", "member", "decided_by")),
    ("credit_requests", "state <> 'approved'", "state = 'approved'", REQUEST),
    ("credit_requests", "state = 'approved'", "state = 'open'", REQUEST),
    ("credit_requests", "state = 'approved'", None, REQUEST),
    *(("quotas", "TRUE", other(column), QUOTA) for column in ("community_id", "subject", "set_by")),
    ("quotas", "TRUE", "limit_micros = coalesce(limit_micros, 0) + 1", QUOTA),
    ("quotas", "limit_micros IS NOT NULL", "limit_micros = NULL", QUOTA),
    ("quotas", "TRUE", "period = 'week'", QUOTA),
    ("quotas", "TRUE", "set_ms = set_ms + 1", QUOTA),
    *(("balances", "balance_micros > 0", other(column), BALANCE) for column in ("community_id", "account_id")),
    ("balances", "TRUE", "balance_micros = balance_micros + 1", BALANCE),
    ("balances", "balance_micros > 0", None, BALANCE),
    *(("usage", "used_micros > 0", other(column), USAGE) for column in ("community_id", "account_id")),
    *(("usage", "used_micros > 0", f"{column} = {column} + 1", USAGE) for column in ("day_ms", "used_micros")),
    ("usage", "used_micros > 0", None, USAGE),
    ("pool_usage", "TRUE", other("community_id"), POOL),
    *(("pool_usage", "TRUE", f"{column} = {column} + 1", POOL) for column in ("month_ms", "used_micros")),
    ("pool_usage", "TRUE", None, POOL),
    *(("total_usage", "TRUE", f"{column} = {column} + 1", TOTAL) for column in ("month_ms", "used_micros")),
    ("total_usage", "TRUE", None, TOTAL),
    ("previews", "state <> 'failed'", "state = 'failed'", PREVIEW),
    ("previews", "state = 'failed'", "state = 'kept'", PREVIEW),
    ("previews", "state = 'kept'", "state = 'submitting'", PREVIEW),
    ("previews", "state = 'submitting'", "state = 'running'", PREVIEW),
    ("previews", "cost_micros > 0", "cost_micros = cost_micros - 1", TOTAL),
    ("previews", "state <> 'failed'", "cost_micros = 0", PREVIEW),
    ("previews", "cost_micros > 0", "month_ms = month_ms + 1", TOTAL),
    ("previews", "TRUE", f"month_ms = month_ms + {31 * DAY_MS}", PREVIEW),
    ("previews", "TRUE", f"tried_ms = tried_ms + {31 * DAY_MS}", PREVIEW),
    ("previews", "TRUE", f"tried_ms = tried_ms - {31 * DAY_MS}", PREVIEW),
    ("previews", "state IN ('running', 'kept')", "request_id = NULL", PREVIEW),
    ("previews", "state = 'kept'", "artifact = NULL", PREVIEW),
    ("previews", "state = 'failed'", "reason = NULL", PREVIEW),
    ("previews", "cost_micros > 0", None, TOTAL),
]  # fmt: skip
"""A table, which of its rows, what is made of one of them (None: it is deleted), and the rule that must say so."""

NO_MONEY = {
    "jobs": "job_id event_id member_name direct product parameters channel roles updated_ms kept worker_id shown locale digest restored",
    "generations": "parameters pause_ms callback_token attempts request_id submitted_ms deadline_ms reason detail "
    "artifacts updated_ms",
    "accounts": "opened_for",
    "deliveries": "attempts reason detail created_ms updated_ms kept event_id asker",
    "ledger": "reason job_id",  # which follows from entry_id and kind
    "audit": "act",
    "previews": "preview_id voice language",
    "quotas": "kind",
    "credit_requests": "name asked_ms",
}
"""What is not in the books twice: how a job goes, how somebody is called, and what was ordered."""


async def books(driver: Driver, clock: SetClock, store: SqlStore) -> None:
    """Fill the books with each kind of row."""
    admin = SqlAdminStore(driver, clock, store)
    ann = Person(member="test:ann", name="Ann")
    clock.forward(days=40)
    await admin.credit(act("grant"), ann, 5000, "")
    await admin.credit(act("revoke"), ann, -700, "")
    for request, approve in (("r1", True), ("r2", False), ("r3", None)):
        asks = caller(request)
        await store.ask(request, asks, 900)
        if approve is not None:
            await admin.decide(act("approve" if approve else "decline", request), request, approve=approve)
    await admin.set_quota(act("quota set", "test:bob"), QuotaSource.MEMBER, day(9000))
    await admin.set_quota(act("quota set"), QuotaSource.COMMUNITY, day(None))
    await admin.credit(act("grant"), Person(member="test:kim", name="Kim"), 50_000, "")
    await admin.set_quota(act("quota set", "test:kim"), QuotaSource.MEMBER, day(3000))
    clock.forward(ms=1000)
    for state in HELD_PATH:
        await brought_to(store, state)
    for end in (State.EXPIRED, State.FAILED):
        await store.move(await brought_to(store, State.RUNNING), 1, end, upstream_micros=1400)
    for audio in (State.LATE, DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT):
        late = await brought_to(store, State.RUNNING)
        late = await store.move(late, 1, State.EXPIRED, late=Late.AWAITED, upstream_micros=late.cost_micros)
        await store.close_job(late, destination=Destination("test", {"chat": 1}))
        for step in (State.LATE, DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.SENT):
            late = await stepped(store, late, step)
            if step is audio:
                break
    awaited = await store.move(await brought_to(store, State.UNCONFIRMED), 1, State.EXPIRED, late=Late.AWAITED)
    await store.close_job(awaited, destination=Destination("test", {"chat": 1}))
    cancelled = await store.move(await brought_to(store, State.QUEUED), 1, State.CANCELLED)
    await store.close_job(cancelled)
    await parts_in_each_state(store)
    drawn = order(caller("ann"), destination=Destination("test", {"token": "t"}))
    await store.admit(admission(drawn, quota=day(0)))
    await previews_in_each_state(SqlPreviews(driver, clock, 10**6))


async def parts_in_each_state(store: SqlStore) -> None:
    """Some parts without audio: it is asked, or answered either way; and one that is tried again, to each end."""
    for take in (True, None, False):
        job = await fetched(store, await running(store, await three_parts(store, who="kim")), 1)
        job = await failed(store, await failed(store, job, 2), 3)
        if take is not None:
            await store.choose(job, take=take)
    for end in (None, State.FAILED, State.FETCHED):
        job = await running(store, await three_parts(store))
        job = await fetched(store, await failed(store, job, 2, f"again-{end}"), 1, 3)
        if end:
            job = await running(store, job, 4)
            await (fetched(store, job, 4) if end is State.FETCHED else failed(store, job, 4))


async def previews_in_each_state(previews: SqlPreviews) -> None:
    for voice in ("Aria", "Roger", "Sarah", "Laura"):
        preview = await previews.begin(voice, voice, "en", 2000)
        assert isinstance(preview, Preview)
        if voice != "Aria":
            preview = await previews.note(preview, voice)
        if voice == "Sarah":
            await previews.keep(preview, Artifact(path="0", probe=PROBE, size_bytes=9))
        if voice == "Laura":
            await previews.fail(preview, Reason.GATEWAY_ERROR, spent=False)


@asynccontextmanager
async def falsified(driver: Driver) -> AsyncIterator[Callable[[str, str], Awaitable[Any]]]:
    """Give what runs a statement and then a query, and undoes the statement."""
    if isinstance(driver, SqliteDriver):
        connection = sqlite3.connect(driver._path, isolation_level=None)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for unguard in UNGUARD[driver.dialect]:
            connection.execute(unguard)

        async def on_sqlite(statement: str, query: str) -> Any:
            connection.execute("BEGIN")
            assert connection.execute(statement).rowcount == 1, statement
            found = connection.execute(query).fetchall()
            connection.execute("ROLLBACK")
            return found

        yield on_sqlite
        connection.close()
        return
    assert isinstance(driver, PostgresDriver)
    there = await asyncpg.connect(driver._url)
    await there.execute("SET session_replication_role = replica")  # past the triggers

    async def on_postgres(statement: str, query: str) -> Any:
        change = there.transaction()
        await change.start()
        assert (await there.execute(statement)).endswith(" 1"), statement
        found = await there.fetch(query)
        await change.rollback()
        return found

    yield on_postgres
    await there.close()


def itself(row: Any) -> str:
    """Say which row it is, by all that is in it."""
    values = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a sqlite3.Row
    return " AND ".join(f"{name} = {literal(value)}" for name, value in values.items() if value is not None)


def first_of_each(rows: list[Any]) -> list[Any]:
    """Leave one row of each state or kind."""
    return list({tuple(row[n] for n in row.keys() if n in {"state", "kind"}): row for row in rows}.values())  # noqa: SIM118


def literal(value: Any) -> str:
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else str(value)
