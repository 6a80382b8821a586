"""What admins and operators do, as the audit keeps it: codes that are never renamed. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

CommandName = NewType("CommandName", str)
"""The word of a command that somebody may not use: what they wanted to do by it is not known."""


class Action(StrEnum):
    """What is done, or refused, when somebody uses a command or a button."""

    QUOTA_SET = "quota set"
    QUOTA_CLEAR = "quota clear"
    GRANT = "grant"
    REVOKE = "revoke"
    APPROVE = "approve"
    DECLINE = "decline"
    BLOCK = "block"
    UNBLOCK = "unblock"
    DELETE = "delete"
    """What members reported."""
    DISMISS = "dismiss"
    LIMIT_LONGEST_TEXT = "limits longest_text"
    LIMIT_IN_FLIGHT = "limits in_flight"
    LIMIT_COOLDOWN = "limits cooldown_s"
    LIMIT_CONFIRM = "limits confirm_micros"
    LIMIT_PRODUCTS = "limits products"
    LIMIT_CHANNELS = "limits channels"
    LIMIT_VOICE = "limits voice"
    PRONOUNCE = "pronounce"
    POOL = "pool"
    COMMUNITIES = "communities"
    CLAIM = "claim"
    RESUME = "resume"
    RESTORE = "restore"
    """An earlier copy took the place of all that is remembered."""


class Outcome(StrEnum):
    """What came of an act: it was applied, or refused by one of the classes in `core.domain.refusals`."""

    APPLIED = "applied"
    NOT_PERMITTED = "refused: NotPermitted"
    INVALID_INPUT = "refused: InvalidInput"
    UNCLEAR_REASON = "refused: UnclearReason"
    NOT_FOUND = "refused: NotFound"
    NOT_ENOUGH = "refused: NotEnough"
    DECIDED = "refused: Decided"
    COMMUNITY_DECIDED = "refused: CommunityDecided"
    REFUSED = "refused"
    """Otherwise, or by what another release knows."""

    @classmethod
    def _missing_(cls, _value: object) -> "Outcome":
        return cls.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody's attempt to change something, as the audit will name it."""

    audit_id: str
    community: str
    actor: str
    actor_name: str
    name: Action | CommandName
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to whom, when, and what came of it."""

    at_ms: int
    actor: str
    actor_name: str
    act: str
    """The name of an `Act`, or what another release called it."""
    target: str
    target_name: str
    """Of the member that was meant, if it is known."""
    before: str
    after: str
    outcome: Outcome
