"""Orders of three parts: what each costs, and how far each comes."""

from dataclasses import replace

from core.domain.changes import MoveChanges
from core.domain.lifecycle import Reason, State
from core.domain.models import Artifact, Job
from core.domain.parts import Part
from core.domain.quota import Quota
from storage.store import SqlStore
from tests.audio import PROBE
from tests.makers import admission, caller, order
from tests.storage.jobs import TO_RUNNING

COSTS = (1400, 2000, 3000)
WHOLE = sum(COSTS)
_MICROS_OF_CHARACTER = 100


async def three_parts(store: SqlStore, *, who: str = "ann", quota: Quota | None = None) -> Job:
    """Admit an order of three parts."""
    parts = [
        Part(
            number=number, parameters={"text": f"part {number}", "voice": "Aria"},
            characters=cost // _MICROS_OF_CHARACTER, cost_micros=cost, pause_ms=0,
        )
        for number, cost in enumerate(COSTS, 1)
    ]  # fmt: skip
    wanted = admission(order(caller(who)), cost=WHOLE, characters=WHOLE // _MICROS_OF_CHARACTER, quota=quota)
    tokens = [f"{wanted.job_id}.{part.number}" for part in parts]
    job = (await store.admit(replace(wanted, parts=parts, tokens=tokens))).job
    assert job is not None
    return job


async def running(store: SqlStore, job: Job, *numbers: int) -> Job:
    """Have some of a job's generations under way, all of them unless they are named."""
    for number in numbers or range(1, len(job.generations) + 1):
        for state in TO_RUNNING:
            job = await store.move(job, number, state)
    return job


async def fetched(store: SqlStore, job: Job, *numbers: int) -> Job:
    """Record the audio of parts that run."""
    for number in numbers:
        artifact = Artifact(path=f"/spool/{job.job_id}/{number}-0", probe=PROBE, size_bytes=9)
        job = await store.move(job, number, State.FETCHED, artifacts=(artifact,))
    return job


async def failed(store: SqlStore, job: Job, number: int, token: str | None = None) -> Job:
    """Let one fail that the operator pays for; `token`: it is tried again."""
    lost = MoveChanges(reason=Reason.GATEWAY_FAILED, upstream_micros=job.generation(number).cost_micros)
    if token:
        lost["retry_token"] = token
    return await store.move(job, number, State.FAILED, **lost)
