"""How the rows of a job change: each only as it was read, and by whoever carries the job."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from core.domain.changes import Changes, GenerationChanges
from core.domain.lifecycle import ASKS, State
from core.domain.models import Generation, Job
from core.domain.orders import Destination
from storage import jobs_sql
from storage.driver import Statement
from storage.job_rows import delivery_of, stored, stored_token

_OF_JOB = Changes.__optional_keys__ | {
    "state", "worker_id", "generations", "deliveries", "kept", "updated_ms", "resolved_ms", "closed_ms",
}  # fmt: skip
"""What may change in a job's row."""
_OF_GENERATION = GenerationChanges.__optional_keys__ | {"state", "updated_ms", "upstream_micros"}
_ASKS = ", ".join(f"'{state}'" for state in State if state in ASKS)
_ENDS = ", ".join(f"'{state}'" for state in State if state not in ASKS)
_ENDED = f"(SELECT count(*) FROM generations WHERE job_id = :job_id AND state IN ({_ENDS})) = :ended"
"""As many of a job's generations have ended as was read: what its end rests on is known."""
_GOES_ON = f"(SELECT state FROM generations WHERE job_id = :job_id AND number = :other) IN ({_ASKS})"
"""A job stays open because of another of its generations, whatever else has ended meanwhile."""

BESIDE = frozenset({"late", "retry_token", "sends"})
"""What is said of a generation's move and stands elsewhere than in its row."""


def of_job(job: Job, changes: Mapping[str, object], *, while_kept: bool = False) -> Statement:
    """Change the job's own row; `while_kept`: only where its files have not been let go meanwhile."""
    _check(changes, _OF_JOB)
    if "closed_ms" in changes:  # nobody carries what is closed, or what is open again and waits for a carrier
        changes = {**changes, "worker_id": ""}
    values = {name: stored(value) for name, value in changes.items()}
    guard = " AND kept = 1" if while_kept else ""
    return Statement(_job_update(tuple(values), guard), {**_read(job), "from_state": job.state.value, **values}, 1)


def of_generation(
    job: Job,
    number: int,
    changes: Mapping[str, object],
    row_lock: str,
    *,
    alone: bool = True,
    other: int | None = None,
) -> Statement:
    """Change one of its generations; not `alone`: while another keeps the job open, or as many have ended as was read.

    `other`: the number of the one that keeps it open.
    """
    values = {name: stored(value) for name, value in changes.items() if name not in BESIDE}
    _check(values, _OF_GENERATION)
    guard = "" if alone else _GOES_ON if other else _ENDED
    args = {**_read(job), "number": number, "from_state": job.generation(number).state.value, **values}
    if guard == _GOES_ON:
        args["other"] = other
    elif guard:
        args["ended"] = sum(made.state not in ASKS for made in job.generations)
    return Statement(_generation_update(tuple(values), row_lock, guard), args, 1)


def of_delivery(job: Job, changes: Mapping[str, object], row_lock: str) -> Statement:
    """Change its newest delivery."""
    delivery = delivery_of(job)
    values = {name: stored(value) for name, value in changes.items()}
    args = {**_read(job), "number": delivery.number, "from_state": delivery.state.value, **values}
    return Statement(_delivery_update(tuple(values), row_lock), args, 1)


def closing(job: Job, now_ms: int, destination: Destination | None = None) -> Statement:
    """Record that nothing is left to do."""
    return of_job(job, {"closed_ms": now_ms, "destination": destination or Destination(job.platform)})


def opening(job_id: str, opened: Sequence[Generation], now_ms: int, *, of_one: bool = False) -> Statement:
    """Open generations; `of_one`: its parameters are its job's."""
    args: dict[str, object] = {"job_id": job_id, "now_ms": now_ms}
    for n, made in enumerate(opened):
        args |= {
            f"number_{n}": made.number,
            f"part_{n}": made.part,
            f"parameters_{n}": None if of_one else stored(dict(made.parameters)),
            f"characters_{n}": made.characters,
            f"cost_micros_{n}": made.cost_micros,
            f"pause_ms_{n}": made.pause_ms,
            f"callback_token_{n}": stored_token(job_id, made.callback_token),
        }
    return Statement(jobs_sql.open_generations(len(opened)), args, len(opened))


def _read(job: Job) -> dict[str, object]:
    return {"job_id": job.job_id, "from_worker": job.worker_id}


def _ours(row_lock: str) -> str:
    return f"EXISTS (SELECT 1 FROM jobs WHERE job_id = :job_id AND worker_id = :from_worker{row_lock})"


def _check(changes: Mapping[str, object], columns: frozenset[str]) -> None:
    if unknown := changes.keys() - columns:
        raise ValueError(f"not columns that may change: {sorted(unknown)}")


@lru_cache(maxsize=64)
def _job_update(names: tuple[str, ...], guard: str) -> str:
    as_read = "job_id = :job_id AND state = :from_state AND worker_id = :from_worker"
    return f"UPDATE jobs SET {_assigned(names)} WHERE {as_read}{guard} RETURNING {jobs_sql.NOTED}"


@lru_cache(maxsize=256)
def _generation_update(names: tuple[str, ...], row_lock: str, guard: str) -> str:
    as_read = f"job_id = :job_id AND number = :number AND state = :from_state AND {_ours(row_lock)}"
    guarded = f"{as_read} AND {guard}" if guard else as_read
    return f"UPDATE generations SET {_assigned(names)} WHERE {guarded} RETURNING request_id, {jobs_sql.DESTINATION}"


@lru_cache(maxsize=64)
def _delivery_update(names: tuple[str, ...], row_lock: str) -> str:
    as_read = f"job_id = :job_id AND number = :number AND state = :from_state AND {_ours(row_lock)}"
    return f"UPDATE deliveries SET {_assigned(names)} WHERE {as_read} RETURNING destination"


def _assigned(names: Iterable[str]) -> str:
    return ", ".join(f"{name} = :{name}" for name in names)
