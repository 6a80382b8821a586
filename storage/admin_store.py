"""The AdminStore port in SQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from core.domain.admission import Supposed
from core.domain.audit import Act, AuditEntry, Outcome
from core.domain.communities import Approval, Newcomer
from core.domain.lifecycle import STAGES, Stage
from core.domain.money import LARGEST_MICROS
from core.domain.people import Person
from core.domain.pronunciation import Pronunciation
from core.domain.quota import LimitName, Limits, Period, Quota, QuotaSource, Standing
from core.domain.refusals import (
    CommunityDecided,
    Decided,
    Limit,
    Missing,
    NotEnough,
    NotFound,
)
from core.domain.reports import Community, CreditRequest, CreditRequestState, EntryKind, ReportedEntry, Usage
from storage import admin_sql as sql
from storage.audited import noted
from storage.communities_sql import LOCALE, NEWCOMER, TOLD_WITH
from storage.credit_requests_sql import DROP_KEPT_WITH
from storage.driver import Row, Statement, Unexpected, run_once
from storage.members_sql import REPORT
from storage.pronunciations_sql import CLEAR_HERE, SET_HERE
from storage.report_acts import SqlReportActs
from storage.rows import audit_entry_of, community_of, joined, limits_of, newcomer_of, reported_of, usage_of, whose

MOST_MICROS = 1000 * LARGEST_MICROS
"""No balance grows beyond this, however often it is granted."""

HOUR_MS = 3_600_000
MOST_REFUSALS = 20
"""Refused attempts that are noted of one actor in an hour."""
ENTRIES_AT_ONCE, PAUSE_S = 50, 0.002
"""A report's entries come so many at a time, which takes half a millisecond, and then orders have their turn.

A thread of its own would be done sooner, but commits let go of the interpreter at each step, and would wait for that
thread at each.
"""


class SqlAdminStore(SqlReportActs):
    """Implements `core.stores.admin_store.AdminStore` on either engine, over the same driver as the store."""

    # --- changes --------------------------------------------------------------------------------------------------

    async def set_quota(self, act: Act, kind: QuotaSource, quota: Quota | None) -> bool:
        args: dict[str, Any] = {"kind": kind.value, "subject": act.target}
        if kind is QuotaSource.MEMBER:
            args["member"] = act.target
        if quota is None:
            return await self._change(act, args, "none", sql.QUOTA, sql.CLEAR_QUOTA)
        limit = "unlimited" if quota.limit_micros is None else str(quota.limit_micros)
        args |= {"limit_micros": quota.limit_micros, "period": quota.period.value}
        return await self._change(act, args, f"{limit} {quota.period}", sql.QUOTA, sql.CLEAR_QUOTA, sql.SET_QUOTA)

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        return await self._store.standing(community, member, operator_quota, roles)

    async def refusal(self, supposed: Supposed) -> tuple[Limit | None, Standing]:
        return await self._store.refusal(supposed)

    async def find_handle(self, community: str, handle: str) -> Person | None:
        return await self._store.find_handle(community, handle)

    async def find_member(self, community: str, member: str) -> Person | None:
        args = {"community": community, "member": member, "number": member.rpartition(":")[2]}
        rows = await self._read(sql.FIND_MEMBER, args)
        return Person(member=member, name=rows[0]["name"]) if rows else None

    async def seen(self, community: str, most: int) -> list[tuple[Person, str]]:
        rows = await self._report(sql.SEEN, {"community": community, "most": most})
        return [(Person(member=row["member"], name=row["name"]), row["handle"]) for row in rows]

    async def credit(self, act: Act, person: Person, amount_micros: int, reason: str) -> int:
        args = self._args(act, "") | {"target": person.member} | self._credit(person, amount_micros, reason)
        try:
            texts = (sql.CREDITED, sql.CREDIT, sql.LEDGER_CREDIT, *([sql.NOTE] if reason else []))
            rows = await self._once([Statement(sql.MEMBER, args), *(Statement(text, args, 1) for text in texts)], args)
        except Unexpected:
            raise NotEnough(await self._balance(act.community, person.member)) from None
        return int(rows[2][0]["balance_micros"]) if rows else await self._balance(act.community, person.member)

    async def decide(self, act: Act, credit_request_id: str, *, approve: bool) -> CreditRequest:
        state = CreditRequestState.APPROVED if approve else CreditRequestState.DECLINED
        args = self._args(act, state.value) | {"state": state.value, "credit_request_id": credit_request_id}
        (found,) = await self._driver.run([Statement(sql.CREDIT_REQUEST, args)])
        if not found:
            raise NotFound(Missing.REQUEST, credit_request_id)
        row = found[0]
        if CreditRequestState(row["state"]) is not CreditRequestState.OPEN:
            raise Decided(credit_request_id)
        person, amount = Person(member=row["member"], name=row["name"]), int(row["amount_micros"])
        args |= {"target": person.member} | self._credit(person, amount, "")
        texts = (sql.CREDITED, sql.DECIDE, sql.CREDIT, sql.LEDGER_CREDIT) if approve else (sql.KEPT, sql.DECIDE)
        dropped = () if approve else (Statement(DROP_KEPT_WITH, args),)
        try:
            statements = [Statement(sql.MEMBER, args), *(Statement(text, args, 1) for text in texts), *dropped]
            done = await self._once(statements, args)
        except Unexpected:
            balance = await self._balance(act.community, person.member)
            raise (NotEnough(balance) if balance + amount > MOST_MICROS else Decided(credit_request_id)) from None
        balance = await self._balance(act.community, person.member)
        return CreditRequest(
            credit_request_id=credit_request_id,
            member=person.member,
            name=person.name,
            amount_micros=amount,
            balance_micros=balance,
            kept=not approve and bool(done and done[-1]),
        )

    async def block(self, act: Act, person: Person, until_ms: int | None) -> None:
        after = "for good" if until_ms is None else f"until {until_ms}"
        args = {"member": person.member, "until_ms": until_ms}
        await self._change(act, args, after, sql.BLOCK, sql.CLEAR_BLOCK, sql.SET_BLOCK)

    async def unblock(self, act: Act, person: Person) -> bool:
        return await self._change(act, {"member": person.member}, "none", sql.BLOCK, sql.CLEAR_BLOCK)

    async def set_limit(self, act: Act, name: LimitName, value: int | str | tuple[str, ...] | None) -> None:
        audit, change = sql.limit(name)
        stored = joined(value) if isinstance(value, tuple) else value
        await self._change(act, {"value": stored}, "none" if stored is None else str(stored), audit, change)

    async def set_pronunciation(self, act: Act, entry: Pronunciation, most: int) -> bool:
        args = {"folded": entry.folded, "written": entry.written, "spoken": entry.spoken, "most": most}
        args["wrote"] = f"{entry.written} as {entry.spoken}"
        return await self._change(act, args, "set", sql.PRONUNCIATION, SET_HERE)

    async def clear_pronunciation(self, act: Act, folded: str) -> bool:
        args = {"folded": folded, "wrote": folded}
        return await self._change(act, args, "none", sql.PRONUNCIATION, CLEAR_HERE)

    async def set_pool(self, act: Act, community: str, limit_micros: int | None) -> None:
        args = {"community": community, "limit_micros": limit_micros}
        if community != act.community and not await self._read(sql.KNOWN, args):
            raise NotFound(Missing.COMMUNITY, community)
        after = "unlimited" if limit_micros is None else str(limit_micros)
        await self._change(act, args, after, sql.POOL, sql.SET_POOL)

    async def decide_community(self, act: Act, community: str, state: Approval, *, first: bool = False) -> bool:
        args = self._args(act, state.value) | {"community": community, "first": int(first)} | self._store.lets_in()
        if community != act.community and not await self._read(sql.KNOWN_COMMUNITY, args):
            raise NotFound(Missing.COMMUNITY, community)
        change = Statement(sql.SET_COMMUNITY, args, 1 if first else None)
        try:
            results = await self._once([Statement(sql.COMMUNITY, args, 1), change], args)
        except Unexpected:
            (row,) = await self._read(NEWCOMER, args)
            raise CommunityDecided(community, Approval(row["state"]), row["decided_name"]) from None
        return results is None or bool(results[1])

    async def told_with(self, community: str) -> list[Newcomer]:
        return [newcomer_of(row) for row in await self._read(TOLD_WITH, {"community": community})]

    async def owners(self) -> frozenset[str]:
        return frozenset(row["member"] for row in await self._read(sql.OWNERS, {}))

    async def owner_locales(self) -> dict[str, str]:
        return {row["member"]: row["locale"] for row in await self._read(sql.OWNER_LOCALES, {})}

    async def keep_owner_locale(self, member: str, locale: str) -> None:
        await self._read(sql.KEEP_OWNER_LOCALE, {"member": member, "locale": locale})

    async def community_locale(self, community: str) -> str:
        rows = await self._read(LOCALE, {"community": community})
        return str(rows[0]["locale"]) if rows else ""

    async def keep_code(self, digest: str, issued_ms: int, until_ms: int, tries: int) -> None:
        await self._read(
            sql.KEEP_CODE, {"digest": digest, "issued_ms": issued_ms, "until_ms": until_ms, "tries": tries}
        )

    async def try_code(self, digest: str, *, void: bool) -> bool:
        rows = await self._read(
            sql.TRY_CODE, {"digest": digest, "now_ms": self._clock.now_ms(), "factor": int(not void)}
        )
        return bool(rows and rows[0]["fits"])

    async def claim(self, act: Act) -> bool:
        args = self._args(act, act.actor)
        statements = [Statement(sql.CLAIMED, args, 1), Statement(sql.CLAIM, args, 1), Statement(sql.VOID_CODE)]
        try:
            await run_once(
                self._driver,
                noted(statements, args),
                alone=("owners", *whose(act.community)),
                happened=Statement(sql.ACTED, args),
            )
        except Unexpected:
            return False
        return True

    async def acted(self, act: Act) -> None:
        args = self._args(act, "done")
        await self._once([Statement(sql.DONE, args, 1)], args)

    async def refused(self, act: Act, outcome: Outcome) -> None:
        args = self._args(act, "") | {"outcome": outcome.value, "most": MOST_REFUSALS}
        statement = Statement(sql.REFUSED, args | {"hour_ago_ms": args["now_ms"] - HOUR_MS})
        alone = (f"refusals of {act.actor} in {act.community}",)
        await self._driver.run(noted([statement], args), alone=alone, beside=whose(act.community))

    # --- what is read ---------------------------------------------------------------------------------------------

    async def limits(self, community: str) -> Limits:
        rows = await self._read(sql.LIMITS, {"community": community})
        return limits_of(rows[0]) if rows else Limits()

    async def usage(self, community: str, member: str, start_ms: int, end_ms: int, most: int) -> Usage:
        args = {"community": community, "member": member, "start_ms": start_ms, "end_ms": end_ms, "most": most}
        return usage_of(start_ms, end_ms, await self._report(sql.USAGE, args))

    async def entries(
        self, community: str, member: str, start_ms: int, end_ms: int, most: int
    ) -> AsyncIterator[Sequence[ReportedEntry]]:
        args = {"community": community, "member": member, "start_ms": start_ms, "end_ms": end_ms, "most": most}
        async with aclosing(self._driver.stream(Statement(REPORT, args), ENTRIES_AT_ONCE)) as pages:
            async for rows in pages:
                yield [reported_of(row) for row in rows]
                await asyncio.sleep(PAUSE_S)

    async def audit(self, community: str, most: int) -> list[AuditEntry]:
        return [audit_entry_of(row) for row in await self._report(sql.AUDIT, {"community": community, "most": most})]

    async def quotas(self, community: str, most: int) -> list[tuple[QuotaSource, str, str, Quota]]:
        rows = await self._report(sql.QUOTAS, {"community": community, "most": most})
        return [
            (
                QuotaSource(r["kind"]),
                r["subject"],
                r["name"],
                Quota(limit_micros=r["limit_micros"], period=Period(r["period"])),
            )
            for r in rows
        ]

    async def open_jobs(self) -> Mapping[Stage, int]:
        """Return how many jobs are not closed, by how far they are."""
        return {STAGES[row["stage"]]: row["jobs"] for row in await self._report(sql.OPEN_JOBS, {})}

    async def communities(self, month_ms: int, most: int) -> list[Community]:
        args = {"month_start": month_ms, "most": most, "default_pool": self._store.default_pool_micros}
        args |= self._store.lets_in()
        return [community_of(row) for row in await self._report(sql.COMMUNITIES, args)]

    # --- helpers --------------------------------------------------------------------------------------------------

    async def _change(self, act: Act, args: Mapping[str, Any], after: str, audit: str, *changes: str) -> bool:
        """Return whether the first change met a row, where it returns one."""
        values = {**self._args(act, after), **args}
        results = await self._once([Statement(audit, values, 1), *(Statement(t, values) for t in changes)], values)
        return results is None or bool(results[1])

    @staticmethod
    def _credit(person: Person, amount_micros: int, reason: str) -> dict[str, Any]:
        return {
            "member": person.member,
            "name": person.name,
            "amount_micros": amount_micros,
            "most_micros": MOST_MICROS,
            "kind": EntryKind.GRANT.value if amount_micros > 0 else EntryKind.REVOKE.value,
            "note": reason,
        }

    async def _balance(self, community: str, member: str) -> int:
        rows = await self._read(sql.BALANCE, {"community": community, "member": member})
        return int(rows[0]["balance_micros"])

    async def _report(self, text: str, args: Mapping[str, Any]) -> list[Row]:
        return await self._driver.read(Statement(text, args))

    async def _read(self, text: str, args: Mapping[str, Any]) -> list[Row]:
        (rows,) = await self._driver.run([Statement(text, args)])
        return rows
