"""`troubadour job`: all that is recorded of one job, beside the running service."""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, fields
from typing import Any

from bots.text.trace_replies import NOT_RECORDED, trace
from core.domain.errors import ConfigurationError
from core.domain.models import Artifact, Delivery, Generation, Job
from core.domain.orders import Destination
from core.domain.shown import shown
from core.domain.traces import Trace
from core.engine.traces import Traces

MOST_DELIVERIES = 50
MOST_NAMED = 5
"""Jobs that are listed where a name stands for several."""
LONGEST_NAME = 200
_PLACES = ("place", "channel_id", "message_id", "chat", "thread", "order", "status")
"""What of a destination is no secret: ids in their chat."""
_SECRET = {"parameters", "callback_token", "artifacts", "destination", "generations", "delivery", "kept", "outlook"}
"""Words, tokens and paths; and what stands elsewhere in the JSON."""


async def traced(opening: AbstractAsyncContextManager[Traces], name: str, *, as_json: bool = False) -> str:
    """Return what to print of the job that a name stands for. Raises ConfigurationError, StoreError."""
    async with opening as traces:
        found = await traces.trace(await _job_id(traces, name), MOST_DELIVERIES)
    if as_json:
        return json.dumps(_plain(found), indent=2, ensure_ascii=False)
    return trace(found, {each.delivery.number: _written(_place(each.destination)) for each in found.handovers})


async def _job_id(traces: Traces, name: str) -> str:
    """Return the job that is meant by its id, by one as in the log, by a beginning or by the gateway's request."""
    name = shown(name, LONGEST_NAME + 1).removesuffix(":").rstrip()
    if not name or len(name) > LONGEST_NAME:
        raise ConfigurationError("Write a job's id, the beginning of one or a request id of the gateway's.")
    in_log = name.lower().partition(".")[0]
    for each in dict.fromkeys((name, in_log)):
        if found := await traces.named(each):
            return found
    several = await traces.beginning(in_log, MOST_NAMED + 1) if in_log else ()
    if len(several) > 1:
        listed = ", ".join(several[:MOST_NAMED]) + (" and more" if len(several) > MOST_NAMED else "")
        raise ConfigurationError(f"Several jobs begin with {name}: {listed}. Write more of the id.")
    if not several:
        raise ConfigurationError(_unknown(name))
    return several[0]


def _unknown(name: str) -> str:
    return (
        f"There is no job {name}, none that begins so, and no request of that name. A job's id is on its lines in the "
        "log, under Details in its chat, and in troubadour ledger export."
    )


def _plain(found: Trace) -> Mapping[str, Any]:
    return {
        "job": _told(found.job),
        "generations": [_told(made) | {"audio": list(map(_audio, made.artifacts))} for made in found.job.generations],
        "deliveries": [
            _told(each.delivery) | {"opened_ms": each.opened_ms, "place": _place(each.destination)}
            for each in found.handovers
        ],
        "deliveries_in_all": found.deliveries,
        "ledger": [asdict(entry) for entry in found.entries],
        "hold": asdict(found.hold) if found.hold else None,
        "moments": [asdict(moment) for moment in found.moments],
        "not_recorded": list(NOT_RECORDED),
    }


def _told(value: Job | Generation | Delivery) -> dict[str, Any]:
    told = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in _SECRET}
    return told | ({"asker": value.asker and asdict(value.asker)} if isinstance(value, Delivery) else {})


def _audio(artifact: Artifact) -> dict[str, Any]:
    return {"size_bytes": artifact.size_bytes, "kind": artifact.probe.kind, "duration_ms": artifact.probe.duration_ms}


def _place(destination: Destination) -> dict[str, Any]:
    return {name: destination.data[name] for name in _PLACES if destination.data.get(name) is not None}


def _written(place: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in place.items())
