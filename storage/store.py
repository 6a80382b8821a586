"""The Store port in SQL: which statements make up each transaction, and rows as the core's values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

from core.domain.admission import Admission, Admitted
from core.domain.communities import Approval, Communities
from core.domain.errors import StaleJob
from core.domain.lifecycle import DELIVERY_MOVES, MOVES, DeliveryState, Late, State, settles, voids
from core.domain.models import Artifact, Changes, DeliveryChanges, Destination, Job, MoveChanges
from core.domain.refusals import Limit
from core.domain.reports import EntryKind
from core.ports import Clock
from storage import accounts_sql, communities_sql, jobs_sql, money_sql
from storage.communities import SqlCommunities
from storage.driver import Driver, Row, Statement, Unexpected, When, run_once
from storage.job_rows import columns_of, delivery_of, destination_text, job_of, stored, with_delivery
from storage.members import SqlMembers, folded, standing_of
from storage.migrate import migrate
from storage.rows import TOTAL, joined, whose

MOST_KNOWN = 10_000
"""Communities and members whose rows are known to be there, so that they are not inserted with each order."""
_COLUMNS = MoveChanges.__optional_keys__ | {"state", "updated_ms", "resolved_ms", "deliveries"}
"""What may change in a job's row, but for the worker that carries it."""


def _first(rows: Sequence[Sequence[Row]]) -> Row | None:
    """Return the first row of an admission so far: its hold, if it has made one."""
    return next((found[0] for found in rows if found), None)


_WHEN: Mapping[str, When] = {
    **dict.fromkeys(
        (money_sql.ADMIT_JOB, money_sql.LEDGER_HOLD, money_sql.DRAW_POOL, money_sql.DRAW_TOTAL),
        lambda rows: _first(rows) is not None,
    ),
    money_sql.DRAW_USAGE: lambda rows: bool((hold := _first(rows)) and hold["allowance_micros"]),
    money_sql.DRAW_BALANCE: lambda rows: bool((hold := _first(rows)) and hold["balance_micros"]),
    **dict.fromkeys((jobs_sql.JOB_BY_EVENT, money_sql.REFUSAL), lambda rows: _first(rows) is None),
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
            "admits": joined(tuple(Approval) if caller.direct else self._admits(caller.community)),
            "handle": folded(caller.handle),
            "max_waiting": admission.max_waiting,
            "kind": EntryKind.HOLD.value,
            "sign": 1,
        }

    async def same(self, admission: Admission) -> Job | None:
        args = {**self._args_of(admission), "cost_micros": 0, "confirmed": 1}
        texts = (*accounts_sql.OPEN, money_sql.REFUSAL)  # who is new here may have it, too
        statements = [Statement(text, args, when=lambda rows: bool(rows[0])) for text in texts]
        same, *_, decided = await self._driver.run([Statement(jobs_sql.SAME, args), *statements])
        if not same or decided[0]["refused_by"] or standing_of(decided[0]).never:
            return None
        return job_of(same[0])

    async def admit(self, admission: Admission) -> Admitted:
        args, caller = self._args_of(admission), admission.order.caller
        pair = (caller.community, caller.member)
        know = () if pair in self._known else (communities_sql.KNOW, *accounts_sql.OPEN)
        touched = whose(*pair)
        if self._total_pool_micros is not None:
            touched += (TOTAL,)
        texts = (*know, *money_sql.ADMIT, jobs_sql.JOB_BY_EVENT, money_sql.REFUSAL)
        statements = [Statement(text, args, _EXPECT.get(text), _WHEN.get(text)) for text in texts]
        results = await run_once(self._driver, statements, alone=touched, happened=statements[-2])
        if results is None:  # the answer was lost: what it said is asked for again
            results = await self._driver.run(statements[-2:])
        *before, earlier, refused = results
        found = (before and before[len(know) + 1]) or earlier
        if not found and refused[0]["refused_by"] == "unknown":  # it was known, and has been forgotten since
            self._known.discard(pair)
            return await self.admit(admission)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(pair)
        if not found:
            return Admitted(refused_by=Limit(refused[0]["refused_by"]), standing=standing_of(refused[0]))
        job = job_of(found[0])
        return Admitted(job=job, duplicate=job.job_id != admission.job_id)

    async def move(self, job: Job, to: State, **changes: Unpack[MoveChanges]) -> Job:
        if to not in MOVES[job.state]:
            raise StaleJob(f"{job.job_id} can't go from {job.state} to {to}")
        args: dict[str, Any] = {"job_id": job.job_id, "member": job.member, "now_ms": self._clock.now_ms()}
        values: dict[str, object] = {**changes, "state": to.value, "updated_ms": args["now_ms"]}
        if settles(job.state, to) or voids(job.state, to):
            values["resolved_ms"] = args["now_ms"]
        if to is State.LATE:
            values["late"] = Late.CAME
        if to is State.READY:
            values["deliveries"] = 1
        statements = [self._change(job, values)]
        if to is State.READY:
            statements.append(Statement(jobs_sql.OPEN_DELIVERY, args, 1))
        if settles(job.state, to):
            statements += [Statement(money_sql.LEDGER_CHARGE, args, 1), Statement(money_sql.CLOSE_HOLD, args, 1)]
        elif voids(job.state, to):
            args |= {"kind": EntryKind.VOID.value, "sign": -1}
            statements.append(Statement(money_sql.LEDGER_HOLD, args, 1))
            statements += [Statement(text, args) for text in money_sql.GIVE_BACK]
            statements.append(Statement(money_sql.CLOSE_HOLD, args, 1))
        if changes.get("upstream_micros"):
            lost = {**args, "upstream_micros": changes["upstream_micros"]}
            statements += [Statement(money_sql.LEDGER_UPSTREAM, args, 1), Statement(money_sql.DRAW_UPSTREAM, lost, 1)]
        money = whose(job.community, job.member) if len(statements) > 1 else ()  # the job's row alone is no book
        (changed,), *others = await self._run_change(job, statements, beside=money)
        return with_delivery(job_of(changed), others[0][0]) if to is State.READY else job_of(changed)

    async def update(self, job: Job, **changes: Unpack[Changes]) -> Job:
        ((changed,),) = await self._run_change(job, [self._change(job, changes)])
        now = job_of(changed)
        return replace(now, delivery=job.delivery, destination=job.destination) if job.delivery else now

    async def move_delivery(self, job: Job, to: DeliveryState, **changes: Unpack[DeliveryChanges]) -> Job:
        delivery = delivery_of(job)
        if to not in DELIVERY_MOVES[delivery.state]:
            raise StaleJob(f"{job.job_id}: its delivery can't go from {delivery.state} to {to}")
        values: dict[str, object] = {**changes, "state": to.value, "updated_ms": self._clock.now_ms()}
        if to is DeliveryState.SENDING:
            values["attempts"] = delivery.attempts + 1
        if to is DeliveryState.SENT:
            values["destination"] = Destination(job.platform)
            return await self._run_both(job, values, self._closing(job))
        if delivery.state is DeliveryState.UNDELIVERABLE:
            return await self._run_both(job, values, self._change(job, {"closed_ms": None}))
        ((changed,),) = await self._run_change(job, [self._change_delivery(job, values)])
        return with_delivery(job, changed)

    async def redeliver(self, job: Job, destination: Destination) -> Job:
        delivery = delivery_of(job)
        if delivery.state is DeliveryState.UNDELIVERABLE:
            return await self.move_delivery(job, DeliveryState.PENDING, destination=destination)
        args = {"job_id": job.job_id, "number": delivery.number, "now_ms": self._clock.now_ms()}
        opened = Statement(jobs_sql.REDELIVER, {**args, "destination": destination_text(destination)}, 1)
        counted = self._change(job, {"closed_ms": None, "deliveries": delivery.number + 1})
        (row,), (changed,) = await self._run_change(job, [opened, counted])
        return with_delivery(job_of(changed), row)

    async def close_job(self, job: Job, destination: Destination | None = None) -> Job:
        if not job.ended:
            raise StaleJob(f"{job.job_id} is {job.stage}, which is not an end")
        closing = self._closing(job, destination)
        if job.delivery:
            return await self._run_both(job, {"destination": Destination(job.platform)}, closing)
        ((closed,),) = await self._run_change(job, [closing])
        return job_of(closed)

    async def drop_artifacts(self, job: Job, left: Sequence[Artifact] = ()) -> bool:
        args = {"job_id": job.job_id, "left": stored(tuple(left))}
        dropped = Statement(jobs_sql.DROP_ARTIFACTS, args)
        forgotten = Statement(jobs_sql.FORGET_KEPT, args, when=lambda rows: bool(rows[0]) and not left)
        rows, *_ = await self._driver.run([dropped, forgotten])
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

    async def kept_before(self, before_ms: int, most: int) -> list[Job]:
        return await self._several(Statement(jobs_sql.KEPT, {"before_ms": before_ms, "most": most}))

    async def awaited_before(self, before_ms: int, most: int) -> list[Job]:
        return await self._several(Statement(jobs_sql.AWAITED, {"before_ms": before_ms, "most": most}))

    # --- helpers --------------------------------------------------------------------------------------------------

    def _change(self, job: Job, changes: Mapping[str, object]) -> Statement:
        unknown = changes.keys() - _COLUMNS
        if unknown:
            raise ValueError(f"not columns that a job may change: {sorted(unknown)}")
        if "closed_ms" in changes:  # nobody carries what is closed, or what is open again and waits for a carrier
            changes = {**changes, "worker_id": ""}
        values = {name: stored(value) for name, value in changes.items()}
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        as_read = "job_id = :job_id AND state = :from_state AND worker_id = :from_worker"
        text = f"UPDATE jobs SET {assignments} WHERE {as_read} RETURNING {communities_sql.KEYED}"
        args = {"job_id": job.job_id, "from_state": job.state.value, "from_worker": job.worker_id}
        return Statement(text, {**args, **values}, 1)

    def _closing(self, job: Job, destination: Destination | None = None) -> Statement:
        changes: MoveChanges = {
            "closed_ms": self._clock.now_ms(),
            "destination": destination or Destination(job.platform),
        }
        return self._change(job, changes)

    def _change_delivery(self, job: Job, changes: Mapping[str, object]) -> Statement:
        delivery = delivery_of(job)
        values = {name: stored(value) for name, value in changes.items()}
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        ours = f"SELECT 1 FROM jobs WHERE job_id = :job_id AND worker_id = :from_worker{self._driver.row_lock}"
        as_read = f"job_id = :job_id AND number = :number AND state = :from_state AND EXISTS ({ours})"
        text = f"UPDATE deliveries SET {assignments} WHERE {as_read} RETURNING *"
        args = {"job_id": job.job_id, "number": delivery.number, "from_state": delivery.state.value}
        return Statement(text, {**args, "from_worker": job.worker_id, **values}, 1)

    async def _run_both(self, job: Job, of_delivery: Mapping[str, object], of_job: Statement) -> Job:
        """Change both rows: the delivery's first, while the job's still says whose it is."""
        (delivery,), (changed,) = await self._run_change(job, [self._change_delivery(job, of_delivery), of_job])
        return with_delivery(job_of(changed), delivery)

    async def _run_change(self, job: Job, statements: list[Statement], beside: Sequence[str] = ()) -> list[list[Row]]:
        try:
            return await self._driver.run(statements, beside=beside)
        except Unexpected as error:
            raise StaleJob(f"{job.job_id} is no longer {job.stage}, or another worker carries it") from error

    async def _one(self, statement: Statement) -> Job | None:
        return next(iter(await self._several(statement)), None)

    async def _several(self, statement: Statement) -> list[Job]:
        (rows,) = await self._driver.run([statement])
        return [job_of(row) for row in rows]
