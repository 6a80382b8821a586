"""Tell a member why there is no audio, or ask what they take."""

import logging

from core.domain.changes import Shown
from core.domain.copies import replaced
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from core.domain.lifecycle import Late
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.quota import DAY_MS
from core.domain.receipts import Receipt
from core.engine.lease import Lease, require
from core.engine.places import next_place
from core.engine.progress import Progress
from core.engine.receipts import Receipts
from core.ports import ArtifactStore, Clock, Deliveries
from core.stores.store import Store

log = logging.getLogger(__name__)

TELL_MS = 7 * DAY_MS
"""How long telling a member is retried."""


class Teller:
    """Carries jobs without delivered audio from their end, or their question, to the chat."""

    def __init__(
        self,
        *,
        store: Store,
        deliveries: Deliveries,
        progress: Progress,
        receipts: Receipts,
        clock: Clock,
        artifacts: ArtifactStore,
        lease: Lease,
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._progress = progress
        self._receipts = receipts
        self._clock = clock
        self._artifacts = artifacts
        self._lease = lease

    async def tell(self, job: Job) -> None:
        """Tell the member how it ended, then close the job; one that asks stays open.

        Raises DeliveryDelayed, Stopping, StoreError.
        """
        job = await self._progress.over(job)
        require(self._lease, job)
        try:
            await self._tell(job, await self._receipts.of_end(job))
        except DeliveryDelayed:
            if self._clock.since_ms(job.reached_ms) < TELL_MS:
                raise
            log.warning("job %s: the member was not told that it is %s: too late now", job, job.stage)
        except DeliveryError as error:
            log.warning("job %s: the member could not be told that it is %s: %s", job, job.stage, error)
        if not job.ended:
            await self._store.update(job, shown=Shown.ASKED)
            return
        await self._store.close_job(job, await self._kept(job))
        if not job.artifacts:
            await self._artifacts.drop(job.job_id)

    async def _tell(self, job: Job, ending: Receipt) -> None:
        """Tell the member where the chat takes it, each place once."""
        tried = [job.destination]
        while True:
            try:
                return await self._deliveries[job.platform].tell(replaced(job, destination=tried[-1]), ending)
            except DeliveryRefused as error:
                if next_place(error, tried) is None:
                    raise
                log.info("job %s: telling its member elsewhere: %s", job, error)

    async def _kept(self, job: Job) -> Destination | None:
        """Return what to keep of the destination, which telling may have changed."""
        if job.late is not Late.AWAITED:
            return None
        return self._deliveries[job.platform].lasting(await self._store.again(job))
