"""An order on its way into the store, and what was decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.digests import digest_of
from core.domain.models import Job
from core.domain.orders import Order
from core.domain.parts import Part
from core.domain.quota import Quota, Standing
from core.domain.refusals import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A validated and priced order on its way into the store."""

    order: Order
    job_id: str
    parts: Sequence[Part]
    """At least one: what is asked of the gateway."""
    tokens: Sequence[str]
    """For the parts' callbacks."""
    parameters: Mapping[str, Any]
    characters: int
    price_micros: int
    """Per 1,000 characters: it is kept, so that the cost can be checked."""
    cost_micros: int
    operator_quota: Quota
    """In force where neither the member nor the community has a quota."""
    max_waiting: int
    """Unresolved jobs that one member may have."""
    confirmed: bool = False
    """The member has agreed to the price."""
    repeats: bool = False
    """Where the same audio is kept, that answers it."""
    dearer: bool = False
    """What is spoken costs so much more than what was written that the member is asked first."""

    @property
    def digest(self) -> str:
        """What is the same for orders of the same audio."""
        return digest_of(self.order.product, self.parameters, self.order.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """An order that nobody places, to see what would refuse it."""

    community: str
    member: str
    roles: Sequence[str] = ()
    direct: bool = False
    channel: str | None = ""
    """None: some channel in which orders are taken."""
    product: str
    characters: int
    cost_micros: int
    operator_quota: Quota
    max_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What the one write transaction decided.

    `job` is the new job, or the earlier one of the same event (`duplicate`), or one of the same audio, which is sent
    again, or None when the order was refused: then `refused_by` names the limit, and `standing` is what the decision
    saw.
    """

    job: Job | None = None
    duplicate: bool = False
    standing: Standing | None = None
    refused_by: Limit | None = None
