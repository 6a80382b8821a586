"""Warn a member, or a community's admins, that little is left of what may be spent."""

import asyncio
import logging

from core.domain.errors import DeliveryError, StoreError
from core.domain.models import Job
from core.domain.receipts import Receipt
from core.domain.warnings import Budget, BudgetWarning, warnings_of
from core.ports import Deliveries
from core.stores.store import Store

log = logging.getLogger(__name__)

WARN_S = 10.0
MOST_KNOWN = 10_000


class Warnings:
    """Looks at what an order has left, which its receipt knows, and tells of it once a period."""

    def __init__(self, store: Store, deliveries: Deliveries) -> None:
        self._store = store
        self._deliveries = deliveries
        self._told: dict[tuple[str, str], tuple[int, int]] = {}
        """Of a member or a community: until when, and how much was used. The store knows it for all processes."""

    async def look(self, done: Receipt) -> None:
        """Warn of what an order that was charged has brought near its end."""
        for warning in warnings_of(done.standing, done.charged_micros) if done.charged_micros else ():
            whose = (done.job.community, done.job.member if warning.budget is Budget.ALLOWANCE else "")
            ends_ms, percent = self._told.get(whose, (0, 0))
            if (ends_ms != warning.ends_ms or percent < warning.percent) and await self._tell(done.job, warning):
                if len(self._told) >= MOST_KNOWN:
                    self._told.clear()
                self._told[whose] = (warning.ends_ms, warning.percent)

    async def _tell(self, job: Job, warning: BudgetWarning) -> bool:
        """Tell it, if it is our turn; return whether it is told now. After a refusal the next order tries again."""
        try:
            if await self._store.claim_warning(job.community, job.member, warning):
                await self._send(job, warning)
        except (StoreError, DeliveryError) as error:
            log.warning("job %s: nobody is told that the %s runs out: %s", job, warning.budget, error)
            return False
        except Exception:
            log.exception("job %s: nobody is told that the %s runs out", job, warning.budget)
        return True

    async def _send(self, job: Job, warning: BudgetWarning) -> None:
        try:
            async with asyncio.timeout(WARN_S):
                await self._deliveries[job.platform].warn(job, warning)
        except DeliveryError:
            await self._store.drop_warning(job.community, job.member, warning)
            raise
        log.info("job %s: told that %d %% of the %s is used", job, warning.percent, warning.budget)
