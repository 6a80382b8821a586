"""What may change in the rows of a job."""

from enum import IntEnum
from typing import TypedDict

from core.domain.lifecycle import Late, Reason
from core.domain.models import Artifact, Kept
from core.domain.orders import Destination


class Shown(IntEnum):
    """What the member of an order was told while nobody carries it."""

    NOTHING = 0
    WAITS = 1
    NO_WORKER = 2
    PERHAPS_NO_WORKER = 3
    ASKED = 4
    """What they take of an order of which some parts failed."""


class Changes(TypedDict, total=False):
    """Fields of a job that may change while it stays in its state; what is not named stays as it is."""

    destination: Destination
    late: Late
    shown: Shown
    restored: bool


class GenerationChanges(TypedDict, total=False):
    """Fields of a generation that may change; what is not named stays as it is."""

    attempts: int
    request_id: str
    submitted_ms: int
    deadline_ms: int
    reason: Reason | None
    detail: str | None
    artifacts: tuple[Artifact, ...]


class DeliveryChanges(TypedDict, total=False):
    """Fields of a delivery that may change together with its state."""

    reason: Reason | None
    detail: str | None
    destination: Destination
    kept: Kept | None


class MoveChanges(GenerationChanges, total=False):
    """Fields that may change together with a generation's state."""

    upstream_micros: int
    late: Late
    """Of its job."""
    retry_token: str
    """What failed is tried once more: by a generation that has this token for its callback."""
    sends: bool
    """The upload of what was fetched starts with this very commit."""
