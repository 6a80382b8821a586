"""A database from before communities were approved: a start approves those that it knows, and only those."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.domain.communities import Approval, Communities
from core.domain.quota import Period, window
from storage import migrate
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, order

BEFORE = 7
EVERY = {"set_by": "", "set_ms": 0}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "members": {"member": "test:ann", "name": "Ann", "seen_ms": 0},
    "pools": {"limit_micros": 1_000_000},
    "quotas": {"kind": "community", "subject": "", "limit_micros": None, "period": "day", **EVERY},
    "limits": {"cooldown_s": 0, **EVERY},
    "blocks": {"member": "test:eve", "until_ms": None, **EVERY},
    "ledger": {"entry_id": "e", "at_ms": 0, "member": "test:ann", "kind": "grant"},
    "usage": {"member": "test:ann", "day_ms": 0, "used_micros": 1},
    "pool_usage": {"month_ms": 0, "used_micros": 1},
    "audit": {"audit_id": "a", "at_ms": 0, "actor": "test:boss", "actor_name": "Boss", "act": "quota clear",
              "target": "", "before_value": "", "after_value": "", "outcome": "applied"},
    "requests": {"request_id": "r", "member": "test:ann", "name": "Ann", "amount_micros": 1, "asked_ms": 0,
                 "state": "open"},
    "offers": {"offer_id": "o", "event_id": "o", "member": "test:ann", "placed": "{}", "cost_micros": 1,
               "expires_ms": 0},
}  # fmt: skip
"""One row each: a community is known by it alone, which has the name of the table."""
DIRECT = "test:dora"


def insert(table: str, **values: Any) -> Statement:
    return Statement(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(f':{n}' for n in values)})", values)


def job(number: int, state: str, community: str, *, member: str = "test:ann", direct: int = 0) -> Statement:
    return insert(
        "jobs", job_id=f"old{number}", event_id=f"old:{number}", platform="test", community=community, member=member,
        member_name="", direct=direct, product="speech", parameters='{"text": "Hello"}', characters=5, cost_micros=500,
        state=state, destination='{"platform": "test", "data": {}}', callback_token=f"old{number}", created_ms=0,
        updated_ms=0, closed_ms=0 if state in {"delivered", "failed"} else None,
    )  # fmt: skip


STATES = (
    "queued", "submitting", "unconfirmed", "running", "generated", "delivering", "delivered", "undeliverable",
    "rejected", "failed", "expired", "cancelled",
)  # fmt: skip
OLD_JOBS = [job(number, state, f"test:{state}") for number, state in enumerate(STATES)]


@pytest.fixture
async def old(driver: Driver, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A database that the release before wrote."""
    known = list(migrate.migrations(driver.dialect))
    await driver.open()
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda _: [m for m in known if m[0] <= BEFORE])
        assert await migrate.migrate(driver, 1) == BEFORE
    rows = [insert(table, community=f"test:{table}", **values) for table, values in ROWS.items()]
    direct = [
        insert("members", community=DIRECT, **{**ROWS["members"], "member": DIRECT}),
        insert("audit", community=DIRECT, **{**ROWS["audit"], "audit_id": "d"}),
        insert("audit", community=DIRECT, **{**ROWS["audit"], "audit_id": "e", "actor": DIRECT}),
        job(99, "queued", DIRECT, member=DIRECT, direct=1),
    ]
    await driver.run([*rows, *OLD_JOBS, *direct])
    await driver.close()
    return driver


async def started(driver: Driver, clock: SetClock) -> SqlStore:
    store = SqlStore(driver, clock, communities=Communities.ASK)
    await store.open()
    return store


async def refused(store: SqlStore, community: str, *, direct: bool = False) -> str | None:
    who = replace(caller("dora" if direct else "new"), community=community, direct=direct)
    return (await store.admit(admission(order(who)))).refused_by


async def test_orders_go_on_wherever_the_database_knew_the_community(old: Driver, clock: SetClock) -> None:
    store = await started(old, clock)
    known = [f"test:{name}" for name in (*ROWS, *STATES)]
    assert {name: await refused(store, name) for name in known} == dict.fromkeys(known)
    assert await refused(store, DIRECT, direct=True) is None
    assert await refused(store, "test:unknown") == "community"
    month_ms, _ = window(Period.MONTH, clock.now_ms())
    listed = await SqlAdminStore(old, clock, store).communities(month_ms, 100)
    states = {each.community: each.state for each in listed}
    assert states == dict.fromkeys(known, Approval.APPROVED) | {DIRECT: None, "test:unknown": None}
    assert {"old0", "old3", "old99"} <= {job.job_id for job in await store.unfinished()}


async def test_what_came_after_communities_were_approved_still_waits(
    old: Driver, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = list(migrate.migrations(old.dialect))
    await old.open()
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda _: [m for m in every if m[0] <= BEFORE + 2])
        await migrate.migrate(old, clock.now_ms())
    clock.forward(ms=1)
    later = {**ROWS["audit"], "audit_id": "later", "at_ms": clock.now_ms()}
    await old.run([insert("audit", community="test:unknown", **later)])
    seen = {"title": "A title", "added_by": "", "added_name": "", "asked_ms": clock.now_ms(), "decided_by": ""}
    # These were made to wait, or declined, by mistake.
    for name, state in (("new", "waiting"), ("audit", "waiting"), ("requests", "declined")):
        await old.run([insert("communities", community=f"test:{name}", state=state, **seen)])
    await old.close()
    store = await started(old, clock)
    assert await refused(store, "test:audit") is None
    assert [await refused(store, name) for name in ("test:unknown", "test:requests")] == ["community"] * 2
