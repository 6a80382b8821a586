"""Orders, pools and figures of several accounts."""

from dataclasses import replace

from core.domain.lifecycle import Stage, State
from core.domain.models import Job
from core.domain.quota import Quota, QuotaSource
from storage.admin_store import SqlAdminStore
from storage.communities_sql import HERE, KNOW
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.makers import act, admission, caller, day, order
from tests.moves import PENDING, SENDING, UNDELIVERABLE, stepped

BAND, CHOIR = "test:band", "test:choir"
ANN, BOB = "test:ann", "test:bob"
RICH = day(10**9)
NOTHING = day(0)
TO_GENERATED = (State.SUBMITTING, State.RUNNING, PENDING)
TO_KEPT = (*TO_GENERATED, SENDING, UNDELIVERABLE)


async def placed(
    store: SqlStore, who: str = "ann", community: str = "band", *, cost: int = 1000, quota: Quota = RICH
) -> Job:
    job = (await store.admit(admission(order(caller(who, community=community)), cost=cost, quota=quota))).job
    assert job is not None
    return job


async def moved(store: SqlStore, job: Job, *path: Stage) -> Job:
    for step in path:
        job = await stepped(store, job, step)
    return job


async def pool(driver: Driver, community: str, micros: int) -> None:
    texts, args = (KNOW, f"INSERT INTO pools VALUES ({HERE}, :n)"), {"community": community, "n": micros}
    await driver.run([Statement(text, args) for text in texts])


async def set_quota(admin: SqlAdminStore, community: str, member: str | None, quota: Quota | None, by: str) -> None:
    who = replace(act(target=member or ""), community=community, actor=by)
    await admin.set_quota(who, QuotaSource.MEMBER if member else QuotaSource.COMMUNITY, quota)


async def figures(store: SqlStore, community: str, member: str, quota: Quota = RICH) -> tuple[int, int, int]:
    standing = await store.standing(community, member, quota)
    return standing.used_micros, standing.balance_micros, standing.held_micros


async def table(driver: Driver, text: str) -> list[tuple[object, ...]]:
    (rows,) = await driver.run([Statement(text)])
    return [tuple(row) for row in rows]
