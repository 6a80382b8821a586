"""Short ways to the values that tests need."""

import itertools
from typing import Any

from bots.web.server import Web
from core.domain.admission import Admission
from core.domain.audit import Act, CommandName
from core.domain.lifecycle import State
from core.domain.models import Caller, Destination, Job, Order
from core.domain.quota import Period, Quota
from core.engine.meters import Meters
from core.service import Service

_numbers = itertools.count(1)

BLANK = Job(
    job_id="", event_id="", platform="test", community="c", member="m", member_name="", direct=False, product="speech",
    parameters={}, characters=0, cost_micros=0, state=State.QUEUED, destination=Destination("test"), channel="", callback_token="",
    created_ms=0, updated_ms=0,
)  # fmt: skip


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
    placed: Order | None = None, *, cost: int = 1400, quota: Quota | None = None, **changes: Any
) -> Admission:
    number = next(_numbers)
    placed = placed or order()
    characters = changes.get("characters", 14)
    fields: dict[str, Any] = {
        "order": placed,
        "job_id": f"job{number:05d}",
        "callback_token": f"token{number}",
        "parameters": placed.parameters,
        "characters": characters,
        "price_micros": cost * 1000 // characters,
        "cost_micros": cost,
        "operator_quota": quota or day(100_000),
        "max_waiting": 1000,
    }
    return Admission(**{**fields, **changes})
