"""What is remembered of jobs and money, and in the same place of all that belongs to members."""

from collections.abc import Sequence
from typing import Protocol, Unpack

from core.domain.admission import Admission, Admitted
from core.domain.changes import Changes, DeliveryChanges, GenerationChanges, MoveChanges
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.people import Asker
from core.stores.credit_requests import CreditRequestStore
from core.stores.members import MemberStore
from core.stores.reports import ReportStore


class Store(MemberStore, CreditRequestStore, ReportStore, Protocol):
    """Remembers jobs and money. Each method is one transaction; a failure leaves nothing half done.

    Raises StoreError; StaleJob where a job has moved on, or to another worker, since it was read.
    """

    async def admit(self, admission: Admission) -> Admitted:
        """Decide on an order and, if it is admitted, write job, hold and ledger entry, all in one transaction.

        One that `repeats` holds nothing where the same audio is kept, of its member's newest job or else of one of the
        same channel: that job is opened to be delivered again.
        """
        ...

    async def move(self, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
        """Move one of a job's generations along its table, with changes to its other fields.

        With the last that ends, the job comes to its own outcome (`lifecycle.concluded`): its hold is charged or
        released, and where it is ready it has a first delivery, to its destination.
        """
        ...

    async def cancel(self, job: Job, reason: Reason) -> Job:
        """Cancel what of a job waits for its submission. Raises StaleJob where nothing does."""
        ...

    async def choose(self, job: Job, *, take: bool) -> Job:
        """Take the parts that a job has, and charge them, or nothing."""
        ...

    async def note(self, job: Job, number: int, **changed: Unpack[GenerationChanges]) -> Job:
        """Change fields of a generation that stays in its state."""
        ...

    async def move_delivery(self, job: Job, to: DeliveryState, **changed: Unpack[DeliveryChanges]) -> Job:
        """Move a job's newest delivery along its table.

        Once it is sent, the job is closed as `close_job` does; to be sent again, it is opened.
        """
        ...

    async def update(self, job: Job, **changed: Unpack[Changes]) -> Job:
        """Change fields of a job that stays in its state."""
        ...

    async def close_job(self, job: Job, destination: Destination | None = None) -> Job:
        """Record that nothing is left to do, and wipe where it went to: a destination may hold a short-lived token.

        `destination`: what is kept of it for audio that may come late.
        """
        ...

    async def redeliver(self, job: Job, destination: Destination, asker: Asker | None = None) -> Job:
        """Open a job to have its audio delivered to there: by the delivery that failed, or by one more.

        `asker`: who has it sent, unless that is its member. Raises StaleJob where it is on its way, or not kept.
        """
        ...

    async def answered(self, job_id: str, member: str) -> bool:
        """Say whether a member who is not a job's own has had its audio sent."""
        ...

    async def history(self, member: str, community: str | None, most: int) -> list[Job]:
        """Return a member's newest jobs that are closed and whose audio is kept; None: of all communities."""
        ...

    async def drop_artifacts(self, job: Job, *, chat_keeps: bool = False) -> bool:
        """Note that a job's files are not kept any longer; False where it is open, and needs them.

        `chat_keeps`: its chat keeps the audio all the same; else that is forgotten too.
        """
        ...

    async def place(self, job_id: str, destination: Destination) -> None:
        """Note more about where an open job goes, whatever its state."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """Return a job."""
        ...

    async def jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return those of these jobs that there are, in any order."""
        ...

    async def ordered(self, event_id: str) -> Job | None:
        """Return the job that a platform's event has become, or that was sent again in answer to it."""
        ...

    async def again(self, job: Job) -> Job:
        """Return a job as it is now. Raises StaleJob where another worker carries it."""
        ...

    async def unfinished(self) -> list[Job]:
        """Return every job that a worker must carry on, oldest first."""
        ...

    async def oldest_waiting(self) -> Job | None:
        """Return the order that has waited longest for its submission."""
        ...

    async def asked_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs whose members have been asked since then what they take, and have not said."""
        ...

    async def kept_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs that were closed before then and whose files are still kept, oldest first."""
        ...

    async def awaited_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs that were closed before then and whose audio may come late, oldest first."""
        ...
