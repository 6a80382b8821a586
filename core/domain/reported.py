"""Audio that members reported to those who administer their community. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from core.domain.models import Kept
from core.domain.people import Asker, Person
from core.domain.quota import DAY_MS
from core.domain.refusals import Refusal

MOST_REPORTS = 10
"""Of one member in a day."""
REPORTS_KEPT_MS = 30 * DAY_MS
BLOCK_MS = DAY_MS
"""For how long a press blocks whoever ordered what was reported."""

Message = tuple[int, int]
"""A message in a chat: the chat's number, and its own there."""


class Sent(NamedTuple):
    """An order's audio, as a chat keeps it."""

    kept: Kept
    asker: Asker | None
    """Who had it sent; None is whoever ordered it first."""


class Why(StrEnum):
    """Why a member reports audio, for the admins alone."""

    HURTFUL = "hurtful"
    FALSE = "false"
    """It passes for somebody."""
    PRIVATE = "private"
    SPAM = "spam"


class Reporter(NamedTuple):
    """Who reported something."""

    person: Person
    why: Why | None
    """None where they did not say."""


class ReportState(StrEnum):
    """What a community's admins have made of what was reported."""

    OPEN = "open"
    LEFT = "left"
    """Nothing sends it again, but its chat has the message still."""
    DELETED = "deleted"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An order whose audio was reported, by one member or more."""

    job_id: str
    member: str
    """Who had it sent: whoever ordered it, or the same again."""
    name: str
    state: ReportState
    members: int
    """How many have reported it."""
    audio: Message
    """What the first of them meant."""
    notice: Message | None = None
    """Where admins see it; None while nobody has told them."""
    decided_by: str = ""
    """What the admin is called who deleted or dismissed it."""
    blocked_by: str = ""
    """What the admin is called who blocked its member because of it."""
    blocked_until_ms: int = 0


class Unreported(StrEnum):
    """Why something is not reported."""

    OWN = "own"
    SENT = "sent"
    """The same member had it sent, of somebody else's order."""
    BEFORE = "before"
    """The same member has reported it."""
    DELETED = "deleted"
    DISMISSED = "dismissed"
    MOST = "most"
    """The member has reported much today."""


class NotReported(Refusal):
    """A report that changes nothing."""

    def __init__(self, why: Unreported) -> None:
        super().__init__(why)
        self.why = why


class ReportDecided(Refusal):
    """An admin has deleted or dismissed it before."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.job_id)
        self.report = report


class BlockedBefore(Refusal):
    """Whoever ordered it is blocked for as long, or longer."""

    def __init__(self, by: str, until_ms: int | None) -> None:
        """`by`: the admin who did it because of this; "" for another reason. `until_ms`: None for good."""
        super().__init__(by)
        self.by = by
        self.until_ms = until_ms


class BeingSent(Refusal):
    """The audio is on its way once more, so nothing can be taken away."""
