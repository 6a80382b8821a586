"""Members report audio to those who administer their community, who delete it, block its member, or dismiss it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.domain.audit import Action
from core.domain.errors import StaleJob
from core.domain.ids import Ids
from core.domain.kept_orders import Call
from core.domain.models import Job, Kept
from core.domain.people import Asker, Caller
from core.domain.policy import Policy
from core.domain.refusals import Missing, Need, NotFound, NotPermitted
from core.domain.reported import (
    BLOCK_MS,
    BeingSent,
    BlockedBefore,
    Message,
    NotReported,
    Report,
    ReportDecided,
    Reporter,
    ReportState,
    Unreported,
    Why,
)
from core.engine.acts import by_admin, require_admin
from core.engine.admin_calls import may_call
from core.ports import ArtifactStore, Clock
from core.stores.admin_store import AdminStore
from core.stores.store import Store

log = logging.getLogger(__name__)

Holding = Callable[[Kept], Sequence[Message]]
"""Returns the messages of a community that hold what a chat keeps."""
MOST_SENT = 500
"""Of the messages that hold an order's audio, so many are looked at."""
NOTICE_S = 5.0
"""How long a member waits for the admins to be told by whoever reported the same a moment before."""
LOOK_S = 0.25
MOST_NAMED = 100
"""Members who are named of those who reported something."""


class Reports:
    """What members report, and what their admins make of it. A method that raises Refusal has changed nothing."""

    def __init__(
        self,
        store: Store,
        admin_store: AdminStore,
        *,
        artifacts: ArtifactStore,
        policy: Policy,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._admin_store = admin_store
        self._artifacts = artifacts
        self._policy = policy
        self._clock = clock
        self._ids = ids

    # --- members --------------------------------------------------------------------------------------------------

    async def reportable(self, caller: Caller, job_id: str) -> Job:
        """Return an order of somebody else's here, which the caller may report.

        Raises NotFound, NotPermitted, NotReported.
        """
        if caller.direct:
            raise NotPermitted(Need.COMMUNITY)
        job = await self._store.job(job_id)
        if job is None or job.community != caller.community:
            raise NotFound(Missing.JOB, job_id)
        if job.member == caller.member == job.as_asked.member:
            raise NotReported(Unreported.OWN)
        return job

    async def file(
        self,
        caller: Caller,
        job_id: str,
        messages: Sequence[Message],
        holding: Holding = lambda _: (),
        why: Why | None = None,
    ) -> tuple[Report, bool]:
        """Report an order's audio, which those messages hold, the first surely.

        Return also whether it is ours to tell the admins. Raises as `reportable`.
        """
        job = await self.reportable(caller, job_id)
        sent_by = await self._sender(job, messages, holding)
        if caller.member == (sent_by.member if sent_by else job.member):
            raise NotReported(Unreported.SENT if sent_by else Unreported.OWN)
        report, tells = await self._store.file_report(caller, job_id, messages, sent_by, why)
        if not (tells or report.notice):
            report, tells = await self._told_by_another(caller, report)
        log.info("job %s: reported by %d", job_id, report.members)
        return report, tells

    async def _sender(self, job: Job, messages: Sequence[Message], holding: Holding) -> Asker | None:
        """Return who had the audio sent that is in the first message known; None for whoever ordered it first."""
        by: dict[Message, Asker | None] = {}
        for sent in await self._store.held(job.job_id, MOST_SENT):
            by |= dict.fromkeys(holding(sent.kept), sent.asker)
        newest = job.delivery.asker if job.delivery else None
        return next((by[message] for message in messages if message in by), newest)

    async def _told_by_another(self, caller: Caller, report: Report) -> tuple[Report, bool]:
        """Wait a moment until whoever is to tell the admins has; return also whether it fell to us meanwhile."""
        for _look in range(round(NOTICE_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)
            report = await self.now(report)
            if report.notice or await self._store.claim_notice(caller, report.job_id):
                return report, not report.notice
        return report, False

    async def may_call(self, caller: Caller) -> bool:
        """Say whether the admins here may be called, which they seldom are."""
        return await may_call(self._store, caller.community, Call.REPORT)

    async def withdraw(self, caller: Caller, report: Report, *, called: bool) -> None:
        """Take back a member's report that no admin could be told of; `called`: they were to be called."""
        await self._store.withdraw_report(caller, report.job_id)
        if called:
            await self._store.drop_call(caller.community, Call.REPORT)

    async def told(self, report: Report, notice: Message) -> Report:
        """Note where admins were told; return the report as it is now."""
        return await self._store.note_notice(report.job_id, notice) or replace(report, notice=notice)

    async def untold(self, report: Report) -> bool:
        """Note that what told the admins is gone; return whether it is ours to tell them again."""
        return report.notice is not None and await self._store.forget_notice(report.job_id, report.notice)

    async def now(self, report: Report) -> Report:
        """Return a report as it is now."""
        return await self._store.report(report.job_id) or report

    # --- admins ---------------------------------------------------------------------------------------------------

    async def take_away(
        self, admin: Caller, job_id: str, holding: Holding = lambda _: ()
    ) -> tuple[Report, Sequence[Message]]:
        """Put reported audio out of reach; return also the messages to delete, after which `deleted` is due.

        It stays charged. Raises NotFound, NotPermitted, ReportDecided, BeingSent.
        """
        report = await self._report(admin, job_id)
        async with by_admin(self._admin_store, self._ids, admin, Action.DELETE, report.member) as act:
            if report.state is ReportState.OPEN:
                try:
                    sent = [
                        message for each in await self._store.held(job_id, MOST_SENT) for message in holding(each.kept)
                    ]
                    await self._admin_store.take_away(act, job_id, sent)
                except StaleJob:
                    if (await self.now(report)).state is ReportState.OPEN:
                        raise BeingSent(job_id) from None
                report = await self.now(report)
            if report.state is not ReportState.LEFT:
                raise ReportDecided(report)
        await self._artifacts.drop(job_id)
        return report, await self._store.reported_messages(job_id)

    async def deleted(self, report: Report) -> Report:
        """Note that nothing is left of it in its chat; return the report as it is now."""
        await self._store.note_deleted(report.job_id)
        return await self.now(report)

    async def dismiss(self, admin: Caller, job_id: str) -> Report:
        """Leave reported audio where it is. Raises NotFound, NotPermitted, ReportDecided."""
        report = await self._report(admin, job_id)
        async with by_admin(self._admin_store, self._ids, admin, Action.DISMISS, report.member) as act:
            try:
                await self._admin_store.dismiss(act, job_id)
            except StaleJob:
                raise ReportDecided(await self.now(report)) from None
        return await self.now(report)

    async def block(self, admin: Caller, job_id: str) -> Report:
        """Block whoever ordered it for a day. Raises NotFound, NotPermitted, ReportDecided, BlockedBefore."""
        report = await self._report(admin, job_id)
        async with by_admin(self._admin_store, self._ids, admin, Action.BLOCK, report.member) as act:
            try:
                await self._admin_store.block_reported(act, report, self._clock.now_ms() + BLOCK_MS)
            except StaleJob:
                raise await self._blocked_before(admin, await self.now(report)) from None
        return await self.now(report)

    async def _blocked_before(self, admin: Caller, report: Report) -> ReportDecided | BlockedBefore:
        if report.state is ReportState.DISMISSED:
            return ReportDecided(report)
        if report.blocked_until_ms:
            return BlockedBefore(report.blocked_by, report.blocked_until_ms)
        quota = self._policy.quota(direct=False)
        standing = await self._admin_store.standing(admin.community, report.member, quota)
        return BlockedBefore("", standing.blocked_until_ms)

    async def reporters(self, admin: Caller, job_id: str) -> tuple[Sequence[Reporter], int]:
        """Return who reported it, the first first, and how many did. Raises NotFound, NotPermitted."""
        require_admin(admin)
        report = await self._report(admin, job_id)
        return await self._store.reporters(job_id, MOST_NAMED), report.members

    async def _report(self, admin: Caller, job_id: str) -> Report:
        found = await self._store.report(job_id, admin.community)
        if found is None:
            raise NotFound(Missing.REPORT, job_id)
        return found
