"""Jobs in SQL: how they move, and how they are found."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Unpack

from core.domain.changes import Changes, DeliveryChanges, GenerationChanges, MoveChanges
from core.domain.copies import replaced
from core.domain.errors import StaleJob
from core.domain.lifecycle import ASKS, DELIVERY_MOVES, IN_VAIN, DeliveryState, JobState, Reason, State
from core.domain.models import Job
from core.domain.money import MICROS
from core.domain.orders import Destination
from core.domain.people import Asker
from core.engine.meters import Meters
from core.ports import Clock
from storage import jobs_sql
from storage.changes import closing, of_delivery, of_generation, of_job
from storage.driver import Driver, Row, Statement, Unexpected, storable
from storage.dropped import dropping
from storage.job_rows import (
    delivery_of,
    destination_text,
    job_of,
    jobs_of,
    stored,
    with_delivery,
    with_generation,
    with_row,
    with_values,
)
from storage.rows import TOTAL, compact, whose
from storage.step import Step


def _without_place(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes of a delivery but for where it goes, which is read."""
    return {name: value for name, value in changes.items() if name != "destination"}


class SqlJobs:
    """The part of `core.stores.store.Store` about jobs that were admitted."""

    _driver: Driver
    _clock: Clock
    _meters: Meters
    _total_pool_micros: int | None

    async def move(self, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
        moves, other = {number: {**changed, "state": to}}, None
        while True:
            try:
                return await self._step(job, moves, other=other)
            except StaleJob:
                if len(job.generations) == 1:
                    raise
                last, other = other, None if "retry_token" in changed else await self._keeps_open(job, number)
                if other is None:  # what becomes of the job rests on all of them
                    now = await self.again(job)
                    if now.generations == job.generations or now.generation(number) != job.generation(number):
                        raise
                    job = now
                elif other == last:
                    raise

    async def _keeps_open(self, job: Job, number: int) -> int | None:
        """Return the last of a job's generations that is under way beside this one, by their states alone."""
        (rows,) = await self._driver.run([Statement(jobs_sql.STATES, {"job_id": job.job_id})])
        if len(rows) != len(job.generations):
            return None
        if rows[0]["worker_id"] != job.worker_id or rows[number - 1]["state"] != job.generation(number).state:
            raise StaleJob(f"{job.job_id} is carried by another worker, or its generation {number} went on")
        return max((row["number"] for row in rows if row["number"] != number and row["state"] in ASKS), default=None)

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

    async def _step(
        self, job: Job, moves: Mapping[int, Mapping[str, Any]], to: JobState | None = None, *, other: int | None = None
    ) -> Job:
        lock, total_micros = self._driver.row_lock, self._total_pool_micros
        step = Step(job, moves, self._clock.now_ms(), lock, to=to, total_micros=total_micros, other=other)
        touched = whose(job.community, job.member) if step.moves_money else ()
        if step.tries_again:
            touched += (TOTAL,)
        made = step.made(await self._run_change(job, step.statements, beside=touched))
        self._count(job.product, step, moves)
        return made

    def _count(self, product: str, step: Step, moves: Mapping[int, Mapping[str, Any]]) -> None:
        """Count what was committed: moves, and the money that they moved."""
        for change in moves.values():
            if "state" in change:
                self._count_move(product, change)
        for name, micros in step.moved_micros.items():
            if micros:
                self._meters.count(f"{name}_dollars", product, by=micros / MICROS)

    def _count_move(self, product: str, change: Mapping[str, Any]) -> None:
        self._meters.count("moves", change["state"])
        if change["state"] in IN_VAIN and change.get("reason"):
            self._meters.count("failures", product, change["reason"])

    async def note(self, job: Job, number: int, **changed: Unpack[GenerationChanges]) -> Job:
        values = storable(changed)
        ((row,),) = await self._run_change(job, [of_generation(job, number, values, self._driver.row_lock)])
        return with_generation(with_values(job, number, values), number, row)

    async def update(self, job: Job, **changed: Unpack[Changes]) -> Job:
        change = of_job(job, changed)
        ((row,),) = await self._run_change(job, [change])
        return with_row(job, change.args, row)

    async def move_delivery(self, job: Job, to: DeliveryState, **changed: Unpack[DeliveryChanges]) -> Job:
        delivery = delivery_of(job)
        if to not in DELIVERY_MOVES[delivery.state]:
            raise StaleJob(f"{job.job_id}: its delivery can't go from {delivery.state} to {to}")
        values: dict[str, Any] = {**storable(changed), "state": to, "updated_ms": self._clock.now_ms()}
        if to is DeliveryState.SENDING:
            values["attempts"] = delivery.attempts + 1
        if to is DeliveryState.SENT:
            values["destination"] = Destination(job.platform)
            moved = await self._run_both(job, values, closing(job, self._clock.now_ms()))
        elif delivery.state is DeliveryState.UNDELIVERABLE:
            moved = await self._run_both(job, values, of_job(job, {"closed_ms": None}, while_kept=bool(job.artifacts)))
        else:
            ((row,),) = await self._run_change(job, [of_delivery(job, values, self._driver.row_lock)])
            moved = with_delivery(job, replaced(delivery, **_without_place(values)), row)
        self._count_move(job.product, values)
        return moved

    async def redeliver(self, job: Job, destination: Destination, asker: Asker | None = None) -> Job:
        delivery = delivery_of(job)
        if delivery.state is DeliveryState.UNDELIVERABLE and delivery.asker == asker:
            return await self.move_delivery(job, DeliveryState.PENDING, destination=destination)
        return await self._reopen(job, destination, asker)

    async def _reopen(
        self,
        job: Job,
        destination: Destination,
        asker: Asker | None,
        event_id: str | None = None,
        more: Sequence[Statement] = (),
    ) -> Job:
        """Open one more delivery, with `more` in the same commit; `event_id`: the order that it answers.

        The job is read in that commit as well: if reading it failed afterwards, nobody would carry what is open.
        """
        number, to = delivery_of(job).number, destination_text(destination)
        args = {"job_id": job.job_id, "number": number, "now_ms": self._clock.now_ms(), "destination": to}
        args |= {"event_id": event_id, "asker": stored(asker)}
        counted = of_job(job, {"closed_ms": None, "deliveries": number + 1})
        reads = (Statement(jobs_sql.JOB, args), Statement(jobs_sql.GENERATIONS, args))
        statements = [Statement(jobs_sql.REDELIVER, args, 1), counted, *more, *reads]
        *_, (row,), generations = await self._run_change(job, statements)
        return job_of(row, generations if len(generations) > 1 else ())

    async def close_job(self, job: Job, destination: Destination | None = None) -> Job:
        if not job.ended:
            raise StaleJob(f"{job.job_id} is {job.stage}, which is not an end")
        done = closing(job, self._clock.now_ms(), destination)
        if job.delivery:
            return await self._run_both(job, {"destination": Destination(job.platform)}, done)
        ((row,),) = await self._run_change(job, [done])
        return with_row(job, done.args, row)

    async def drop_artifacts(self, job: Job, *, chat_keeps: bool = False) -> bool:
        rows, *_ = await self._driver.run(dropping(job, chat_keeps=chat_keeps))
        return bool(rows)

    async def place(self, job_id: str, destination: Destination) -> None:
        args = {"job_id": job_id, "destination": destination_text(destination)}
        await self._driver.run([Statement(text, args) for text in (jobs_sql.PLACE, jobs_sql.PLACE_DELIVERY)])

    async def job(self, job_id: str) -> Job | None:
        return await self._one(Statement(jobs_sql.JOB, {"job_id": job_id}))

    async def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        args = {f"job_id_{n}": job_id for n, job_id in enumerate(job_ids)}
        return await self._several(Statement(jobs_sql.some(len(args)), args)) if args else []

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

    async def answered(self, job_id: str, member: str) -> bool:
        args = {"job_id": job_id, "member": compact({"member": member})[1:-1]}
        (rows,) = await self._driver.run([Statement(jobs_sql.ANSWERED, args)])
        return bool(rows)

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

    async def _run_both(self, job: Job, values: Mapping[str, Any], own: Statement) -> Job:
        """Change both rows: the delivery's first, while the job's still says whose it is."""
        change = of_delivery(job, values, self._driver.row_lock)
        (row,), (noted,) = await self._run_change(job, [change, own])
        return with_delivery(with_row(job, own.args, noted), replaced(delivery_of(job), **_without_place(values)), row)

    async def _run_change(self, job: Job, statements: list[Statement], beside: Sequence[str] = ()) -> list[list[Row]]:
        began_s = perf_counter()
        try:
            results = await self._driver.run(statements, beside=beside)
        except Unexpected as error:
            raise StaleJob(f"{job.job_id} is no longer {job.stage}, or another worker carries it") from error
        self._meters.observe("commit_seconds", perf_counter() - began_s)
        return results

    async def _one(self, statement: Statement) -> Job | None:
        return next(iter(await self._several(statement)), None)

    async def _several(self, statement: Statement) -> list[Job]:
        (rows,) = await self._driver.run([statement])
        return await jobs_of(self._driver, rows)
