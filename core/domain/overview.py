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
