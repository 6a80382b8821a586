"""Orders of several parts in a running rig, and a gateway whose files hold the words that they speak."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

from core.domain.lifecycle import JobState, Reason
from core.domain.models import Job
from core.domain.orders import Order, Turn
from core.domain.products import Product
from core.domain.quota import Period, Quota
from tests.core.engine.jobs import at_rest, current
from tests.core.rig import Answer, Incarnation, Rig, ScriptedGateway, _next
from tests.makers import caller, order

FAILED = Answer("FAILED", ())


@dataclass
class Speaking(ScriptedGateway):
    """Its files hold the words that they speak; what happens to a text is scripted by the text."""

    on_submit: dict[str, list[Any]] = field(default_factory=dict)
    on_status: dict[str, list[Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """By request id."""
    open: set[str] = field(default_factory=set)
    most: int = 0
    """The most that were open at once."""

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        text = parameters[product.billed]
        self.posted.append(text)
        await _next(self.on_submit.get(text, []))
        request_id = f"{text}{self.posted.count(text)}"
        self.texts[request_id] = text
        self.open.add(request_id)
        self.most = max(self.most, len(self.open))
        return request_id

    async def status(self, request_id: str) -> Answer:
        self.asked.append(request_id)
        text = self.texts[request_id]
        answer = await _next(self.on_status.get(text, [])) or Answer(media_urls=(text,))
        self.open.discard(request_id)
        return answer

    async def fetch(self, url: str, into: Path) -> str:
        into.write_bytes(url.encode())
        return "audio/wav"


def dialogue(*texts: str) -> Order:
    turns = (Turn(voice, text) for voice, text in zip(cycle(("Aria", "Roger")), texts, strict=False))
    return order(text=" ".join(texts), turns=tuple(turns))


async def placed(alive: Incarnation, *texts: str) -> Job:
    return (await alive.service.order(dialogue(*texts))).job


def heard(rig: Rig) -> list[tuple[str, int]]:
    """Return what was delivered, and what was charged for it."""
    return [(content.decode(), receipt.charged_micros) for _, content, receipt in rig.chat.heard]


async def charged(alive: Incarnation) -> tuple[int, int]:
    """Return what is charged and what is held."""
    standing = await alive.service.standing(caller())
    return standing.used_micros - standing.held_micros, standing.held_micros


async def asks(rig: Rig, gateway: Speaking, alive: Incarnation) -> Job:
    """Bring an order to where its member is asked: its second part of three fails for good."""
    gateway.on_status = {"Two.": [FAILED, FAILED]}
    job = await placed(alive, "One.", "Two.", "Three.")
    await at_rest(alive)
    job = await current(alive, job)
    assert (job.stage, rig.chat.told, rig.chat.heard) == (
        JobState.ASKING, [("asking", Reason.GATEWAY_FAILED)], [],
    )  # fmt: skip
    return job


def speaking_rig(folder: Path, gateway: Speaking) -> Rig:
    rig = Rig(folder, gateway=gateway)
    rig.policy = replace(rig.policy, default_quota=Quota(limit_micros=10_000_000, period=Period.DAY))
    return rig
