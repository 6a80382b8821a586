"""Begin an order once the first word on it stands in its chat, which may refuse it."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.domain.errors import DeliveryRefused, StaleJob, StoreError
from core.domain.lifecycle import Reason
from core.domain.models import Job
from core.domain.receipts import Accepted
from core.engine.calls import Calls
from core.engine.carrier import Carrier
from core.engine.waits import Waits
from core.stores.store import Store

log = logging.getLogger(__name__)

FirstWord = Callable[[Accepted], Awaitable[bool]]
"""Says the first word on an order; returns whether it is said. Raises DeliveryRefused where the bot may not write."""
FIRST_WORD_S = 1.0
"""The longest that an order waits for it: a chat that is slow holds nothing up."""


class FirstWords:
    """Hands orders to the worker, or takes them back."""

    def __init__(self, store: Store, worker: Carrier, waits: Waits) -> None:
        self._store = store
        self._worker = worker
        self._waits = waits
        self._calls = Calls()

    async def begin(self, job: Job, accepted: Accepted, say: FirstWord | None) -> None:
        """Say the first word, if there is one to say, and hand the order to the worker; void where it is refused."""
        try:
            if say is not None and await self._refused(accepted, say):
                with suppress(StaleJob, StoreError):  # another worker was faster, or will be: its delivery copes
                    job = await self._store.cancel(job, Reason.CHAT_MUTE)
        finally:
            self._worker.accept(job)

    async def _refused(self, accepted: Accepted, say: FirstWord) -> bool:
        try:
            await self._calls.within(FIRST_WORD_S, self._say(accepted, say))
        except TimeoutError:
            return False
        except Exception as error:  # noqa: BLE001 - the order goes on without it
            log.info("job %s: its first word is not said: %s", accepted.job, error)
            return isinstance(error, DeliveryRefused)
        return False

    async def _say(self, accepted: Accepted, say: FirstWord) -> None:
        if await say(accepted):
            self._waits.first_sign(accepted.job)
