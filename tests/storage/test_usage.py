"""What a report says was charged is what the ledger says, entry by entry."""

import random
from collections import Counter

from core.domain.quota import Period, window
from core.domain.reports import Spent, Usage
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, order
from tests.moves import PENDING, stepped
from tests.storage.jobs import HELD_PATH

MEMBERS = 7


async def spend(store: SqlStore, clock: SetClock, rng: random.Random) -> None:
    """Order something, whatever comes of it."""
    who = caller(f"m{rng.randrange(MEMBERS)}", community=rng.choice(["band", "band", "old", "choir"]))
    placed = order(who, product=rng.choice(["speech", "music"]))
    job = (await store.admit(admission(placed, cost=100 * rng.randint(1, 5)))).job
    assert job is not None
    for step in HELD_PATH[PENDING][: rng.choice([0, 3, 3, 3])]:
        job = await stepped(store, job, step)
    if not rng.randrange(4):
        clock.forward(days=rng.choice([1, 1, 9]))


async def counted(driver: Driver, member: str, start_ms: int, end_ms: int, most: int) -> Usage:
    """Add up the ledger's charges one by one."""
    (rows,) = await driver.run(
        [Statement("SELECT * FROM ledger JOIN communities USING (community_id) WHERE kind = 'charge'")]
    )
    (jobs,) = await driver.run([Statement("SELECT job_id, product FROM jobs")])
    products = {row["job_id"]: row["product"] for row in jobs}
    by_day, by_product, by_member = Counter[int](), Counter[str](), Counter[str]()
    for row in rows:
        is_here = row["key"] == "test:band" or row["merged_into"] is not None
        if is_here and start_ms <= row["day_ms"] < end_ms and member in ("", row["member"]):
            for sums, key in (
                (by_day, row["day_ms"]),
                (by_product, products[row["job_id"]]),
                (by_member, row["member"]),
            ):
                sums[key] += row["charged_micros"]
    ranked = sorted(by_member.items(), key=lambda each: (-each[1], each[0]))[:most]
    top = tuple(Spent(key, key.removeprefix("test:").title(), micros) for key, micros in ranked)
    return Usage(
        start_ms=start_ms, end_ms=end_ms, by_day=by_day, by_product=by_product, members=len(by_member), top=top
    )


async def test_a_report_adds_up_to_the_ledger(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    """Over days, members, products, jobs that are not charged, and a community that went into this one."""
    rng = random.Random(20)  # noqa: S311 - a test
    for each in range(60):
        await spend(store, clock, rng)
        if each == 40:
            await store.move_community("test:old", "test:band")
    for member in ("", "test:m1"):
        for period in Period:
            bounds = window(period, clock.now_ms())
            assert await admin.usage("test:band", member, *bounds, 3) == await counted(driver, member, *bounds, 3)


async def test_nobody_was_charged_anything(admin: SqlAdminStore) -> None:
    usage = await admin.usage("test:band", "", 0, 1, 3)
    assert usage == Usage(start_ms=0, end_ms=1, by_day={}, by_product={}, members=0, top=())
