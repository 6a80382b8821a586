"""Jobs, with their generations, deliveries and files. Pure values, which travel between service, worker and store."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, Self

from core.domain.audio import Probe
from core.domain.jsontype import JSON
from core.domain.lifecycle import (
    ASKS,
    DELIVERY_ENDS,
    VOIDS,
    DeliveryState,
    JobState,
    Late,
    Reason,
    Stage,
    State,
    furthest,
)
from core.domain.orders import Destination
from core.domain.people import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One finished audio file."""

    path: str
    """In the spool; "" where only the chat has it."""
    probe: Probe
    size_bytes: int

    @classmethod
    def of(cls, path: Path, probe: Probe, size_bytes: int) -> Self:
        """Describe a file that was probed."""
        return cls(path=str(path), probe=probe, size_bytes=size_bytes)

    @classmethod
    def from_json(cls, data: JSON | list[Any]) -> Self:
        """Read what `to_json` wrote, in this release or with names in an earlier one."""
        if isinstance(data, dict):
            return cls(**{**data, "probe": Probe(**data["probe"])})
        path, size_bytes, *probe = data
        return cls(path=path, probe=Probe(*probe), size_bytes=size_bytes)

    def to_json(self) -> list[Any]:
        """Return plain values for the store."""
        return [self.path, self.size_bytes, *astuple(self.probe)]


Kept = Mapping[str, Any]
"""What a chat keeps of audio that it took (JSON); read by its platform alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Our row for handing a job's audio to one place in a chat."""

    number: int
    """From 1, among the job's."""
    state: DeliveryState
    updated_ms: int
    """When it came into its state."""
    attempts: int = 0
    """How often it was begun."""
    reason: Reason | None = None
    """What went wrong."""
    detail: str | None = None
    """The platform's own words, for the operator."""
    kept: Kept | None = None
    """What the chat has of the audio from an earlier delivery, and once this one is sent, from this one."""
    event_id: str | None = None
    """The order that it answers, where that is another than its job's."""
    asker: Asker | None = None
    """Who placed that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Our row for one request to the gateway. A part that is tried again has one more: each is submitted once."""

    number: int
    """From 1, among the job's."""
    part: int
    """From 1, in the order in which the job's parts are heard."""
    parameters: Mapping[str, Any]
    characters: int
    cost_micros: int
    state: State
    callback_token: str
    updated_ms: int
    """When it came into its state."""
    pause_ms: int = 0
    """Silence after its audio, before the next part."""
    attempts: int = 0
    request_id: str | None = None
    submitted_ms: int | None = None
    deadline_ms: int | None = None
    reason: Reason | None = None
    """Why there is no audio, or not yet."""
    detail: str | None = None
    """The gateway's own words, for the operator."""
    artifacts: tuple[Artifact, ...] = ()
    upstream_micros: int = 0
    """What the gateway charges the operator, where nobody else pays for it."""

    @property
    def without_files(self) -> tuple[Artifact, ...]:
        """The artifacts without their files, where the chat keeps those."""
        return tuple(replace(artifact, path="") for artifact in self.artifacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How long an order takes, as far as it can be told now."""

    usual_s: float
    """From its beginning to its audio."""
    before: int | None = None
    """How many others begin before it; None where it begins at once, or has begun."""
    at_most: bool = False
    """Whether perhaps fewer begin before it."""
    running_s: float | None = None
    """How long ago it began, if it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Our row for an order. Times are milliseconds since 1970, UTC."""

    job_id: str
    event_id: str
    platform: str
    community: str
    member: str
    member_name: str
    direct: bool
    product: str
    parameters: Mapping[str, Any]
    characters: int
    cost_micros: int
    """What is held for it; what is charged is `charged_micros`."""
    state: JobState
    destination: Destination
    """Where words and audio go now: its delivery's, once there is one."""
    channel: str
    created_ms: int
    updated_ms: int
    """When it came into its state."""
    generations: tuple[Generation, ...]
    """By number."""
    held_back: Reason | None = None
    """Why no order is submitted now, where its member is shown that."""
    outlook: Outlook | None = None
    """What its member is shown of how long it takes."""
    delivery: Delivery | None = None
    """The newest; None until the job is ready."""
    roles: tuple[str, ...] = ()
    """The member's roles when it was ordered."""
    worker_id: str = ""
    """The worker that carries it, where several share the store: the token that fences off former workers."""

    late: Late = Late.NO
    locale: str = ""
    """The language of its member, for words that another process may write."""
    shown: int = 0
    """A `Shown`."""
    closed_ms: int | None = None
    """When nothing was left to do."""
    restored: bool = False
    """It was under way in a copy that took the database's place, so its audio may have been sent since."""

    def __str__(self) -> str:
        """Name the job, as in a line of the log, which then knows all about it."""
        return self.job_id

    @property
    def free(self) -> bool:
        """Whether the audio came after the hold was released."""
        return self.late is Late.CAME

    @property
    def parts(self) -> tuple[Generation, ...]:
        """Each part's newest generation, in the order in which they are heard."""
        if len(self.generations) == 1:
            return self.generations
        newest = {generation.part: generation for generation in self.generations}
        return tuple(newest[part] for part in sorted(newest))

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The audio of all parts that have some, in order."""
        return tuple(artifact for part in self.parts for artifact in part.artifacts)

    @property
    def reason(self) -> Reason | None:
        """Why there is no audio, or not yet: the first of its parts' reasons."""
        return self.held_back or next((part.reason for part in self.parts if part.reason), None)

    @property
    def fetched(self) -> tuple[Generation, ...]:
        """The parts that have audio, in order."""
        return tuple(part for part in self.parts if part.state is State.FETCHED)

    @property
    def is_in_part(self) -> bool:
        """Whether some of its parts have audio, and others do not."""
        return 0 < len(self.fetched) < len(self.parts)

    @property
    def fetched_micros(self) -> int:
        """What the parts cost that have audio."""
        return sum(part.cost_micros for part in self.fetched)

    @property
    def fetched_characters(self) -> int:
        """How long the parts are that have audio."""
        return sum(part.characters for part in self.fetched)

    @property
    def begun_ms(self) -> int | None:
        """When the first of its generations was submitted; one that was not taken waits again."""
        begun = (made.submitted_ms for made in self.generations if made.state is not State.QUEUED)
        return min((at_ms for at_ms in begun if at_ms is not None), default=None)

    @property
    def waits(self) -> bool:
        """Whether nothing of it has been submitted, so that its member may take it back."""
        return self.delivery is None and all(made.state is State.QUEUED for made in self.generations)

    @property
    def stage(self) -> Stage:
        """How far it is: its delivery's state, once there is one, and its generations' while they are under way."""
        if self.delivery:
            return self.delivery.state
        states = {generation.state for generation in self.generations}
        under_way = self.state is JobState.OPEN or not ASKS.isdisjoint(states)
        return furthest(states) if under_way else self.state

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do but to tell its member."""
        return self.stage in VOIDS | DELIVERY_ENDS

    @property
    def reached_ms(self) -> int:
        """When it came to how far it is."""
        return self.delivery.updated_ms if self.delivery else self.updated_ms

    @property
    def kept(self) -> Kept | None:
        """What its chat keeps of the audio."""
        return self.delivery.kept if self.delivery else None

    @property
    def awaits_request(self) -> bool:
        """Whether its audio may have been sent before and goes only to whoever asks for it, as nobody has yet."""
        delivery = self.delivery
        return self.restored and delivery is not None and delivery.number == 1 and delivery.reason is None

    @property
    def is_repeat(self) -> bool:
        """Whether its newest delivery answers another order, for which nothing was made."""
        return self.delivery is not None and self.delivery.event_id is not None

    @property
    def as_asked(self) -> "Job":
        """The job with whoever asked for its newest delivery in its member's place."""
        asker = self.delivery.asker if self.delivery else None
        if asker is None:
            return self
        return replace(self, member=asker.member, member_name=asker.name, locale=asker.locale)

    @property
    def why(self) -> Reason | None:
        """Why there is no audio in the chat."""
        return self.delivery.reason if self.delivery else self.reason

    def named(self, number: int) -> str:
        """Return the name of one of its generations; `job_id.0` is the job apart from them."""
        return f"{self.job_id}.{number}"

    def generation(self, number: int) -> Generation:
        """Return one of its generations."""
        return self.generations[number - 1]
