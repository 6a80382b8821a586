"""Admission in SQL: what decides on an order, and what is written in the same transaction."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

from core.domain.admission import Admission, Admitted, Supposed
from core.domain.communities import Approval
from core.domain.errors import Conflict, StaleJob
from core.domain.lifecycle import State
from core.domain.models import Generation
from core.domain.people import Asker, Caller
from core.domain.quota import Standing
from core.domain.refusals import Limit, Missing, NotFound
from core.domain.reports import EntryKind
from storage import accounts_sql, communities_sql, jobs_sql, members_sql, money_sql
from storage.changes import opening
from storage.communities import SqlCommunities
from storage.driver import Row, Statement, When, run_once, storable
from storage.job_rows import admitted, columns_of, jobs_of
from storage.jobs import SqlJobs
from storage.members import SqlMembers, folded, standing_of
from storage.rows import TOTAL, joined, whose

MOST_KNOWN = 10_000
"""Communities and members whose ids are known, so that they are not looked up with each order."""

_FOUND = (jobs_sql.JOB_BY_EVENT, jobs_sql.SAME, money_sql.REFUSAL)
"""What says why an admission made no hold."""
_HELD = When(money_sql.ADMIT_HOLD)
_WHEN: Mapping[str, When] = {
    **dict.fromkeys(money_sql.ADMIT, _HELD),
    money_sql.DRAW_USAGE: When(money_sql.ADMIT_HOLD, column="allowance_micros"),
    money_sql.DRAW_BALANCE: When(money_sql.ADMIT_HOLD, column="balance_micros"),
    **dict.fromkeys((members_sql.REMEMBER, *_FOUND), When(money_sql.ADMIT_HOLD, found=False)),
}
"""What of an admission depends on whether it made a hold, or met an earlier job, and on what the hold took."""
_EXPECT: Mapping[str, int] = {money_sql.DRAW_BALANCE: 1}


def _opened(admission: Admission, now_ms: int) -> list[Generation]:
    """Return an order's generations; the parameters of one alone are its job's."""
    alone = admission.parameters if len(admission.parts) == 1 else None
    return [
        Generation(
            number=part.number,
            part=part.number,
            parameters=alone or part.parameters,
            characters=part.characters,
            cost_micros=part.cost_micros,
            pause_ms=part.pause_ms,
            state=State.QUEUED,
            callback_token=token,
            updated_ms=now_ms,
        )
        for part, token in zip(admission.parts, admission.tokens, strict=True)
    ]


class SqlAdmitting(SqlMembers, SqlCommunities, SqlJobs):
    """The part of `core.stores.store.Store` that decides on orders."""

    async def _args_of(self, admission: Admission) -> dict[str, Any]:
        """Return the values that a decision and its rows need."""
        caller = admission.order.caller
        return {
            **await self._ids(caller.community, caller.member),
            **self._spending(caller.community, caller.member, admission.operator_quota, caller.roles),
            **columns_of(admission),
            "confirmed": int(admission.confirmed),
            "dearer": int(admission.dearer),
            "admits": joined(tuple(Approval) if caller.direct else self._admits(caller.community)),
            "handle": folded(caller.handle),
            "max_waiting": admission.max_waiting,
            "kind": EntryKind.HOLD.value,
            "sign": 1,
        }

    async def refusal(self, supposed: Supposed) -> tuple[Limit | None, Standing]:
        admits = tuple(Approval) if supposed.direct else self._admits(supposed.community)
        args: dict[str, Any] = {
            **self._spending(supposed.community, supposed.member, supposed.operator_quota, supposed.roles),
            **{name: getattr(supposed, name) for name in ("product", "channel", "characters", "cost_micros")},
            "max_waiting": supposed.max_waiting,
            "admits": joined(admits),
            "confirmed": 1,
            "dearer": 0,
        }
        ((row,),) = await self._driver.run([Statement(money_sql.SUPPOSED, args)])
        if (refused_by := row["refused_by"]) == "unknown":
            raise NotFound(Missing.COMMUNITY, supposed.community)
        if refused_by == Limit.COMMUNITY and row["state"] == Approval.DECLINED:
            refused_by = Limit.DECLINED
        return Limit(refused_by) if refused_by else None, standing_of(row)

    async def _ids(self, community: str, member: str) -> Mapping[str, int]:
        """Return by what a community and the account of a member are known, as of those who are new from now on."""
        if ids := self._known.get((community, member)):
            return ids
        args = {"community": community, "member": member}
        texts = (communities_sql.KNOW, *accounts_sql.OPEN, accounts_sql.IDS)
        statements = [Statement(text, args) for text in texts]
        results = await run_once(self._driver, statements, alone=(), happened=statements[-1])
        ((row,),) = results[-1:] if results else await self._driver.run(statements[-1:])
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        ids = self._known[community, member] = {name: row[name] for name in ("community_id", "account_id")}
        return ids

    def _forget(self, decided: Sequence[Row], caller: Caller) -> bool:
        """Forget ids that hold no more; return whether it was these that an order was refused by."""
        if not decided or decided[0]["refused_by"] != "unknown":
            return False
        self._known.pop((caller.community, caller.member), None)
        return True

    async def admit(self, admission: Admission) -> Admitted:
        args, caller = storable(await self._args_of(admission)), admission.order.caller
        touched = whose(caller.community, caller.member)
        if self._total_pool_micros is not None:
            touched += (TOTAL,)
        opened = _opened(admission, args["now_ms"])
        parts = opening(admission.job_id, opened, args["now_ms"], of_one=len(opened) == 1)
        texts = (money_sql.ADMIT_HOLD, *money_sql.ADMIT, members_sql.REMEMBER, *_FOUND)
        statements = [Statement(text, args, _EXPECT.get(text), _WHEN.get(text)) for text in texts]
        statements.insert(2, parts._replace(expect=None, when=_HELD))  # before what all share
        happened, *others = [Statement(text, args) for text in _FOUND]
        began_s = perf_counter()
        results = await run_once(self._driver, statements, alone=touched, happened=happened)
        self._meters.observe("commit_seconds", perf_counter() - began_s)
        if results is None:  # the answer was lost: what it said is asked for again
            results = await self._driver.run([happened, *others])
        *before, earlier, same, refused = results
        if before and before[0]:
            return Admitted(job=admitted(admission, args, opened))
        if earlier:
            (job,) = await jobs_of(self._driver, earlier)
            return Admitted(job=job, duplicate=job.job_id != admission.job_id)
        if self._forget(refused, caller):
            return await self.admit(admission)
        if refused[0]["refused_by"] == money_sql.REPEATED:
            return await self._repeat(admission, args, same)
        return Admitted(refused_by=Limit(refused[0]["refused_by"]), standing=standing_of(refused[0]))

    async def _repeat(self, admission: Admission, args: Mapping[str, Any], same: Sequence[Row]) -> Admitted:
        """Answer an order with what is kept; decide again where that went elsewhere meanwhile, or is gone."""
        (job,), caller = await jobs_of(self._driver, same), admission.order.caller
        asker = None if caller.member == job.member else Asker.of(caller)
        to, noted = admission.order.destination, Statement(money_sql.REMEMBER_ORDER, args)
        with suppress(StaleJob, Conflict):
            return Admitted(job=await self._reopen(job, to, asker, args["event_id"], [noted]))
        return await self.admit(admission)
