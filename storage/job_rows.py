"""How a job becomes a row, and a row a job."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from dataclasses import fields as fields_of
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from core.domain.admission import Admission
from core.domain.copies import replaced
from core.domain.errors import StaleJob
from core.domain.jsontype import JSON
from core.domain.lifecycle import DeliveryState, JobState, Late, Reason, State
from core.domain.models import Artifact, Delivery, Generation, Job
from core.domain.orders import Destination
from core.domain.people import Asker
from storage import jobs_sql
from storage.driver import Driver, Row, Statement
from storage.rows import compact, split

READ = 512
"""Texts of rows that are kept as they were read."""
_OF_JOB = frozenset(field.name for field in fields_of(Job)) - {"generations"}
_REPEATED = ("platform", "community", "member", "member_name", "product", "channel", "worker_id", "locale")
"""What many jobs have in common; tens of thousands may be in memory."""
SHARED = 10_000
"""Of so many texts there is only one each; `sys.intern` keeps them for good on Python 3.12."""
_OF_DELIVERY = ("state", "updated_ms", "attempts", "reason", "detail", "kept", "event_id", "asker")


def stored_token(job_id: str, token: str) -> str:
    """Write a callback's token as its column holds it: without the name of its job."""
    return token.removeprefix(job_id)


def read_token(job_id: str, text: str) -> str:
    """Read what `stored_token` wrote, or an earlier release, which wrote all of it."""
    return f"{job_id}{text}" if text.startswith(".") else text


def destination_json(destination: Destination) -> JSON:
    """Return plain values for a destination."""
    return {"platform": destination.platform, "data": dict(destination.data)}


def destination_text(destination: Destination) -> str:
    """Write a destination as its column holds it, which its job's platform reads: "" where nothing is left of it."""
    return compact(dict(destination.data)) if destination.data else ""


def columns_of(admission: Admission) -> dict[str, Any]:
    """Return what a new job's row says of its order."""
    order = admission.order
    return {
        "job_id": admission.job_id,
        "event_id": order.event_id,
        "platform": order.caller.platform,
        "name": order.caller.name,
        "direct": int(order.caller.direct),
        "channel": order.caller.channel,
        "product": order.product,
        "parameters": compact(dict(admission.parameters)),
        "characters": admission.characters,
        "price_micros": admission.price_micros,
        "cost_micros": admission.cost_micros,
        "destination": destination_text(order.destination),
        "locale": order.caller.locale,
        "parts": len(admission.parts),
        "repeats": int(admission.repeats),
        "digest": admission.digest,
    }


def admitted(admission: Admission, row: Mapping[str, Any], generations: Sequence[Generation]) -> Job:
    """Return the job of an order as its new rows have it; `row`: its own."""
    order = admission.order
    return Job(
        job_id=admission.job_id,
        event_id=row["event_id"],
        platform=row["platform"],
        community=row["community"],
        member=row["member"],
        member_name=row["name"],
        direct=order.caller.direct,
        product=row["product"],
        parameters=admission.parameters,
        characters=admission.characters,
        cost_micros=admission.cost_micros,
        state=JobState.OPEN,
        destination=order.destination,
        channel=row["channel"],
        created_ms=row["now_ms"],
        updated_ms=row["now_ms"],
        generations=tuple(generations),
        roles=split(row["roles"]) or (),
        locale=row["locale"],
    )


def stored(value: Any) -> Any:
    """Write a job's field as its column holds it."""
    match value:
        case Destination():
            return destination_text(value)
        case Asker():
            return compact(asdict(value))
        case tuple():
            return compact([artifact.to_json() for artifact in value])
        case dict():
            return compact(value)
        case bool():
            return int(value)
        case _:
            return value


def asker_of(text: str | None) -> Asker | None:
    """Read who placed the order that a delivery answers, where that is not its job's."""
    return Asker(**json.loads(text)) if text else None


async def jobs_of(driver: Driver, rows: Sequence[Row]) -> list[Job]:
    """Read jobs from their rows; those of several generations have the rest of them read, too."""
    several = [row["job_id"] for row in rows if row["generations"] > 1]
    reads = [Statement(jobs_sql.GENERATIONS, {"job_id": job_id}) for job_id in several]
    found = await driver.run(reads) if reads else ()
    generations = dict(zip(several, found, strict=True))
    return [job_of(row, generations.get(row["job_id"], ())) for row in rows]


def job_of(row: Row, generations: Sequence[Row] = ()) -> Job:
    """Read a job from its row, with what was read beside it; `generations`: all of them, where it has several."""
    # By values, since to ask an sqlite3.Row for each column by name takes it five times longer.
    values = dict(zip(row.keys(), row, strict=True))
    fields: dict[str, Any] = {name: value for name, value in values.items() if name in _OF_JOB}
    fields |= {name: _shared(fields[name]) for name in _REPEATED}
    if values.get("number"):
        fields["delivery"] = delivery_from(values, "delivery_")
        fields["destination"] = values["delivery_destination"]
    parameters = _parameters(fields["parameters"])
    made = [generation_of(one, parameters) for one in generations]
    read = {
        "state": JobState(fields["state"]),
        "late": Late(fields["late"]),
        "direct": bool(fields["direct"]),
        "restored": bool(fields["restored"]),
        "roles": split(fields["roles"]),
        "parameters": parameters,
        "destination": destination_of(fields["destination"], fields["platform"]),
        "generations": tuple(made) or (generation_of(values, parameters, "generation_"),),
    }
    return Job(**{**fields, **read})


def generation_of(row: Mapping[str, Any] | Row, parameters: Mapping[str, Any], prefix: str = "") -> Generation:
    """Read a generation from its row; `parameters`: its job's, where it has none of its own."""
    fields = {name: row[prefix + name] for name in jobs_sql.OF_GENERATION}
    read = {
        "state": State(fields["state"]),
        "reason": Reason(fields["reason"]) if fields["reason"] else None,
        "parameters": _parameters(fields["parameters"]) if fields["parameters"] else parameters,
        "artifacts": _artifacts(fields["artifacts"]),
        "callback_token": read_token(row["job_id"], fields["callback_token"]),
    }
    return Generation(**{**fields, **read})


def with_values(job: Job, number: int, values: Mapping[str, Any]) -> Job:
    """Return the job with these values in a generation."""
    made = replaced(job.generation(number), **values)
    return replaced(job, generations=(*job.generations[: number - 1], made, *job.generations[number:]))


def with_generation(job: Job, number: int, row: Row) -> Job:
    """Return the job with what others may have noted of it and of a generation: a place, and its request."""
    if row["request_id"] != job.generation(number).request_id:
        job = with_values(job, number, {"request_id": row["request_id"]})
    placed = job.destination if job.delivery else destination_of(row["destination"], job.platform)
    return job if placed == job.destination else replaced(job, destination=placed)


def with_row(job: Job, changes: Mapping[str, Any], row: Row) -> Job:
    """Return the job with these changes of its own row, and what others may have noted there."""
    return replaced(
        job,
        state=JobState(changes.get("state", job.state)),
        worker_id=changes.get("worker_id", job.worker_id),
        restored=bool(changes.get("restored", job.restored)),
        updated_ms=row["updated_ms"],
        late=Late(row["late"]),
        shown=row["shown"],
        closed_ms=row["closed_ms"],
        destination=job.destination if job.delivery else destination_of(row["destination"], job.platform),
    )


def with_delivery(job: Job, delivery: Delivery, row: Row) -> Job:
    """Return the job with its delivery, which goes where that row says."""
    return replaced(job, delivery=delivery, destination=destination_of(row["destination"], job.platform))


def delivery_of(job: Job) -> Delivery:
    """Return a job's newest delivery. Raises StaleJob where there is none."""
    if job.delivery is None:
        raise StaleJob(f"{job.job_id} is {job.state}: it has no delivery")
    return job.delivery


def delivery_from(row: Mapping[str, Any] | Row, prefix: str = "") -> Delivery:
    """Read a delivery from a row that has its columns."""
    fields = {name: row[prefix + name] for name in _OF_DELIVERY}
    why = Reason(fields["reason"]) if fields["reason"] else None
    kept = json.loads(fields["kept"]) if fields["kept"] else None
    read = {"state": DeliveryState(fields["state"]), "reason": why, "kept": kept, "asker": asker_of(fields["asker"])}
    return Delivery(number=row["number"], **{**fields, **read})


# A job's row is read at each of its moves, and most of what is in it stays as it is.
@lru_cache(maxsize=SHARED)
def _shared(text: str) -> str:
    return text


@lru_cache(maxsize=READ)
def _parameters(text: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(text))


@lru_cache(maxsize=READ)
def destination_of(text: str, platform: str) -> Destination:
    """Read a destination from its column, in a job of this platform; earlier releases wrote both."""
    read = json.loads(text) if text else {}
    return Destination(platform, MappingProxyType(read["data"] if read.keys() == {"platform", "data"} else read))


@lru_cache(maxsize=READ)
def _artifacts(text: str) -> tuple[Artifact, ...]:
    return tuple(Artifact.from_json(artifact) for artifact in json.loads(text))
