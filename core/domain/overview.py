"""What the console lists: one line of each list, amounts and counts, never members' words. Pure."""

from dataclasses import dataclass

from core.domain.quota import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A community in which somebody was seen."""

    community: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """Somebody who was seen in a community."""

    member: str
    name: str
    handle: str
    quota: Quota | None
    """Their own, if an admin set one."""
    used_micros: int
    """Drawn from the allowance this month, holds included."""
    balance_micros: int
    blocked: bool
    blocked_until_ms: int | None
    """None: for good, if blocked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A request for credit that waits for a decision."""

    credit_request_id: str
    member: str
    name: str
    amount_micros: int
    asked_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityLine:
    """A community, as its operators see it."""

    community: str
    title: str
    state: str
    """An `Approval`, or "" where nobody decides."""
    added_name: str
    used_micros: int
    """Charged and set aside this month."""
    pool_micros: int | None
    """None: it has no pool."""
    waits: bool
    """Whether orders are refused until an operator decides; else a setting may let in what waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """An order that is under way, without its words."""

    job_id: str
    community: str
    product: str
    cost_micros: int
    created_ms: int
    stage: str
    reason: str
    """Why there is no audio yet, if something is in the way; a `Reason`."""
    worker_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """What a month cost."""

    month_ms: int
    used_micros: int
    """Charged to members or set aside."""
    upstream_micros: int
    """What the operator may have to pay, counted against the total pool."""
