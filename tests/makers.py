"""Short ways to the values that tests need."""

import itertools
from dataclasses import fields, replace
from typing import Any

from bots.web.server import Web
from core.domain.admission import Admission
from core.domain.audit import Act, CommandName
from core.domain.lifecycle import JobState, State, concluded
from core.domain.models import Generation, Job
from core.domain.orders import Destination, Order
from core.domain.parts import Part
from core.domain.people import Caller
from core.domain.quota import Period, Quota
from core.engine.meters import Meters
from core.service.service import Service

_numbers = itertools.count(1)

_BLANK_GENERATION = Generation(
    number=1, part=1, parameters={}, characters=0, cost_micros=0, state=State.QUEUED, callback_token="", updated_ms=0,
)  # fmt: skip
BLANK = Job(
    job_id="", event_id="", platform="test", community="c", member="m", member_name="", direct=False, product="speech",
    parameters={}, characters=0, cost_micros=0, state=JobState.OPEN, destination=Destination("test"), channel="",
    created_ms=0, updated_ms=0, generations=(_BLANK_GENERATION,),
)  # fmt: skip
_OF_JOB = {field.name for field in fields(Job)}


def job(like: Job = BLANK, **changes: Any) -> Job:
    """Return a job of one generation; what is no field of a job is its generation's, and `state` is either's."""
    state = changes.pop("state", None)
    own = {name: value for name, value in changes.items() if name in _OF_JOB}
    (made,) = like.generations
    shared = {name: own[name] for name in ("parameters", "characters", "cost_micros") if name in own}
    made = replace(made, **shared, **{name: value for name, value in changes.items() if name not in _OF_JOB})
    if isinstance(state, State):
        made = replace(made, state=state)
        own["state"] = concluded([state]) if state is not State.LATE else JobState.EXPIRED
    elif isinstance(state, JobState):
        own["state"], made = state, replace(made, state=ENDS_AS.get(state, made.state))
    return replace(like, **own, generations=(made,))


ENDS_AS = {
    JobState.READY: State.FETCHED,
    JobState.FAILED: State.FAILED,
    JobState.EXPIRED: State.EXPIRED,
    JobState.CANCELLED: State.CANCELLED,
}


def caller(member: str = "ann", *, community: str = "band", **changes: Any) -> Caller:
    fields: dict[str, Any] = {
        "platform": "test",
        "community": f"test:{community}",
        "member": f"test:{member}",
        "name": member.title(),
        "handle": member,
    }
    return Caller(**{**fields, **changes})


def order(who: Caller | None = None, text: str = "Hello everyone", **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "event_id": f"test:{next(_numbers)}",
        "caller": who or caller(),
        "product": "speech",
        "parameters": {"text": text, "voice": "Aria"},
        "destination": Destination("test", {"token": "interaction-secret"}),
    }
    return Order(**{**fields, **changes})


def web_of(service: Service | None, host: str = "127.0.0.1") -> Web:
    """Return the web server over a service, at any port, with nothing to say of its health."""

    async def nothing_wrong() -> dict[str, str]:
        return {}

    async def no_metrics() -> str:
        return ""

    return Web(host, 0, service, meters=Meters(), checks=nothing_wrong, metrics=no_metrics, hooks={})


def act(name: str = "test", target: str = "", *, community: str = "band") -> Act:
    return Act(
        audit_id=f"act{next(_numbers):05d}",
        community=f"test:{community}",
        actor="test:boss",
        actor_name="Boss",
        name=CommandName(name),
        target=target,
    )


def day(limit_micros: int | None) -> Quota:
    return Quota(limit_micros=limit_micros, period=Period.DAY)


def admission(
    placed: Order | None = None,
    *,
    cost: int = 1400,
    quota: Quota | None = None,
    parts: int = 1,
    callback_token: str = "",
    **changes: Any,
) -> Admission:
    number = next(_numbers)
    placed = placed or order()
    characters = changes.get("characters", 14)
    fields: dict[str, Any] = {
        "order": placed,
        "job_id": f"job{number:05d}",
        "parts": [
            Part(
                number=n,
                parameters=placed.parameters,
                characters=characters * n // parts - characters * (n - 1) // parts,
                cost_micros=cost * n // parts - cost * (n - 1) // parts,
                pause_ms=0,
            )
            for n in range(1, parts + 1)
        ],
        "tokens": [callback_token or f"token{number}", *(f"token{number}-{n}" for n in range(1, parts))],
        "parameters": placed.parameters,
        "characters": characters,
        "price_micros": cost * 1000 // characters,
        "cost_micros": cost,
        "operator_quota": quota or day(100_000),
        "max_waiting": 1000,
    }
    return Admission(**{**fields, **changes})
