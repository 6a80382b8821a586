"""What members report, on both engines: counts, whose turn it is to tell the admins, and what those decide once."""

import asyncio
from random import Random

import pytest

from core.domain.errors import StaleJob
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.people import Person
from core.domain.reported import MOST_REPORTS, REPORTS_KEPT_MS, NotReported, Report, Reporter, ReportState, Why
from storage.admin_store import SqlAdminStore
from storage.driver import Driver, Statement
from storage.reported import CLAIM_MS
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, caller, day, order
from tests.storage.jobs import heard

CARD, FILE, NOTICE, AGAIN = (-100, 7), (-100, 8), (-100, 9), (-100, 10)
CROWD = 30


async def filed(store: SqlStore, job: Job, member: str = "bob") -> tuple[Report, bool]:
    return await store.file_report(caller(member), job.job_id, [CARD])


async def refused(store: SqlStore, job: Job, member: str = "bob") -> str:
    with pytest.raises(NotReported) as caught:
        await filed(store, job, member)
    return caught.value.why


async def rows(driver: Driver) -> list[int]:
    return [
        int(found["n"])
        for table in ("reported", "reports")
        for [found] in await driver.run([Statement(f"SELECT count(*) AS n FROM {table}")])
    ]


async def found(store: SqlStore, job: Job) -> Report:
    report = await store.report(job.job_id, job.community)
    assert report
    return report


async def test_one_tells_the_admins_and_each_member_counts_once(store: SqlStore, clock: SetClock) -> None:
    job = await heard(store)
    report, tells = await filed(store, job)
    assert (report.member, report.name, report.members, report.audio, tells) == ("test:ann", "Ann", 1, CARD, True)
    assert await filed(store, job) == (report, False)  # nobody was told yet
    report, tells = await store.file_report(caller("carl"), job.job_id, [CARD], why=Why.SPAM)
    assert (report.members, report.notice, tells) == (2, None, False)
    told = await store.note_notice(job.job_id, NOTICE)
    assert told
    assert await refused(store, job) == "before"
    assert (told.members, told.notice) == (2, NOTICE)
    assert await store.reporters(job.job_id, 9) == [
        Reporter(Person(member="test:bob", name="Bob"), None),
        Reporter(Person(member="test:carl", name="Carl"), Why.SPAM),
    ]
    assert await store.report(job.job_id, "test:choir") is None


async def test_who_was_to_tell_the_admins_and_did_not_is_followed_by_the_next(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    job = await heard(store)
    await filed(store, job)
    clock.forward(ms=CLAIM_MS - 1)
    assert not (await filed(store, job))[1]
    assert not await store.claim_notice(caller("bob"), job.job_id)
    clock.forward(ms=1)
    assert not await store.claim_notice(caller("carl"), job.job_id)  # who has not reported it
    assert (await filed(store, job))[1]  # by the same member
    await filed(store, job, "carl")
    await store.withdraw_report(caller(), job.job_id)  # who has not reported it
    await store.withdraw_report(caller("bob"), job.job_id)
    assert (await filed(store, job, "dora"))[1]
    await store.note_notice(job.job_id, NOTICE)
    assert not await store.forget_notice(job.job_id, CARD)
    assert await store.forget_notice(job.job_id, NOTICE)
    assert not (await filed(store, job, "emma"))[1]  # it is being told again
    for who in ("carl", "dora", "emma"):
        await store.withdraw_report(caller(who), job.job_id)
    assert await rows(driver) == [0, 0]


@pytest.mark.parametrize("seed", range(3))
async def test_reports_that_come_at_once_are_counted_and_told_once(store: SqlStore, seed: int) -> None:
    rng = Random(seed)  # noqa: S311
    jobs = [await heard(store, order(caller(), f"Text {n}")) for n in range(3)]
    reports = [(job, f"m{n}") for job in jobs for n in range(CROWD) for _ in range(rng.randint(1, 3))]
    rng.shuffle(reports)
    done = await asyncio.gather(*(filed(store, *each) for each in reports), return_exceptions=True)
    told = [result for result in done if isinstance(result, tuple)]
    assert len(told) == len(reports)  # those who press twice, too, since the admins see nothing yet
    assert sorted(report.job_id for report, tells in told if tells) == sorted(job.job_id for job in jobs)
    for job in jobs:
        assert {report.members for report, _ in told if report.job_id == job.job_id} == set(range(1, CROWD + 1))
        assert (await found(store, job)).members == CROWD


async def test_a_member_reports_so_much_a_day(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    jobs = [await heard(store, order(caller(), f"Text {n}")) for n in range(MOST_REPORTS + 1)]
    done = await asyncio.gather(*(filed(store, job) for job in jobs), return_exceptions=True)
    [(last, error)] = [(job, each) for job, each in zip(jobs, done, strict=True) if isinstance(each, Exception)]
    assert isinstance(error, NotReported)
    assert error.why == "most"
    assert await rows(driver) == [MOST_REPORTS, MOST_REPORTS]
    await filed(store, last, "carl")
    assert await refused(store, last) == "most"
    clock.forward(hours=24)
    await filed(store, last)


async def test_what_is_taken_away_is_offered_nowhere_and_stays_charged(
    store: SqlStore, admin: SqlAdminStore, driver: Driver
) -> None:
    job = await heard(store)
    await store.file_report(caller("bob"), job.job_id, [CARD, FILE])
    await filed(store, job, "carl")
    before = await store.standing(job.community, job.member, day(10**6))
    takes = (admin.take_away(act(), job.job_id, [CARD, AGAIN]) for _ in range(3))
    results = await asyncio.gather(*takes, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(isinstance(result, StaleJob) for result in results if result)
    report = await found(store, job)
    assert (report.state, report.decided_by) == (ReportState.LEFT, "Boss")
    assert await store.reported_messages(job.job_id) == sorted([CARD, FILE, AGAIN])
    assert (await found(store, job)).audio == CARD
    assert await store.history(job.member, None, 9) == []
    now = await store.job(job.job_id)
    assert now
    assert (now.artifacts, now.kept) == ((), None)
    with pytest.raises(StaleJob):
        await store.redeliver(now, Destination("test", {"to": "there"}))
    assert await store.standing(job.community, job.member, day(10**6)) == before
    assert await refused(store, job, "dora") == "deleted"
    await store.note_deleted(job.job_id)
    assert (await found(store, job)).state is ReportState.DELETED
    assert [entry.act for entry in await admin.audit(job.community, 9)] == ["test"]


async def test_what_is_just_being_sent_again_is_not_taken_away(store: SqlStore, admin: SqlAdminStore) -> None:
    job = await heard(store)
    await filed(store, job)
    again = await store.redeliver(job, Destination("test", {"to": "there"}))
    with pytest.raises(StaleJob):
        await admin.take_away(act(), job.job_id)
    assert (await found(store, job)).state is ReportState.OPEN
    assert await admin.audit(job.community, 9) == []
    await store.move_delivery(await store.move_delivery(again, DeliveryState.SENDING), DeliveryState.SENT)
    await admin.take_away(act(), job.job_id)


async def test_what_was_taken_away_while_somebody_pressed_send_again_stays_away(
    store: SqlStore, admin: SqlAdminStore
) -> None:
    again = await store.redeliver(await heard(store), Destination("test", {"to": "there"}))
    again = await store.move_delivery(again, DeliveryState.UNDELIVERABLE, reason=Reason.CHAT_REFUSED)
    read = await store.close_job(again)
    await filed(store, read)
    await admin.take_away(act(), read.job_id)
    with pytest.raises(StaleJob):
        await store.redeliver(read, Destination("test", {"to": "there"}))


async def test_a_dismissal_and_a_deletion_exclude_each_other(store: SqlStore, admin: SqlAdminStore) -> None:
    job = await heard(store)
    await filed(store, job)
    acts = (admin.take_away(act(), job.job_id), admin.dismiss(act(), job.job_id))
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleJob"]
    kept = bool(await store.history(job.member, None, 9))
    assert (await found(store, job)).state is (ReportState.DISMISSED if kept else ReportState.LEFT)
    with pytest.raises(StaleJob):
        await admin.dismiss(act(community="choir"), job.job_id)


async def test_a_member_is_blocked_once_and_no_block_gets_shorter(
    store: SqlStore, admin: SqlAdminStore, clock: SetClock
) -> None:
    job, until_ms = await heard(store), clock.ms + 1000
    await filed(store, job)
    report = await found(store, job)
    results = await asyncio.gather(
        *(admin.block_reported(act("block", job.member), report, until_ms) for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(result is None for result in results) == 1
    report = await found(store, job)
    assert (report.blocked_by, report.blocked_until_ms) == ("Boss", until_ms)
    assert (await store.standing(job.community, job.member, day(1))).blocked_until_ms == until_ms
    other = await heard(store, order(caller("carl")))
    await filed(store, other)
    await admin.block(act(), Person(member=other.member, name="Carl"), None)
    with pytest.raises(StaleJob):
        await admin.block_reported(act(), await found(store, other), until_ms)
    standing = await store.standing(other.community, other.member, day(1))
    assert (standing.blocked, standing.blocked_until_ms) == (True, None)
    assert (await found(store, other)).blocked_until_ms == 0


async def test_reports_go_along_to_a_community_s_new_key_and_are_forgotten_in_time(
    store: SqlStore, driver: Driver, clock: SetClock
) -> None:
    job = await heard(store)
    await heard(store, order(caller(community="choir")))
    await filed(store, job)
    await store.move_community(job.community, "test:choir")
    assert await store.report(job.job_id, "test:choir")
    clock.forward(ms=REPORTS_KEPT_MS - 1)
    await store.forget_reports()
    assert await rows(driver) == [1, 1]
    clock.forward(ms=1)
    await store.forget_reports()
    assert await rows(driver) == [0, 0]
