"""How a job becomes a row, and a row a job."""

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from core.domain.admission import Admission
from core.domain.errors import StaleJob
from core.domain.jsontype import JSON
from core.domain.lifecycle import DeliveryState, Late, Reason, State
from core.domain.models import Artifact, Delivery, Destination, Job
from storage.driver import Row
from storage.rows import split

READ = 512
"""Texts of rows that are kept as they were read."""
_OF_JOB = frozenset(field.name for field in fields_of(Job))
_OF_DELIVERY = ("state", "updated_ms", "attempts", "reason", "detail", "kept")


def destination_json(destination: Destination) -> JSON:
    """Return plain values for a destination."""
    return {"platform": destination.platform, "data": dict(destination.data)}


def destination_text(destination: Destination) -> str:
    """Write a destination as its column holds it."""
    return json.dumps(destination_json(destination))


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
        "parameters": json.dumps(dict(admission.parameters)),
        "characters": admission.characters,
        "price_micros": admission.price_micros,
        "cost_micros": admission.cost_micros,
        "destination": destination_text(order.destination),
        "locale": order.caller.locale,
        "callback_token": admission.callback_token,
        "digest": admission.digest,
    }


def stored(value: Any) -> Any:
    """Write a job's field as its column holds it."""
    match value:
        case Destination():
            return destination_text(value)
        case tuple():
            return json.dumps([artifact.to_json() for artifact in value])
        case dict():
            return json.dumps(value)
        case _:
            return value


def job_of(row: Row) -> Job:
    """Read a job from its row, with its delivery where that was read beside it."""
    # By values, since to ask an sqlite3.Row for each column by name takes it five times longer.
    values = dict(zip(row.keys(), row, strict=True))
    fields: dict[str, Any] = {name: value for name, value in values.items() if name in _OF_JOB}
    if values.get("number"):
        fields["delivery"] = _delivery(values, "delivery_")
        fields["destination"] = values["delivery_destination"]
    read = {
        "state": State(fields["state"]),
        "late": Late(fields["late"]),
        "reason": Reason(fields["reason"]) if fields["reason"] else None,
        "direct": bool(fields["direct"]),
        "roles": split(fields["roles"]),
        "parameters": _parameters(fields["parameters"]),
        "destination": _destination_of(fields["destination"]),
        "artifacts": _artifacts(fields["artifacts"]),
    }
    return Job(**{**fields, **read})


def with_delivery(job: Job, row: Row) -> Job:
    """Return the job with its delivery as that row has it."""
    return replace(job, delivery=_delivery(row), destination=_destination_of(row["destination"]))


def delivery_of(job: Job) -> Delivery:
    """Return a job's newest delivery. Raises StaleJob where there is none."""
    if job.delivery is None:
        raise StaleJob(f"{job.job_id} is {job.state}: it has no delivery")
    return job.delivery


def _delivery(row: Mapping[str, Any] | Row, prefix: str = "") -> Delivery:
    fields = {name: row[prefix + name] for name in _OF_DELIVERY}
    why = Reason(fields["reason"]) if fields["reason"] else None
    kept = json.loads(fields["kept"]) if fields["kept"] else None
    read = {"state": DeliveryState(fields["state"]), "reason": why, "kept": kept}
    return Delivery(number=row["number"], **{**fields, **read})


# A job's row is read at each of its moves, and most of what is in it stays as it is.
@lru_cache(maxsize=READ)
def _parameters(text: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(text))


@lru_cache(maxsize=READ)
def _destination_of(text: str) -> Destination:
    read = json.loads(text)
    return Destination(read["platform"], MappingProxyType(read["data"]))


@lru_cache(maxsize=READ)
def _artifacts(text: str) -> tuple[Artifact, ...]:
    return tuple(Artifact.from_json(artifact) for artifact in json.loads(text))
