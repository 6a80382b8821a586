"""A worker's messages about a job, to whoever asked for its audio and in their language."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bots.text.locale import speaking
from core.domain.audio import Want
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.receipts import Receipt
from core.domain.warnings import BudgetWarning
from core.ports import Delivery


@contextmanager
def _asked(job: Job) -> Iterator[Job]:
    """Yield the job as it is to whoever asked, and speak their language."""
    theirs = job.as_asked
    with speaking(theirs.locale):
        yield theirs


def _told(receipt: Receipt) -> Receipt:
    return receipt if receipt.job.as_asked is receipt.job else replace(receipt, job=receipt.job.as_asked)


class InLanguage:
    """A `Delivery` that speaks to whoever asked for each job's audio, in their language."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def accepts(self, job: Job) -> Want:
        return self._delivery.accepts(job)

    def lasting(self, job: Job) -> Destination:
        return self._delivery.lasting(job)

    def line(self, job: Job) -> str:
        return self._delivery.line(job.as_asked)

    def room_in_s(self, job: Job) -> float:
        return self._delivery.room_in_s(job)

    def shows(self, job: Job) -> bool:
        """Say whether there is progress to show."""
        with _asked(job) as theirs:
            return self._delivery.shows(theirs)

    async def progress(self, job: Job) -> None:
        """Show the job's progress."""
        with _asked(job) as theirs:
            await self._delivery.progress(theirs)

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        with _asked(job) as theirs:
            return await self._delivery.deliver(theirs, artifacts, _told(receipt), uncertain=uncertain)

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        with _asked(job) as theirs:
            return await self._delivery.repeat(theirs, kept, _told(receipt), uncertain=uncertain)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        with _asked(job) as theirs:
            await self._delivery.tell(theirs, _told(receipt))

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        with _asked(job) as theirs:
            await self._delivery.warn(theirs, warning)
