"""Orders that were placed, offered or refused before: placed now, or once more."""

import logging
from dataclasses import replace
from typing import Any

from core.domain.errors import StoreError
from core.domain.kept_orders import KeptOrder
from core.domain.models import Job
from core.domain.orders import Destination, Order
from core.domain.people import Caller
from core.domain.receipts import Accepted
from core.domain.refusals import Missing, Need, NotFound, NotPermitted
from core.domain.reports import CreditRequest
from core.engine.first_words import FirstWord
from core.service.placing import Placing, planned

log = logging.getLogger(__name__)

PRESS_MS = 10_000
"""A button that the same person presses again within this time was pressed once."""


class Repeating(Placing):
    """The part of the service that places what it knows already."""

    async def confirm(
        self, caller: Caller, offer_id: str, destination: Destination | None = None, reading: int | None = None
    ) -> Accepted:
        """Place an order whose price its member agrees to, or whose reading they choose, once.

        The answer goes to `destination`. Choosing a reading agrees to no price. Raises NeedsConfirmation.
        """
        order, agreed_micros = await self._store.read_offer(await self.credit.orderer(caller, offer_id), offer_id)
        if order.readings:
            name = dict(enumerate(order.readings)).get(reading or 0)
            if name is None:
                raise NotFound(Missing.OFFER, offer_id)
            turns = order.casts.get(name, order.turns)
            order = replace(order, parameters=order.readings[name], turns=turns, readings={}, casts={}, unclear=())
        elif reading is not None:
            agreed_micros = 0
        order = replace(order, destination=destination or order.destination)
        with self._counted(order.product):
            accepted = await self._order(order, self.catalog[order.product], agreed_micros, None)
        try:
            await self._store.drop_offer(offer_id)
        except StoreError as error:  # it expires; pressed again before, it is the same event, and so the same job
            log.warning("job %s: its offer is not dropped: %s", accepted.job, error)
        return accepted

    async def kept_with(self, request: CreditRequest, community: str) -> tuple[KeptOrder, int] | None:
        """Return the order that is kept with a credit request, and what it costs today, in micros."""
        kept = await self._store.kept_with(request.credit_request_id, community)
        if kept is None:
            return None
        order = kept.order
        parts = await planned(self.catalog[order.product], order.parameters, order.turns)
        return kept, sum(part.cost_micros for part in parts)

    async def order_kept(
        self,
        caller: Caller,
        order_id: str,
        agreed_micros: int,
        destination: Destination,
        first_word: FirstWord | None = None,
    ) -> Accepted:
        """Place an order that was refused and kept, once, for the price that its member agrees to.

        Raises NotFound, NotPermitted and as `order`; it is kept then.
        """
        kept = await self._store.kept_order(await self.credit.orderer(caller, order_id), order_id)
        order = replace(kept.order, destination=destination)
        with self._meters.outcome("orders", order.product):
            accepted = await self._order(order, self.catalog[order.product], agreed_micros, first_word)
        try:
            await self._store.drop_kept(order_id)
        except StoreError as error:  # it is forgotten after a day; pressed again before, it is the same event
            log.warning("job %s: the order that was kept is not dropped: %s", accepted.job, error)
        return accepted

    async def ordered_here(self, caller: Caller, job_id: str) -> Job:
        """Return an order of the caller's, or of anybody in the same channel. Raises NotFound, NotPermitted."""
        job = await self._find(job_id)
        if job is None or not self.catalog[job.product].text_of(job.parameters):
            raise NotFound(Missing.JOB, job_id)
        is_mine = job.member == caller.member
        is_here = job.community == caller.community and (is_mine or job.channel == caller.channel)
        if not is_here and not (is_mine and caller.direct):
            raise NotPermitted(Need.OWNER)
        return job

    async def anew(
        self,
        caller: Caller,
        job_id: str,
        destination: Destination,
        first_word: FirstWord | None = None,
        *,
        voice: str | None = None,
    ) -> Accepted:
        """Order once more what somebody ordered here; who asks for it pays, and within seconds it is one order.

        Without a `voice` it is a new take. Its price is agreed to, as it is told before.

        Raises NotFound, NotPermitted and as `order`.
        """
        job = await self.ordered_here(caller, job_id)
        event_id = await self._event_of_press(caller, job_id if voice is None else f"{job_id}:{voice}")
        other = {} if voice is None else {self.catalog[job.product].speaker: voice}
        order = replace(_copied(job, caller, event_id, destination, **other), fresh=voice is None)
        with self._counted(job.product):
            return await self._order(order, self.catalog[job.product], job.cost_micros, first_word)

    async def repeat(
        self, caller: Caller, event_id: str, destination: Destination, first_word: FirstWord | None = None
    ) -> Accepted:
        """Order once more what the caller heard last here, as if it were written again. Raises NotFound and as `order`.

        Who speaks in a dialogue is not kept as it was asked for, so those are not repeated.
        """
        jobs = await self.history(caller, 1)
        if not jobs:
            raise NotFound(Missing.LAST, event_id)
        (job,) = jobs
        if self.catalog[job.product].is_dialogue(part.parameters for part in job.parts):
            raise NotFound(Missing.DIALOGUE, event_id)
        order = _copied(job, caller, event_id, destination)
        with self._counted(order.product):
            return await self._order(order, self.catalog[order.product], 0, first_word)

    async def _event_of_press(self, caller: Caller, about: str) -> str:
        """Name a press so that those of a few seconds have one name, wherever the clock's hand stands."""
        now_ms = self._clock.now_ms()
        now, before = (f"{caller.member}:anew:{about}:{now_ms // PRESS_MS - n}" for n in range(2))
        made = await self._find(event_id=before)
        if made is None:
            return now
        pressed_ms = made.created_ms if made.event_id == before else made.reached_ms
        return before if self._clock.since_ms(pressed_ms) < PRESS_MS else now

    async def history(self, caller: Caller, most: int = 10, *, community: str = "") -> list[Job]:
        """Return the caller's newest orders whose audio is kept.

        Those of a community, of this one, or in a direct chat of everywhere.
        """
        here = community or ("" if caller.direct else caller.community)
        return await self._store.history(caller.member, here or None, most)


def _copied(job: Job, caller: Caller, event_id: str, destination: Destination, **other: Any) -> Order:
    """Return an order as a former one; its words were pronounced then."""
    return Order(
        event_id=event_id,
        caller=caller,
        product=job.product,
        parameters={**job.parameters, **other},
        destination=destination,
    )
