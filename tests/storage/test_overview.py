"""What the console lists, on both engines: page by page, each with a limit."""

from core.domain.communities import Communities
from core.domain.lifecycle import Reason
from core.domain.overview import OpenRequest
from core.domain.people import Person
from core.domain.quota import QuotaSource
from storage.admin_store import SqlAdminStore
from storage.driver import Driver
from storage.overview import SqlOverview
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order

SEEN = Person(member="test:ann", name="Ann")
HERE = "test:band"


async def test_the_communities_of_a_member_are_listed_page_by_page(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    overview, names = SqlOverview(driver, clock, store), [f"band{n}" for n in range(5)]
    for name in names:
        await store.see_community(f"test:{name}", name.title())
        await store.remember(f"test:{name}", SEEN, "ann")
    first = await overview.memberships("test:ann", "", 3)
    rest = await overview.memberships("test:ann", first[-1].community, 3)
    assert [each.title for each in (*first, *rest)] == [name.title() for name in names]
    assert await overview.memberships("test:bob", "", 3) == []


async def test_members_stand_beside_what_they_have_and_spent_this_month(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    overview = SqlOverview(driver, clock, store)
    await store.admit(admission(order(caller("ann")), cost=1400, quota=day(None)))
    for name in ("ann", "bob", "cleo"):
        await store.remember(HERE, Person(member=f"test:{name}", name=name.title()), f"{name}_sings")
    await admin.set_quota(act("quota set", "test:ann"), QuotaSource.MEMBER, day(5000))
    await admin.credit(act("grant", "test:bob"), Person(member="test:bob", name="Bob"), 700, "")
    await admin.block(act("block", "test:bob"), Person(member="test:bob", name="Bob"), clock.now_ms() + 1000)
    ann, bob = await overview.members(HERE, "", "", 2)
    (cleo,) = await overview.members(HERE, "", bob.member, 2)
    assert (ann.name, ann.handle, ann.quota, ann.used_micros, ann.balance_micros) == (
        "Ann", "ann_sings", day(5000), 1400, 0,
    )  # fmt: skip
    assert (bob.quota, bob.balance_micros, bob.blocked, bob.blocked_until_ms) == (
        None, 700, True, clock.now_ms() + 1000,
    )  # fmt: skip
    assert (cleo.name, cleo.blocked) == ("Cleo", False)
    clock.forward(days=40)
    ann, bob = await overview.members(HERE, "", "", 2)
    assert (ann.used_micros, bob.blocked) == (0, False)
    assert [each.name for each in await overview.members(HERE, "O%SI", "", 9)] == []
    assert [each.name for each in await overview.members(HERE, "B_Si", "", 9)] == ["Bob"]
    assert await overview.members("test:else", "", "", 9) == []


async def test_open_requests_are_listed_until_somebody_decides(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    overview = SqlOverview(driver, clock, store)
    for n, name in enumerate(("ann", "bob", "cleo")):
        assert await store.ask(f"wish{n}", caller(name), 1000 + n)
        clock.forward(ms=1)
    await admin.decide(act("approve"), "wish1", approve=True)
    first, second = await overview.open_requests(HERE, 9)
    assert (first.credit_request_id, second.credit_request_id) == ("wish0", "wish2")
    assert first == OpenRequest(
        credit_request_id="wish0", member="test:ann", name="Ann", amount_micros=1000, asked_ms=clock.now_ms() - 3
    )
    assert len(await overview.open_requests(HERE, 1)) == 1


async def test_operators_lists_go_on_where_a_page_ends(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    overview = SqlOverview(driver, clock, store)
    for n in range(3):
        await store.see_community(f"test:band{n}", f"Band {n}", "test:ann", "Ann")
        await store.admit(admission(order(caller("ann", community=f"band{n}")), cost=100, quota=day(None)))
    first = await overview.communities("", "", 2)
    rest = await overview.communities("", first[-1].community, 2)
    lines = [(each.title, each.added_name, each.used_micros, each.pool_micros) for each in (*first, *rest)]
    assert lines == [(f"Band {n}", "Ann", 100, None) for n in range(3)]
    assert [each.title for each in await overview.communities("BAND1", "", 9)] == ["Band 1"]
    assert await overview.communities("", "", 2, waiting=True) == []  # a setting lets them in
    asking = SqlStore(driver, clock, communities=Communities.ASK)
    assert len(await SqlOverview(driver, clock, asking).communities("", "", 2, waiting=True)) == 2
    oldest = await overview.jobs("", 2)
    (newest,) = await overview.jobs(oldest[-1].job_id, 2)
    assert [each.community for each in (*oldest, newest)] == [f"test:band{n}" for n in range(3)]
    assert (newest.stage, newest.cost_micros, newest.reason) == ("queued", 100, "")
    (month,) = await overview.months(6)
    assert (month.used_micros, month.upstream_micros) == (300, 300)
    job = await store.job(newest.job_id)
    assert job
    await store.cancel(job, Reason.WITHDRAWN)
    assert await overview.failures(9) == {"withdrawn": 1}
