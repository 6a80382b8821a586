"""Placing orders: an order is validated, priced and admitted, or refused."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

from core.communities import CLOSED, Communities
from core.domain.admission import Admission, Admitted
from core.domain.allowed import Rule, allowed
from core.domain.errors import OutOfCredit, StoreAway, StoreError
from core.domain.ids import Ids
from core.domain.models import Job
from core.domain.money import cost_of
from core.domain.orders import Destination, Order, Turn
from core.domain.parts import Part, parts_of
from core.domain.people import Caller
from core.domain.policy import MOST_DEARER_PERCENT, OFFER_MS, Policy
from core.domain.products import Catalog, Product, Sound
from core.domain.quota import Standing
from core.domain.receipts import Accepted
from core.domain.refusals import (
    Cause,
    InvalidInput,
    Limit,
    Need,
    NeedsChoice,
    NeedsConfirmation,
    NotPermitted,
    OverLimit,
    Unavailable,
)
from core.domain.troubles import TROUBLE_OF, Troubles
from core.engine.carrier import Carrier
from core.engine.credit_requests import CreditRequests
from core.engine.first_words import FirstWord, FirstWords
from core.engine.meters import Meters
from core.engine.pronunciations import Pronunciations
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

LONG = 8000
"""Characters that take longer to be split than others should wait."""


class Placing:
    """The part of the service that takes orders."""

    _store: Store
    _worker: Carrier
    _policy: Policy
    _clock: Clock
    _ids: Ids
    _meters: Meters
    _troubles: Troubles
    _first_words: FirstWords
    catalog: Catalog
    pronunciations: Pronunciations
    communities: Communities
    credit: CreditRequests

    async def order(self, order: Order, *, agreed_micros: int = 0, first_word: FirstWord | None = None) -> Accepted:
        """Validate, price and admit an order, and hand it to the worker. The same event twice is one job.

        Where the same speech is kept, that is sent again instead, free.
        `agreed_micros` is the price that its member has agreed to. Where the chat refuses the first word on it, the
        order is void before it is submitted. Raises NeedsConfirmation, OverLimit and others.
        """
        product = self.catalog[order.product]
        with self._counted(order.product):
            return await self._order(await self._pronounced(order, product), product, agreed_micros, first_word)

    @contextmanager
    def _counted(self, product: str) -> Iterator[None]:
        """Count what comes of an order at once, and by which limit it is refused."""
        with self._meters.outcome("orders", product):
            try:
                yield
            except OverLimit as error:
                self._meters.count("orders_refused", product, error.limit)
                raise

    async def _pronounced(self, order: Order, product: Product) -> Order:
        try:
            return await self.pronunciations.spoken(order, product)
        except StoreError as error:
            log.warning("how words are said can't be read: %s", error)
            raise Unavailable(Cause.STORE) from error

    async def _find(self, job_id: str = "", event_id: str = "") -> Job | None:
        try:
            return await (self._store.job(job_id) if job_id else self._store.ordered(event_id))
        except StoreError as error:
            log.log(logging.ERROR, "an order can't be found: %s", error, exc_info=not isinstance(error, StoreAway))
            raise Unavailable(Cause.STORE) from error

    async def _order(
        self, order: Order, product: Product, agreed_micros: int, first_word: FirstWord | None
    ) -> Accepted:
        if not order.caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        self._check_length(order, product)
        if order.readings:
            await self._check_here(order.caller)
            await self._ask_back(order, product)
        admission = await self._admission(order, product, agreed_micros)
        self._check_open()
        try:
            admitted = await self._store.admit(admission)
        except StoreError as error:
            log.log(logging.ERROR, "an order can't be admitted: %s", error, exc_info=not isinstance(error, StoreAway))
            raise Unavailable(Cause.STORE) from error
        job = admitted.job or await self._refuse(admission, admitted)
        shown = await self._worker.seen(job) if job.waits else job
        accepted = Accepted(job=shown, duplicate=admitted.duplicate)
        if not admitted.duplicate:
            log.info("job %s: %s, %d characters, %s", job, job.product, job.characters, job.community)
            await self._first_words.begin(job, accepted, first_word)
        return accepted

    async def _admission(self, order: Order, product: Product, agreed_micros: int = 0) -> Admission:
        """Validate and price an order."""
        parts = await planned(product, order.parameters, order.turns)
        cost_micros, job_id = sum(part.cost_micros for part in parts), self._ids.job()
        characters = sum(part.characters for part in parts)
        return Admission(
            order=order,
            job_id=job_id,
            parts=parts,
            tokens=[self._ids.callback(job_id) for _ in parts],
            parameters=parts[0].parameters if len(parts) == 1 else _whole(product, order, parts[0]),
            characters=characters,
            price_micros=product.price_micros,
            cost_micros=cost_micros,
            operator_quota=self._policy.quota(direct=order.caller.direct),
            max_waiting=self._policy.max_waiting,
            confirmed=cost_micros <= agreed_micros,
            repeats=self._may_repeat(order, product),
            dearer=0 < agreed_micros < cost_micros
            or _is_dearer(cost_micros, cost_of(max(0, characters - order.added), product.price_micros)),
        )

    def _may_repeat(self, order: Order, product: Product) -> bool:
        """Say whether kept audio may answer: not of music, nor of dialogues, whose cards offer no other take."""
        return self._policy.repeats and product.sound is Sound.VOICE and not (order.fresh or order.turns)

    def _check_length(self, order: Order, product: Product) -> None:
        """Refuse what is longer than all the parts of an order may be, before it is split."""
        text, most = product.text_of(order.parameters), self._policy.longest_order
        has = sum(len(turn.text) for turn in order.turns) or len(text)
        if product.splits_at is not None and has > most:
            raise InvalidInput(product.billed, f"{text[:20]}…", allowed(Rule.SHORTER_ORDER, most=most, has=has))

    async def _check_here(self, caller: Caller) -> None:
        """Refuse whoever asks in a community that may not order."""
        if limit := CLOSED.get(await self.communities.approval(caller)):
            raise OverLimit(limit, 0, await self.standing(caller))

    def unavailable(self) -> Unavailable | None:
        """Return why no order is taken now, whoever places it."""
        try:
            self._check_open()
        except Unavailable as why:
            return why
        return None

    def _check_open(self) -> None:
        if trouble := self._worker.trouble():
            told = trouble.reason in TROUBLE_OF and self._troubles.told(TROUBLE_OF[trouble.reason])
            raise Unavailable(
                Cause.OUT_OF_CREDIT if isinstance(trouble, OutOfCredit) else Cause.MISCONFIGURED, told=told
            )
        load = self._worker.load()
        if load.waiting >= self._policy.max_queue:
            raise Unavailable(Cause.FULL, wait_s=load.wait_s)

    async def _refuse(self, admission: Admission, admitted: Admitted) -> NoReturn:
        limit, cost_micros, standing = admitted.refused_by or Limit.ALLOWANCE, admission.cost_micros, admitted.standing
        if standing is None:
            raise StoreError("an order was refused without a reason")
        if limit is Limit.ALLOWANCE and admission.order.caller.direct:
            limit = Limit.DIRECT
        if limit is Limit.COMMUNITY:
            limit = CLOSED.get(await self.communities.heard(admission.order.caller), limit)
        if limit is not Limit.CONFIRM:
            error = OverLimit(limit, cost_micros, standing, admission.characters)
            error.order_id = await self.credit.keep(admission) if error.missing_micros else ""
            raise error
        self._meters.count("orders_refused", admission.order.product, limit)
        offer_id, expires_ms = await self._offer(admission.order, admission.job_id, cost_micros)
        words = self.catalog[admission.order.product].text_of(admission.parameters)
        raise NeedsConfirmation(offer_id, cost_micros, standing, expires_ms, words)

    async def _ask_back(self, order: Order, product: Product) -> NoReturn:
        """Keep an order until its member says what they mean; nothing is held before."""
        for name, parameters in order.readings.items():
            await planned(product, parameters, order.casts.get(name, order.turns))
        self._check_open()
        offer_id, expires_ms = await self._offer(order, self._ids.job(), 0)
        words = str(order.parameters[product.billed])
        raise NeedsChoice(offer_id, tuple(order.readings), expires_ms, words, order.unclear)

    async def _offer(self, order: Order, offer_id: str, cost_micros: int) -> tuple[str, int]:
        expires_ms = self._clock.now_ms() + OFFER_MS
        # Where it is asked is not kept: it may hold a token, and whoever agrees does so at a place of their own.
        placed = replace(order, destination=Destination(order.caller.platform))
        return await self._store.offer(offer_id, placed, cost_micros, expires_ms), expires_ms

    async def standing(self, caller: Caller) -> Standing:
        """Return what the caller may spend now."""
        if not caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        quota = self._policy.quota(direct=caller.direct)
        return await self._store.standing(caller.community, caller.member, quota, caller.roles)


def _is_dearer(cost_micros: int, written_micros: int) -> bool:
    return cost_micros * 100 > written_micros * (100 + MOST_DEARER_PERCENT)


def _whole(product: Product, order: Order, first: Part) -> Mapping[str, Any]:
    """Return what the parts of an order share, and all of its text as it was written."""
    return {**first.parameters, product.billed: product.text_of(order.parameters)}


async def planned(product: Product, parameters: Mapping[str, Any], turns: Sequence[Turn]) -> Sequence[Part]:
    """Plan the parts of an order; a long text takes a thread, for as long as it would hold up everybody else."""
    if len(product.text_of(parameters)) < LONG:
        return parts_of(product, parameters, turns)
    return await asyncio.to_thread(parts_of, product, parameters, turns)
