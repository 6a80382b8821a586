"""What is done for one order must not grow with what the store holds: no statement may read a whole table."""

import re

import pytest

from storage import (
    admin_sql,
    communities_sql,
    credit_requests_sql,
    jobs_sql,
    members_sql,
    money_sql,
    overview,
    reported_sql,
    sessions,
    traces,
)
from storage.driver import Statement
from storage.sqlite import SqliteDriver
from storage.store import SqlStore

GROWING = (
    "jobs",
    "generations",
    "deliveries",
    "ledger",
    "members",
    "usage",
    "pool_usage",
    "holds",
    "audit",
    "credit_requests",
    "kept_orders",
    "reported",
    "reports",
    "quotas",
    "blocks",
    "limits",
)
ONCE_IN_A_WHILE = {"EXPORT_ALL", "COMMUNITIES", "MONTHS"}
"""Asked by operators."""
OF_POSTGRES = {"LOCK"}
TEXTS = {
    f"{module.__name__}.{name}": text
    for module in (
        admin_sql,
        communities_sql,
        credit_requests_sql,
        jobs_sql,
        members_sql,
        money_sql,
        overview,
        reported_sql,
        sessions,
        traces,
    )
    for name, text in vars(module).items()
    if isinstance(text, str)
    and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text)
    and name.isupper()
    and not name.startswith("_")
    if name not in ONCE_IN_A_WHILE | OF_POSTGRES
}


@pytest.fixture
def engine() -> str:
    """What this file is about."""
    return "sqlite"


@pytest.mark.parametrize("name", TEXTS)
async def test_no_table_is_read_whole(store: SqlStore, driver: SqliteDriver, name: str) -> None:
    text = TEXTS[name]
    args = dict.fromkeys(re.findall(r":(\w+)", text), 0)
    (rows,) = await driver.run([Statement(f"EXPLAIN QUERY PLAN {text}", args)])
    whole = [row["detail"] for row in rows if re.fullmatch(rf"SCAN ({'|'.join(GROWING)})", row["detail"])]
    assert whole == []


@pytest.mark.parametrize("name", ["storage.jobs_sql.SAME", "storage.money_sql.ADMIT_HOLD"])
async def test_what_is_said_everywhere_is_looked_for_in_one_community(
    store: SqlStore, driver: SqliteDriver, name: str
) -> None:
    text = TEXTS[name]
    args = dict.fromkeys(re.findall(r":(\w+)", text), 0)
    (rows,) = await driver.run([Statement(f"EXPLAIN QUERY PLAN {text}", args)])
    ways = [row["detail"] for row in rows if "jobs_same" in row["detail"]]
    assert ways == ["SEARCH jobs USING INDEX jobs_same (digest=? AND community_id=?)"]
