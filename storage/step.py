"""A step of a job: what changes of its generations and of itself in one transaction, and the money with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.domain.copies import replaced
from core.domain.errors import StaleJob
from core.domain.lifecycle import ASKS, HELD, JOB_MOVES, MOVES, DeliveryState, JobState, Late, State, concluded
from core.domain.models import Delivery, Generation, Job
from core.domain.reports import EntryKind
from storage import jobs_sql, money_sql
from storage.changes import BESIDE, of_generation, of_job, opening
from storage.driver import Row, Statement, storable
from storage.job_rows import with_delivery, with_generation, with_row

PENDING, SENDING = DeliveryState.PENDING, DeliveryState.SENDING
"""A first delivery is opened as one of these."""

Moves = Mapping[int, Mapping[str, Any]]
"""What changes in generations, by their numbers."""


class Step:
    """Some of a job's generations change, and the job with them where the last of them ends: one transaction."""

    def __init__(
        self,
        job: Job,
        moves: Moves,
        now_ms: int,
        row_lock: str,
        *,
        to: JobState | None = None,
        total_micros: int | None = None,
        other: int | None = None,
    ) -> None:
        """`to`: what becomes of the job, where that does not follow from its parts. Raises StaleJob.

        `total_micros`: what the operator may have to pay in a month, for what is tried again. `other`: the generation
        that keeps the job open, if not the last that does.
        """
        moves = {number: storable(change) for number, change in moves.items()}
        self._job = job
        after = self._after = _moved(job, moves, now_ms)
        to = to or concluded([part.state for part in after.parts])
        to = job.state if to is JobState.OPEN else to
        if to is not job.state and to not in JOB_MOVES[job.state]:
            raise StaleJob(f"{job.job_id} can't go from {job.state} to {to}")
        own = _own_row(job, after, to, moves, now_ms)
        self.tries_again = len(after.generations) > len(job.generations)
        """Whether it spends beside its hold."""
        alone = len(job.generations) == 1 or all(change.get("state") in ASKS for change in moves.values())
        self._lock = [] if alone or not row_lock else [Statement(jobs_sql.LOCK, {"job_id": job.job_id}, 1)]
        if to is JobState.OPEN and not self.tries_again:
            other = other or max((made.number for made in after.generations if made.state in ASKS), default=None)
        else:
            other = None
        self._moved = tuple(moves)
        self._generations = [
            of_generation(job, number, {**change, "updated_ms": now_ms}, row_lock, alone=alone or n > 0, other=other)
            for n, (number, change) in enumerate(moves.items())
        ]
        opened = after.generations[len(job.generations) :]
        self._opened = [opening(job.job_id, opened, now_ms)] if opened else []
        self._own = [of_job(job, own)] if own else []
        sends = any(change.get("sends") for change in moves.values())
        self._first = Delivery(number=1, state=SENDING if sends else PENDING, attempts=int(sends), updated_ms=now_ms)
        self._delivery = [_opening(job, self._first)] if to is JobState.READY else []
        self._money: list[Statement] = []
        self.moved_micros: Mapping[str, int] = {}
        """What of the money was charged and released, and what the operator pays for that nobody else does."""
        if self.tries_again:  # what was lost is drawn beside the hold, which stays for the next try
            lost = tuple(made for made in after.generations if "retry_token" in moves.get(made.number, ()))
            self._money = [*_named(job, lost, now_ms), *_drawn(job, lost, total_micros)]
            self.moved_micros = {"upstream": _upstream(lost)}
        elif job.state in HELD and to not in HELD:
            lost, charged_micros = after.parts, after.fetched_micros if to is JobState.READY else 0
            settling = _settling(job, charged_micros, to, now_ms)
            self._money = [*_named(job, lost, now_ms), *settling, *_drawn(job, lost, None)]
            released_micros = job.cost_micros - charged_micros
            self.moved_micros = {
                "charged": charged_micros, "released": released_micros, "upstream": _upstream(lost)
            }  # fmt: skip

    @property
    def statements(self) -> list[Statement]:
        """The whole list."""
        return [*self._lock, *self._generations, *self._opened, *self._own, *self._delivery, *self._money]

    @property
    def moves_money(self) -> bool:
        """Whether the books change."""
        return bool(self._money)

    def made(self, results: Sequence[Sequence[Row]]) -> Job:
        """Return the job as the statements have left it."""
        rest, job = iter(results[len(self._lock) :]), self._after
        for number in self._moved:
            job = with_generation(job, number, next(rest)[0])
        for _ in self._opened:
            next(rest)
        for own in self._own:
            job = with_row(job, own.args, next(rest)[0])
        for _ in self._delivery:
            job = with_delivery(job, self._first, next(rest)[0])
        return job


def _opening(job: Job, first: Delivery) -> Statement:
    args = {"job_id": job.job_id, "state": first.state.value, "attempts": first.attempts, "now_ms": first.updated_ms}
    return Statement(jobs_sql.OPEN_DELIVERY, args, 1)


def _moved(job: Job, moves: Moves, now_ms: int) -> Job:
    """Return the job with its generations as they will be."""
    generations = list(job.generations)
    for number, change in moves.items():
        was = job.generation(number)
        to = change.get("state", was.state)
        if "state" in change and to not in MOVES[was.state]:
            raise StaleJob(f"{job.job_id}: a generation can't go from {was.state} to {to}")
        known = {name: value for name, value in change.items() if name not in BESIDE}
        generations[number - 1] = replaced(was, **known, updated_ms=now_ms)
        if token := change.get("retry_token"):
            generations.append(_again(was, len(generations) + 1, token, now_ms))
    return replaced(job, generations=tuple(generations))


def _again(was: Generation, number: int, token: str, now_ms: int) -> Generation:
    """Return the generation that tries once more what another did not bring."""
    return Generation(
        number=number,
        part=was.part,
        parameters=was.parameters,
        characters=was.characters,
        cost_micros=was.cost_micros,
        pause_ms=was.pause_ms,
        state=State.QUEUED,
        callback_token=token,
        updated_ms=now_ms,
    )


def _own_row(job: Job, after: Job, to: JobState, moves: Moves, now_ms: int) -> Mapping[str, object]:
    changes: dict[str, object] = {}
    for change in moves.values():
        if "late" in change:
            changes["late"] = change["late"]
    if len(after.generations) > len(job.generations):
        changes["generations"] = len(after.generations)
    if any(change.get("state") is State.LATE for change in moves.values()):  # it goes on
        changes |= {"late": Late.CAME, "closed_ms": None, "updated_ms": now_ms}
    elif to not in HELD or to is not job.state:
        changes |= {"state": to, "updated_ms": now_ms}
    if job.state in HELD and to not in HELD:
        changes["resolved_ms"] = now_ms
    if job.state is JobState.ASKING:  # nobody has been carrying it
        changes["worker_id"] = ""
    if to is JobState.READY:
        changes |= {"deliveries": 1, "kept": int(bool(after.artifacts))}
    return changes


def _named(job: Job, lost: Iterable[Generation], now_ms: int) -> Iterator[Statement]:
    """Enter what the operator pays for generations that nobody else pays for."""
    for made in lost:
        if made.upstream_micros:
            args = {"job_id": job.job_id, "number": made.number, "now_ms": now_ms}
            yield Statement(money_sql.LEDGER_UPSTREAM, args, 1)


def _upstream(lost: Iterable[Generation]) -> int:
    return sum(made.upstream_micros for made in lost)


def _drawn(job: Job, lost: Iterable[Generation], total_micros: int | None) -> Iterator[Statement]:
    """Draw that from what all communities share, if so much is left; last, since its row is then locked."""
    if upstream_micros := _upstream(lost):
        args = {"job_id": job.job_id, "upstream_micros": upstream_micros, "total_micros": total_micros}
        yield Statement(money_sql.DRAW_UPSTREAM, args, 1)


def _settling(job: Job, charged_micros: int, to: JobState, now_ms: int) -> Iterator[Statement]:
    """Resolve a hold: charge what is taken, and release the rest."""
    whose = {"job_id": job.job_id, "member": job.member, "product": job.product}
    args = {**whose, "now_ms": now_ms, "charged_micros": charged_micros}
    if to is JobState.READY:
        yield Statement(money_sql.LEDGER_CHARGE, args, 1)
    if to is not JobState.READY or charged_micros < job.cost_micros:
        rest = {**args, "kind": EntryKind.VOID.value, "sign": -1}
        if charged_micros:
            yield Statement(money_sql.SPEND_HOLD, rest, 1)
        yield Statement(money_sql.LEDGER_HOLD, rest, 1)
        yield from (Statement(text, rest) for text in money_sql.GIVE_BACK)
    yield Statement(money_sql.CLOSE_HOLD, args, 1)
