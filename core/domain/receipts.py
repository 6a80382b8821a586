"""What a member is told of an order: that it is taken, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.lifecycle import DeliveryState, JobState, Reason
from core.domain.models import Job
from core.domain.quota import Standing
from core.domain.voices import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to an order; `duplicate` when the same event had made this job before."""

    job: Job
    duplicate: bool = False

    @property
    def unattended(self) -> bool:
        """Whether no worker is running that would show how the order goes on."""
        return self.job.reason == Reason.NO_WORKER


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a member is told when a job is over."""

    job: Job
    charged_micros: int
    standing: Standing
    told: bool = False
    """Whether those who run the service know of the trouble behind it."""
    awaited: bool = False
    """Its member waited so long for it that they may look elsewhere by now."""
    as_chosen: bool = True
    """The files are in the format that the member chose, not in a smaller one."""
    voices: Sequence[Voice] = ()
    """In which others it may be ordered, the likeliest first."""

    @property
    def asks(self) -> bool:
        """Whether the member is asked to take a part of what they ordered."""
        return self.job.state is JobState.ASKING

    @property
    def kept(self) -> bool:
        """Whether the audio exists and could not be handed over: it can be sent again, free."""
        return self.job.stage is DeliveryState.UNDELIVERABLE
