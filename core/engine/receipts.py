"""What an order cost its member, and what they may still spend."""

from collections.abc import Callable

from core.domain.copies import replaced
from core.domain.lifecycle import VOIDS
from core.domain.models import Job
from core.domain.quota import Quota, Standing
from core.domain.receipts import Receipt
from core.domain.troubles import TROUBLE_OF, Troubles
from core.ports import Clock
from core.stores.store import Store

AWAITED_MS = 60_000
"""After a wait this long members look elsewhere, and are called back."""


class Receipts:
    """Writes receipts."""

    def __init__(self, store: Store, quota_for: Callable[[Job], Quota], clock: Clock, troubles: Troubles) -> None:
        self._store = store
        self._quota_for = quota_for
        self._clock = clock
        self._troubles = troubles

    async def standing(self, job: Job) -> Standing:
        """Read what a job's member may still spend."""
        return await self._store.standing(job.community, job.member, self._quota_for(job), job.roles)

    def of_audio(self, job: Job, standing: Standing) -> Receipt:
        """Return the receipt that comes with a job's audio."""
        is_again = job.delivery is not None and job.delivery.number > 1
        is_free = job.free or job.state in VOIDS or is_again
        awaited = not is_again and self._clock.since_ms(job.created_ms) > AWAITED_MS
        charged_micros = 0 if is_free else job.fetched_micros
        return Receipt(job=job, charged_micros=charged_micros, standing=standing, awaited=awaited)

    async def of_end(self, job: Job) -> Receipt:
        """Return the receipt of a job that ends without audio in the chat, or asks."""
        receipt = self.of_audio(job, await self.standing(job))
        trouble = TROUBLE_OF.get(job.why) if job.why else None
        return replaced(receipt, told=await self._troubles.told_soon(trouble)) if trouble else receipt
