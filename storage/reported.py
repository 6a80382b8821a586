"""Audio that members reported, in SQL."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.people import Asker, Caller, Person
from core.domain.quota import DAY_MS
from core.domain.reported import (
    MOST_REPORTS,
    REPORTS_KEPT_MS,
    Message,
    NotReported,
    Report,
    Reporter,
    ReportState,
    Sent,
    Unreported,
    Why,
)
from core.ports import Clock
from storage import reported_sql as sql
from storage.driver import Driver, Row, Statement
from storage.job_rows import asker_of
from storage.rows import compact

CLAIM_MS = 60_000
"""After so long somebody else tells the admins, where whoever was to has not."""
_DECIDED = {
    ReportState.LEFT: Unreported.DELETED,
    ReportState.DELETED: Unreported.DELETED,
    ReportState.DISMISSED: Unreported.DISMISSED,
}


class SqlReports:
    """Implements `core.stores.reports.ReportStore`."""

    _driver: Driver
    _clock: Clock

    async def file_report(
        self,
        caller: Caller,
        job_id: str,
        messages: Sequence[Message],
        sent_by: Asker | None = None,
        why: Why | None = None,
    ) -> tuple[Report, bool]:
        now_ms = self._clock.now_ms()
        args: dict[str, Any] = {"job_id": job_id, "community": caller.community, "member": caller.member}
        args |= {"name": caller.name, "messages": compact(messages), "now_ms": now_ms}
        args |= {"sent_by": sent_by and sent_by.member, "sent_by_name": sent_by and sent_by.name, "reason": why or ""}
        args |= {"day_ago_ms": now_ms - DAY_MS, "most": MOST_REPORTS, "before_ms": now_ms - CLAIM_MS}
        texts = (sql.OPEN_REPORT, sql.FILE, sql.CLAIM_NOTICE, sql.LEAVE_NONE, sql.FILED_BY, sql.REPORT)
        _, filed, claimed, _, theirs, found = await self._driver.run(
            [Statement(text, args) for text in texts], alone=(_turn(job_id), f"reports of {caller.member}")
        )
        report = _report_of(found[0]) if found else None
        if report and report.state in _DECIDED:
            raise NotReported(_DECIDED[report.state])
        if report is None or not theirs:
            raise NotReported(Unreported.MOST)
        if not (filed or claimed) and report.notice:
            raise NotReported(Unreported.BEFORE)
        return report, bool(claimed)

    async def claim_notice(self, caller: Caller, job_id: str) -> bool:
        now_ms = self._clock.now_ms()
        args = {"member": caller.member, "now_ms": now_ms, "before_ms": now_ms - CLAIM_MS}
        (rows,) = await self._at(job_id, sql.CLAIM_NOTICE, **args)
        return bool(rows)

    async def withdraw_report(self, caller: Caller, job_id: str) -> None:
        await self._at(job_id, sql.WITHDRAW_REPORT, sql.UNCLAIM, sql.LEAVE_NONE, member=caller.member)

    async def note_notice(self, job_id: str, notice: Message) -> Report | None:
        *_, found = await self._at(job_id, sql.NOTE_NOTICE, sql.REPORT, notice=compact(notice))
        return _report_of(found[0]) if found else None

    async def forget_notice(self, job_id: str, notice: Message) -> bool:
        (rows,) = await self._at(job_id, sql.FORGET_NOTICE, notice=compact(notice), now_ms=self._clock.now_ms())
        return bool(rows)

    async def report(self, job_id: str, community: str | None = None) -> Report | None:
        args = {"job_id": job_id, "community": community}
        (found,) = await self._driver.run([Statement(sql.REPORT_HERE if community else sql.REPORT, args)])
        return _report_of(found[0]) if found else None

    async def reporters(self, job_id: str, most: int) -> list[Reporter]:
        (rows,) = await self._driver.run([Statement(sql.REPORTERS, {"job_id": job_id, "most": most})])
        return [Reporter(Person(member=row["member"], name=row["name"]), _why_of(row["reason"])) for row in rows]

    async def reported_messages(self, job_id: str) -> list[Message]:
        (rows,) = await self._driver.run([Statement(sql.MESSAGES, {"job_id": job_id})])
        return sorted({message for row in rows for message in _messages_of(row["messages"])})

    async def held(self, job_id: str, most: int) -> list[Sent]:
        (rows,) = await self._driver.run([Statement(sql.HELD, {"job_id": job_id, "most": most})])
        return [Sent(json.loads(row["kept"]), asker_of(row["asker"])) for row in rows]

    async def note_deleted(self, job_id: str) -> None:
        await self._at(job_id, sql.NOTE_DELETED)

    async def forget_reports(self) -> None:
        args = {"forgotten_ms": self._clock.now_ms() - REPORTS_KEPT_MS}
        await self._driver.run([Statement(text, args) for text in sql.FORGET_REPORTS])

    async def _at(self, job_id: str, *texts: str, **args: Any) -> list[list[Row]]:
        """Run a list while nobody else touches the same report."""
        values: Mapping[str, Any] = {"job_id": job_id, **args}
        return await self._driver.run([Statement(text, values) for text in texts], alone=(_turn(job_id),))


def _turn(job_id: str) -> str:
    return f"report of {job_id}"


def _messages_of(text: str) -> list[Message]:
    return [(chat, number) for chat, number in json.loads(text)]


def _why_of(reason: str) -> Why | None:
    """Read why somebody reported; None for what only a later release knows."""
    return Why(reason) if reason in set(Why) else None


def _report_of(row: Row) -> Report:
    return Report(
        job_id=row["job_id"],
        member=row["member"],
        name=row["name"],
        state=ReportState(row["state"]),
        members=row["members"],
        audio=_messages_of(row["messages"])[0],
        notice=next(iter(_messages_of(f"[{row['notice']}]")), None) if row["notice"] else None,
        decided_by=row["decided_by"],
        blocked_by=row["blocked_by"],
        blocked_until_ms=row["blocked_until_ms"],
    )
