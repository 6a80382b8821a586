"""How a job becomes a row, and a row a job."""

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from core.domain.lifecycle import Late, Reason, State
from core.domain.models import Artifact, Destination, Job
from storage.driver import Row
from storage.rows import split

READ = 512
"""Texts of rows that are kept as they were read."""
_OF_JOB = frozenset(field.name for field in fields_of(Job))


def destination_text(destination: Destination) -> str:
    """Write a destination as its column holds it."""
    return json.dumps({"platform": destination.platform, "data": dict(destination.data)})


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
    """Read a job from its row."""
    # By values, since to ask an sqlite3.Row for each column by name takes it five times longer.
    fields: dict[str, Any] = {name: value for name, value in zip(row.keys(), row, strict=True) if name in _OF_JOB}
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
