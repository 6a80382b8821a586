"""Audio that members report: what an admin's act meets at the service."""

import asyncio
from collections.abc import Sequence

import pytest

from core.domain.models import Kept
from core.domain.orders import Destination
from core.domain.people import Asker
from core.domain.refusals import NotFound, NotPermitted
from core.domain.reported import BeingSent, BlockedBefore, Message, ReportDecided, ReportState
from core.engine import reported
from storage.reported import CLAIM_MS
from tests.core.engine.jobs import at_rest, current, ordered
from tests.core.people import BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller

AUDIO = (1, 2)
OFTEN = 60


def message_of(kept: Kept) -> Sequence[Message]:
    return [(1, kept.get("number", AUDIO[1] - 1) + 1)]


async def test_what_is_just_being_sent_again_is_deleted_a_moment_later(alive: Incarnation, rig: Rig) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    reports = alive.service.reports
    await reports.file(caller("bob"), job.job_id, [AUDIO])
    again = await alive.store.redeliver(await current(alive, job), Destination("test", {"to": "there"}))
    with pytest.raises(BeingSent):
        await reports.take_away(BOSS, job.job_id)
    alive.worker.accept(again)
    await at_rest(alive)
    assert rig.spooled(job)
    report, messages = await reports.take_away(BOSS, job.job_id)
    assert (report.state, messages, rig.spooled(job)) == (ReportState.LEFT, [AUDIO], [])
    assert (await reports.deleted(report)).state is ReportState.DELETED
    assert await alive.service.history(caller()) == []


@pytest.mark.parametrize("copies", [False, True])
async def test_what_was_sent_often_is_still_of_whoever_ordered_it(alive: Incarnation, rig: Rig, copies: bool) -> None:
    rig.chat.keeps, rig.chat.copies = True, copies
    job = await ordered(alive)
    await at_rest(alive)
    for _ in range(OFTEN):
        again = await alive.store.redeliver(await current(alive, job), Destination("test", {}), Asker.of(caller("bob")))
        alive.worker.accept(again)
        await at_rest(alive)
    reports = alive.service.reports
    report, _ = await reports.file(caller("carl"), job.job_id, [AUDIO], message_of)
    assert report.member == "test:ann"
    _, messages = await reports.take_away(BOSS, job.job_id, message_of)
    assert len(messages) == (OFTEN + 1 if copies else 1)


async def test_two_admins_at_once_do_one_thing(alive: Incarnation) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    reports = alive.service.reports
    await reports.file(caller("bob"), job.job_id, [AUDIO])
    second = caller("vice", is_admin=True)
    done = await asyncio.gather(
        reports.block(BOSS, job.job_id), reports.block(second, job.job_id), return_exceptions=True
    )
    [refused] = [each for each in done if isinstance(each, BlockedBefore)]
    assert refused.by in {"Boss", "Vice"}
    await reports.dismiss(second, job.job_id)
    for act in (reports.dismiss, reports.take_away, reports.block):
        with pytest.raises(ReportDecided) as caught:
            await act(BOSS, job.job_id)
        assert caught.value.report.decided_by == "Vice"
    noted = [(entry.act, entry.actor_name, entry.outcome) for entry in await alive.service.admin.audit(BOSS)]
    assert sorted((act, outcome) for act, _, outcome in noted) == [
        *[("block", "applied"), ("block", "refused"), ("block", "refused")],
        *[("delete", "refused"), ("dismiss", "applied"), ("dismiss", "refused")],
    ]


async def test_only_admins_of_the_same_community_act(alive: Incarnation) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    reports = alive.service.reports
    await reports.file(caller("bob"), job.job_id, [AUDIO])
    elsewhere = caller("boss", is_admin=True, community="choir")
    for act in (reports.take_away, reports.block, reports.dismiss, reports.reporters):
        with pytest.raises(NotPermitted, match="admin"):
            await act(caller("bob"), job.job_id)
        with pytest.raises(NotFound, match="report"):
            await act(elsewhere, job.job_id)
    with pytest.raises(NotFound, match="job"):
        await reports.file(caller("bob", community="choir"), job.job_id, [AUDIO])


async def test_who_follows_one_who_died_before_the_admins_were_told_tells_them_a_minute_later(
    alive: Incarnation, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reported, "NOTICE_S", 0.0)
    job = await ordered(alive)
    await at_rest(alive)
    await alive.store.file_report(caller("bob"), job.job_id, [AUDIO])
    for _ in range(2):  # nobody has seen it, so it may be reported again
        report, tells = await alive.service.reports.file(caller("carl"), job.job_id, [AUDIO])
        assert (report.members, report.notice, tells) == (2, None, False)
    rig.clock.forward(ms=CLAIM_MS)
    assert (await alive.service.reports.file(caller("carl"), job.job_id, [AUDIO]))[1]


@pytest.mark.parametrize("is_told", [True, False])
async def test_who_reports_beside_another_waits_for_what_comes_of_it(
    alive: Incarnation, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    monkeypatch.setattr(reported, "LOOK_S", 0.001)
    job = await ordered(alive)
    await at_rest(alive)
    reports, bob = alive.service.reports, caller("bob")
    report, _ = await reports.file(bob, job.job_id, [AUDIO])
    waiting = asyncio.create_task(reports.file(caller("carl"), job.job_id, [AUDIO]))
    while (await reports.now(report)).members < 2:
        await asyncio.sleep(0)
    await (reports.told(report, AUDIO) if is_told else reports.withdraw(bob, report, called=False))
    report, tells = await waiting
    assert (report.notice, tells) == (AUDIO if is_told else None, not is_told)
