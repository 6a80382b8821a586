"""What admins make of reported audio, in SQL, each with its audit entry."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.audit import Act
from core.domain.errors import StaleJob
from core.domain.reported import Message, Report, ReportState
from storage import admin_sql
from storage import reported_sql as sql
from storage.audited import Audited
from storage.driver import Statement, Unexpected
from storage.dropped import dropping
from storage.rows import compact


class SqlReportActs(Audited):
    """The part of `core.stores.admin_store.AdminStore` about what members report."""

    async def take_away(self, act: Act, job_id: str, messages: Sequence[Message] = ()) -> None:
        job = await self._store.job(job_id)
        if job is None:
            raise StaleJob(f"{job_id} is not there")
        args = {"job_id": job_id, "messages": compact(messages)}
        noted = [Statement(sql.ADD_MESSAGES, args, 1)] if messages else []
        await self._decide(act, job_id, ReportState.LEFT, [*noted, *dropping(job, expect=1)])

    async def dismiss(self, act: Act, job_id: str) -> None:
        await self._decide(act, job_id, ReportState.DISMISSED)

    async def _decide(self, act: Act, job_id: str, state: ReportState, also: Sequence[Statement] = ()) -> None:
        args = self._args(act, state.value) | {"job_id": job_id, "state": state.value}
        await self._expecting([Statement(admin_sql.DONE, args, 1), Statement(sql.DECIDE_REPORT, args, 1), *also], args)

    async def block_reported(self, act: Act, report: Report, until_ms: int) -> None:
        args = self._args(act, f"until {until_ms}")
        args |= {"job_id": report.job_id, "member": report.member, "until_ms": until_ms}
        texts = (admin_sql.BLOCK, sql.NOTE_BLOCK, sql.BLOCK_LONGER)
        await self._expecting([Statement(text, args, 1) for text in texts], args)

    async def _expecting(self, statements: Sequence[Statement], args: Mapping[str, Any]) -> None:
        try:
            await self._once(statements, args)
        except Unexpected as error:
            raise StaleJob(str(error)) from None
