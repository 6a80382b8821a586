"""A worker's messages about a job, in its member's language."""

from collections.abc import Sequence

from bots.text.locale import speaking
from core.domain.audio import Want
from core.domain.models import Artifact, Destination, Job, Kept, Receipt
from core.domain.warnings import BudgetWarning
from core.ports import Delivery


class InLanguage:
    """A `Delivery` that speaks the language of each job."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def accepts(self, job: Job) -> Want:
        return self._delivery.accepts(job)

    def lasting(self, job: Job) -> Destination:
        return self._delivery.lasting(job)

    def line(self, job: Job) -> str:
        return self._delivery.line(job)

    def room_in_s(self, job: Job) -> float:
        return self._delivery.room_in_s(job)

    def shows(self, job: Job) -> bool:
        """Say whether there is progress to show."""
        with speaking(job.locale):
            return self._delivery.shows(job)

    async def progress(self, job: Job) -> None:
        """Show the job's progress."""
        with speaking(job.locale):
            await self._delivery.progress(job)

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        with speaking(job.locale):
            return await self._delivery.deliver(job, artifacts, receipt, uncertain=uncertain)

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        with speaking(job.locale):
            return await self._delivery.repeat(job, kept, receipt, uncertain=uncertain)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        with speaking(job.locale):
            await self._delivery.tell(job, receipt)

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        with speaking(job.locale):
            await self._delivery.warn(job, warning)
