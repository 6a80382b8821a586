"""The Store port in SQL: which statements make up each transaction, and rows as the core's values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

from core.domain.admission import Admission, Admitted
from core.domain.communities import Approval, Communities
from core.domain.errors import StaleJob
from core.domain.lifecycle import (
    DELIVERY_MOVES,
    DeliveryState,
    JobState,
    Reason,
    State,
)
from core.domain.models import Changes, DeliveryChanges, Destination, Generation, GenerationChanges, Job, MoveChanges
from core.domain.refusals import Limit
from core.domain.reports import EntryKind
from core.ports import Clock
from storage import accounts_sql, communities_sql, jobs_sql, money_sql
from storage.changes import Step, closing, of_delivery, of_generation, of_job, opening
from storage.communities import SqlCommunities
from storage.driver import Driver, Row, Statement, Unexpected, When, run_once
from storage.job_rows import (
    columns_of,
    delivery_of,
    destination_text,
    job_of,
    jobs_of,
    stored,
    with_delivery,
    with_generations,
    with_row,
)
from storage.members import SqlMembers, folded, standing_of
from storage.migrate import migrate
from storage.rows import TOTAL, joined, whose

MOST_KNOWN = 10_000
"""Communities and members whose rows are known to be there, so that they are not inserted with each order."""


_HELD = When(money_sql.ADMIT_HOLD)
_WHEN: Mapping[str, When] = {
    **dict.fromkeys((money_sql.ADMIT_JOB, money_sql.LEDGER_HOLD, money_sql.DRAW_POOL, money_sql.DRAW_TOTAL), _HELD),
    money_sql.DRAW_USAGE: When(money_sql.ADMIT_HOLD, column="allowance_micros"),
    money_sql.DRAW_BALANCE: When(money_sql.ADMIT_HOLD, column="balance_micros"),
    **dict.fromkeys((jobs_sql.JOB_BY_EVENT, money_sql.REFUSAL), When(money_sql.ADMIT_HOLD, found=False)),
}
"""What of an admission depends on whether it made a hold, or met an earlier job, and on what the hold took."""
_EXPECT: Mapping[str, int] = {money_sql.DRAW_BALANCE: 1}


class SqlStore(SqlCommunities, SqlMembers):
    """Implements `core.stores.Store` on either engine."""

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        default_pool_micros: int | None = None,
        total_pool_micros: int | None = None,
        *,
        communities: Communities = Communities.OPEN,
        allowed: Collection[str] = (),
    ) -> None:
        """`default_pool_micros`: what a community may spend in a month unless an operator says; None is unlimited.

        `total_pool_micros`: what the operator may have to pay for a month, over all communities; None is unlimited.
        `allowed`: communities that need no approval where `communities` says list.
        """
        self._driver = driver
        self._clock = clock
        self.default_pool_micros = default_pool_micros
        self._total_pool_micros = total_pool_micros
        self._communities = communities
        self._allowed = frozenset(allowed)
        self._known: set[tuple[str, str]] = set()

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises SchemaTooNew, StoreBusy."""
        await self._driver.open()
        try:
            await migrate(self._driver, self._clock.now_ms())
        except BaseException:
            await self._driver.close()
            raise

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        await self._driver.close()

    # --- jobs and money -------------------------------------------------------------------------------------------

    def _args_of(self, admission: Admission) -> dict[str, Any]:
        """Return the values that a decision and its rows need."""
        caller = admission.order.caller
        return {
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

    async def same(self, admission: Admission) -> Job | None:
        args = {**self._args_of(admission), "cost_micros": 0, "confirmed": 1}
        texts = (*accounts_sql.OPEN, money_sql.REFUSAL)  # who is new here may have it, too
        statements = [Statement(text, args, when=When(jobs_sql.SAME)) for text in texts]
        same, *_, decided = await self._driver.run([Statement(jobs_sql.SAME, args), *statements])
        if not same or decided[0]["refused_by"] or standing_of(decided[0]).never:
            return None
        (job,) = await jobs_of(self._driver, same)
        return job

    async def admit(self, admission: Admission) -> Admitted:
        args, caller = self._args_of(admission), admission.order.caller
        pair = (caller.community, caller.member)
        know = () if pair in self._known else (communities_sql.KNOW, *accounts_sql.OPEN)
        touched = whose(*pair)
        if self._total_pool_micros is not None:
            touched += (TOTAL,)
        texts = (*know, *money_sql.ADMIT, jobs_sql.JOB_BY_EVENT, money_sql.REFUSAL)
        statements = [Statement(text, args, _EXPECT.get(text), _WHEN.get(text)) for text in texts]
        at = len(know) + 2  # after the hold and the job, before what all communities share
        statements.insert(at, self._parts(admission))
        results = await run_once(self._driver, statements, alone=touched, happened=statements[-2])
        if results is None:  # the answer was lost: what it said is asked for again
            results = await self._driver.run(statements[-2:])
        *before, earlier, refused = results
        made, parts = (before[at - 1], before[at]) if before else ((), ())
        found = made or earlier
        if not found and refused[0]["refused_by"] == "unknown":  # it was known, and has been forgotten since
            self._known.discard(pair)
            return await self.admit(admission)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(pair)
        if not found:
            return Admitted(refused_by=Limit(refused[0]["refused_by"]), standing=standing_of(refused[0]))
        if made:
            return Admitted(job=job_of(made[0], parts))
        (job,) = await jobs_of(self._driver, earlier)
        return Admitted(job=job, duplicate=job.job_id != admission.job_id)

    def _parts(self, admission: Admission) -> Statement:
        now_ms = self._clock.now_ms()
        opened = [
            Generation(
                number=part.number,
                part=part.number,
                parameters=part.parameters,
                characters=part.characters,
                cost_micros=part.cost_micros,
                pause_ms=part.pause_ms,
                state=State.QUEUED,
                callback_token=token,
                updated_ms=now_ms,
            )
            for part, token in zip(admission.parts, admission.tokens, strict=True)
        ]
        return replace(opening(admission.job_id, opened, now_ms, of_one=len(opened) == 1), expect=None, when=_HELD)

    async def move(self, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
        while True:
            try:
                return await self._step(job, {number: {**changed, "state": to}})
            except StaleJob:
                if len(job.generations) == 1:
                    raise
                now = await self.again(job)
                if now.generations == job.generations or now.generation(number) != job.generation(number):
                    raise
                job = now  # another of its generations has ended meanwhile

    async def cancel(self, job: Job, reason: Reason) -> Job:
        waiting = [made.number for made in job.generations if made.state is State.QUEUED]
        if not waiting:
            raise StaleJob(f"{job.job_id} is {job.stage}: nothing of it waits")
        return await self._step(job, {number: {"state": State.CANCELLED, "reason": reason} for number in waiting})

    async def choose(self, job: Job, *, take: bool) -> Job:
        if job.state is not JobState.ASKING:
            raise StaleJob(f"{job.job_id} is {job.stage}, which leaves no choice")
        if take:
            return await self._step(job, {}, JobState.READY)
        lost = {part.number: {"artifacts": (), "upstream_micros": part.cost_micros} for part in job.fetched}
        return await self._step(job, lost, JobState.CANCELLED)

    async def _step(self, job: Job, moves: Mapping[int, Mapping[str, Any]], to: JobState | None = None) -> Job:
        lock, total_micros = self._driver.row_lock, self._total_pool_micros
        step = Step(job, moves, self._clock.now_ms(), lock, to=to, total_micros=total_micros)
        touched = whose(job.community, job.member) if step.moves_money else ()
        if step.tries_again:
            touched += (TOTAL,)
        return step.made(await self._run_change(job, step.statements, beside=touched))

    async def note(self, job: Job, number: int, **changed: Unpack[GenerationChanges]) -> Job:
        (rows,) = await self._run_change(job, [of_generation(job, number, changed, self._driver.row_lock)])
        return with_generations(job, rows)

    async def update(self, job: Job, **changed: Unpack[Changes]) -> Job:
        ((row,),) = await self._run_change(job, [of_job(job, changed)])
        return with_row(job, row)

    async def move_delivery(self, job: Job, to: DeliveryState, **changed: Unpack[DeliveryChanges]) -> Job:
        delivery = delivery_of(job)
        if to not in DELIVERY_MOVES[delivery.state]:
            raise StaleJob(f"{job.job_id}: its delivery can't go from {delivery.state} to {to}")
        values: dict[str, object] = {**changed, "state": to.value, "updated_ms": self._clock.now_ms()}
        if to is DeliveryState.SENDING:
            values["attempts"] = delivery.attempts + 1
        if to is DeliveryState.SENT:
            values["destination"] = Destination(job.platform)
            return await self._run_both(job, values, closing(job, self._clock.now_ms()))
        if delivery.state is DeliveryState.UNDELIVERABLE:
            return await self._run_both(job, values, of_job(job, {"closed_ms": None}))
        ((changed_row,),) = await self._run_change(job, [of_delivery(job, values, self._driver.row_lock)])
        return with_delivery(job, changed_row)

    async def redeliver(self, job: Job, destination: Destination) -> Job:
        delivery = delivery_of(job)
        if delivery.state is DeliveryState.UNDELIVERABLE:
            return await self.move_delivery(job, DeliveryState.PENDING, destination=destination)
        args = {"job_id": job.job_id, "number": delivery.number, "now_ms": self._clock.now_ms()}
        opened = Statement(jobs_sql.REDELIVER, {**args, "destination": destination_text(destination)}, 1)
        counted = of_job(job, {"closed_ms": None, "deliveries": delivery.number + 1})
        await self._run_change(job, [opened, counted])
        return await self.job(job.job_id) or job

    async def close_job(self, job: Job, destination: Destination | None = None) -> Job:
        if not job.ended:
            raise StaleJob(f"{job.job_id} is {job.stage}, which is not an end")
        done = closing(job, self._clock.now_ms(), destination)
        if job.delivery:
            return await self._run_both(job, {"destination": Destination(job.platform)}, done)
        ((closed,),) = await self._run_change(job, [done])
        return with_row(job, closed)

    async def drop_artifacts(self, job: Job, *, chat_keeps: bool = False) -> bool:
        args = {"job_id": job.job_id, "kept": int(chat_keeps)}
        statements, dropped = [Statement(jobs_sql.DROP_FILES, args)], When(jobs_sql.DROP_FILES)
        for made in job.generations:
            left = made.without_files if chat_keeps else ()
            values = {"job_id": job.job_id, "number": made.number, "artifacts": stored(left)}
            statements.append(Statement(jobs_sql.LEAVE_ARTIFACTS, values, when=dropped))
        if not chat_keeps:
            statements.append(Statement(jobs_sql.FORGET_KEPT, args, when=dropped))
        rows, *_ = await self._driver.run(statements)
        return bool(rows)

    async def place(self, job_id: str, destination: Destination) -> None:
        args = {"job_id": job_id, "destination": destination_text(destination)}
        await self._driver.run([Statement(text, args) for text in (jobs_sql.PLACE, jobs_sql.PLACE_DELIVERY)])

    async def job(self, job_id: str) -> Job | None:
        return await self._one(Statement(jobs_sql.JOB, {"job_id": job_id}))

    async def ordered(self, event_id: str) -> Job | None:
        return await self._one(Statement(jobs_sql.JOB_BY_EVENT, {"event_id": event_id}))

    async def again(self, job: Job) -> Job:
        now = await self.job(job.job_id)
        if now is None or now.worker_id != job.worker_id:
            raise StaleJob(f"{job.job_id} is carried by another worker")
        return now

    async def unfinished(self) -> list[Job]:
        return await self._several(Statement(jobs_sql.UNFINISHED))

    async def oldest_waiting(self) -> Job | None:
        return await self._one(Statement(jobs_sql.OLDEST_WAITING))

    async def history(self, member: str, community: str | None, most: int) -> list[Job]:
        args = {"member": member, "community": community, "most": most}
        return await self._several(Statement(jobs_sql.HISTORY, args))

    async def asked_before(self, before_ms: int, most: int) -> list[Job]:
        return await self._several(Statement(jobs_sql.ASKED, {"before_ms": before_ms, "most": most}))

    async def kept_before(self, before_ms: int, most: int) -> list[Job]:
        return await self._several(Statement(jobs_sql.KEPT, {"before_ms": before_ms, "most": most}))

    async def awaited_before(self, before_ms: int, most: int) -> list[Job]:
        return await self._several(Statement(jobs_sql.AWAITED, {"before_ms": before_ms, "most": most}))

    # --- helpers --------------------------------------------------------------------------------------------------

    async def _run_both(self, job: Job, values: Mapping[str, object], own: Statement) -> Job:
        """Change both rows: the delivery's first, while the job's still says whose it is."""
        delivery = of_delivery(job, values, self._driver.row_lock)
        (row,), (changed,) = await self._run_change(job, [delivery, own])
        return with_delivery(with_row(job, changed), row)

    async def _run_change(self, job: Job, statements: list[Statement], beside: Sequence[str] = ()) -> list[list[Row]]:
        try:
            return await self._driver.run(statements, beside=beside)
        except Unexpected as error:
            raise StaleJob(f"{job.job_id} is no longer {job.stage}, or another worker carries it") from error

    async def _one(self, statement: Statement) -> Job | None:
        return next(iter(await self._several(statement)), None)

    async def _several(self, statement: Statement) -> list[Job]:
        (rows,) = await self._driver.run([statement])
        return await jobs_of(self._driver, rows)
