"""The members' use cases: what a bot may call on their behalf."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from hmac import compare_digest
from typing import Any, NoReturn

from core.admin import Admin
from core.communities import CLOSED, Communities
from core.domain.admission import Admission, Admitted
from core.domain.allowed import Rule, allowed
from core.domain.errors import OutOfCredit, StaleJob, StoreAway, StoreError
from core.domain.ids import Ids
from core.domain.kept_orders import KeptOrder
from core.domain.lifecycle import DELIVERY_ENDS, DeliveryState, JobState, Reason, State
from core.domain.models import Accepted, Asker, Caller, Destination, Job, Order, Turn
from core.domain.money import cost_of
from core.domain.parts import Part, parts_of
from core.domain.policy import MOST_DEARER_PERCENT, OFFER_MS, OLDEST_ACT_MS, Policy
from core.domain.previews import language_of
from core.domain.products import Catalog, Product, Sound
from core.domain.quota import Standing
from core.domain.refusals import (
    Cause,
    InvalidInput,
    Limit,
    Missing,
    Need,
    NeedsChoice,
    NeedsConfirmation,
    NotFound,
    NotPermitted,
    OverLimit,
    TooOld,
    Unavailable,
)
from core.domain.reports import CreditRequest, Entry
from core.domain.troubles import TROUBLE_OF, Troubles
from core.engine.carrier import Carrier
from core.engine.credit_requests import CreditRequests
from core.engine.default_voices import DefaultVoices
from core.engine.favourites import Favourites
from core.engine.first_words import FirstWord, FirstWords
from core.engine.likely_voices import LikelyVoices
from core.engine.meters import Meters
from core.engine.pronunciations import Pronunciations
from core.engine.reported import Reports
from core.engine.samples import AudioKind, Sample, Samples
from core.engine.sessions import Sessions
from core.engine.waits import Waits
from core.operators import Operators
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

PRESS_MS = 10_000
"""A button that the same person presses again within this time was pressed once."""
LONG = 8000
"""Characters that take longer to be split than others should wait."""


class Service:
    """What members may do, beside what admins and operators may. A method that raises Refusal has changed nothing."""

    def __init__(
        self,
        *,
        store: Store,
        worker: Carrier,
        catalog: Catalog,
        policy: Policy,
        clock: Clock,
        ids: Ids,
        voices: DefaultVoices,
        pronunciations: Pronunciations,
        favourites: Favourites,
        likely_voices: LikelyVoices,
        samples: Samples | None,
        communities: Communities,
        credit: CreditRequests,
        reports: Reports,
        admin: Admin,
        operators: Operators,
        meters: Meters,
        waits: Waits,
        troubles: Troubles,
        sessions: Sessions | None = None,
    ) -> None:
        """`sessions`: who may look at the console, where there is one."""
        self._store = store
        self.sessions = sessions
        self.voices = voices
        self.pronunciations = pronunciations
        self.favourites = favourites
        self.likely_voices = likely_voices
        self.samples = samples
        self.communities = communities
        self.credit = credit
        self.reports = reports
        self.admin = admin
        self.operators = operators
        self._worker = worker
        self.catalog = catalog
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._meters = meters
        self._troubles = troubles
        self._first_words = FirstWords(store, worker, waits)

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

    async def check_age(self, event_id: str, written_ms: int, *, ordered: bool) -> None:
        """Refuse what was written long ago, unless it is a job already. Raises TooOld."""
        oldest_ms = self._policy.oldest_order_s * 1000 if ordered else OLDEST_ACT_MS
        age_ms = self._clock.since_ms(written_ms)
        if age_ms > oldest_ms and not (ordered and await self._find(event_id=event_id)):
            raise TooOld(age_ms, ordered=ordered)

    async def spoken(self, caller: Caller, *, job_id: str = "", event_id: str = "") -> str:
        """Return the text or prompt of an order in the caller's community; "" where none is known."""
        job = await self._find(job_id, event_id)
        if job is None or job.community != caller.community:
            return ""
        return str(job.parameters[self.catalog[job.product].billed])

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
        parts = await _planned(product, order.parameters, order.turns)
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
            await _planned(product, parameters, order.casts.get(name, order.turns))
        self._check_open()
        offer_id, expires_ms = await self._offer(order, self._ids.job(), 0)
        words = str(order.parameters[product.billed])
        raise NeedsChoice(offer_id, tuple(order.readings), expires_ms, words, order.unclear)

    async def _offer(self, order: Order, offer_id: str, cost_micros: int) -> tuple[str, int]:
        expires_ms = self._clock.now_ms() + OFFER_MS
        # Where it is asked is not kept: it may hold a token, and whoever agrees does so at a place of their own.
        placed = replace(order, destination=Destination(order.caller.platform))
        return await self._store.offer(offer_id, placed, cost_micros, expires_ms), expires_ms

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
        parts = await _planned(self.catalog[order.product], order.parameters, order.turns)
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

    async def entries(self, caller: Caller, most: int = 5) -> list[Entry]:
        """Return the caller's newest charges, grants and revocations."""
        return await self._store.entries(caller.community, caller.member, most)

    async def history(self, caller: Caller, most: int = 10, *, community: str = "") -> list[Job]:
        """Return the caller's newest orders whose audio is kept.

        Those of a community, of this one, or in a direct chat of everywhere.
        """
        here = community or ("" if caller.direct else caller.community)
        return await self._store.history(caller.member, here or None, most)

    async def hear(self, caller: Caller, voices: Sequence[str], kind: AudioKind) -> Sample | None:
        """Return what voices sound like in the caller's language, free; None where the operator pays for no samples."""
        await self._check_here(caller)
        if self.samples is None:
            return None
        try:
            return await self.samples.heard(voices, language_of(caller.locale), kind)
        except StoreError as error:
            log.warning("voices can't be heard: %s", error)
            raise Unavailable(Cause.STORE) from error

    async def redeliver(
        self, caller: Caller, job_id: str, destination: Destination, *, undelivered: bool = False
    ) -> Job:
        """Send a job's kept audio again, free, to where its member asked for it; `undelivered`: unless it was heard."""
        job = await self._own(caller, job_id)
        if job.stage not in ({DeliveryState.UNDELIVERABLE} if undelivered else DELIVERY_ENDS) or not job.artifacts:
            raise NotFound(Missing.JOB, job_id)
        return await self._send_again(caller, job, destination)

    async def as_file(self, caller: Caller, job_id: str, destination: Destination) -> Accepted:
        """Send a job's kept audio once more to where it goes as a file, free; pressed twice it is sent once.

        Raises NotFound.
        """
        job = await self._own(caller, job_id)
        is_repeated = job.delivery is not None and job.delivery.number > 1
        if is_repeated and not (job.ended and self._clock.since_ms(job.reached_ms) >= PRESS_MS):
            return Accepted(job=job, duplicate=True)
        has_files = job.artifacts and all(artifact.path for artifact in job.artifacts)
        if job.stage not in DELIVERY_ENDS or not has_files:
            raise NotFound(Missing.AUDIO, job_id)
        return Accepted(job=await self._send_again(caller, job, destination))

    async def deletable(self, caller: Caller, job_id: str) -> Job:
        """Return an order whose audio the caller may delete: their own, or any here for an admin.

        Raises NotFound, NotPermitted.
        """
        job = await self._find(job_id)
        if job is None:
            raise NotFound(Missing.JOB, job_id)
        if job.community != caller.community or not (caller.is_admin or caller.member == job.member):
            raise NotPermitted(Need.OWNER)
        return job

    async def _send_again(self, caller: Caller, job: Job, destination: Destination) -> Job:
        asker = None if caller.member == job.member else Asker.of(caller)
        try:
            job = await self._store.redeliver(job, destination, asker)
        except StaleJob as error:  # the button was pressed twice
            raise NotFound(Missing.JOB, job.job_id) from error
        self._worker.accept(job)
        return job

    async def cancel(self, caller: Caller, job_id: str) -> Job:
        """Take back what of an order still waits, free. Raises NotFound once all of it is on its way to the gateway."""
        while True:
            job = await self._own(caller, job_id)
            if job.state is JobState.CANCELLED and job.reason == Reason.WITHDRAWN:  # the button was pressed twice
                return job
            if all(made.state is not State.QUEUED for made in job.generations):
                raise NotFound(Missing.WAITING, job_id)
            with suppress(StaleJob):  # a worker took it just now, or left it: what it is then is looked at again
                job = await self._store.cancel(job, Reason.WITHDRAWN)
                break
        log.info("job %s: cancelled by its member", job)
        self._worker.cancelled(job)
        return job

    async def choose(self, caller: Caller, job_id: str, *, take: bool) -> Job:
        """Take the parts of an order that were made, and pay for those, or nothing. Raises NotFound."""
        job = await self._own(caller, job_id)
        try:
            if job.restored:  # whoever takes it now has it sent now
                job = await self._store.update(job, restored=False)
            job = await self._store.choose(job, take=take)
        except StaleJob as error:
            now = await self._own(caller, job_id)
            if now.is_in_part and now.state is (JobState.READY if take else JobState.CANCELLED):
                return now  # the button was pressed twice
            raise NotFound(Missing.QUESTION, job_id) from error
        log.info("job %s: its member takes %s", job, "what there is" if take else "nothing")
        self._worker.accept(job)
        return job

    async def own(self, caller: Caller, job_id: str) -> Job:
        """Return a job for its member to look at. Raises NotFound, NotPermitted."""
        return await self._own(caller, job_id)

    async def _own(self, caller: Caller, job_id: str) -> Job:
        """Return a job that the caller has ordered here, or was answered with; in a direct chat, anywhere.

        Raises NotFound, NotPermitted.
        """
        job = await self._store.job(job_id)
        if job is None:
            raise NotFound(Missing.JOB, job_id)
        is_theirs = caller.member in {job.member, job.as_asked.member}
        if not is_theirs or not (caller.direct or caller.community == job.community):
            raise NotPermitted(Need.OWNER)
        return job

    async def place(self, job_id: str, destination: Destination) -> None:
        """Note more about where a job goes than was known when it was ordered, such as a status message."""
        await self._store.place(job_id, destination)

    async def standing(self, caller: Caller) -> Standing:
        """Return what the caller may spend now."""
        if not caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        quota = self._policy.quota(direct=caller.direct)
        return await self._store.standing(caller.community, caller.member, quota, caller.roles)

    async def called_back(self, token: str, request_id: str) -> bool:
        """Take a callback as a hint to ask the gateway now; return whether the token is one of ours.

        The row is found by the job's name, which is no secret: the time that a search for the token itself takes would
        tell how much of a guess is right.
        """
        job = await self._store.job(token.partition(".")[0])
        given, found = token.encode("utf-8", "replace"), 0
        for made in job.generations if job else ():
            if compare_digest(given, made.callback_token.encode()):
                found = made.number
        if job is None or not found:
            return False
        self._worker.called_back(job, found, request_id)
        return True


def _copied(job: Job, caller: Caller, event_id: str, destination: Destination, **other: Any) -> Order:
    """Return an order as a former one; its words were pronounced then."""
    return Order(
        event_id=event_id,
        caller=caller,
        product=job.product,
        parameters={**job.parameters, **other},
        destination=destination,
    )


def _is_dearer(cost_micros: int, written_micros: int) -> bool:
    return cost_micros * 100 > written_micros * (100 + MOST_DEARER_PERCENT)


def _whole(product: Product, order: Order, first: Part) -> Mapping[str, Any]:
    """Return what the parts of an order share, and all of its text as it was written."""
    return {**first.parameters, product.billed: product.text_of(order.parameters)}


async def _planned(product: Product, parameters: Mapping[str, Any], turns: Sequence[Turn]) -> Sequence[Part]:
    """Plan the parts of an order; a long text takes a thread, for as long as it would hold up everybody else."""
    if len(product.text_of(parameters)) < LONG:
        return parts_of(product, parameters, turns)
    return await asyncio.to_thread(parts_of, product, parameters, turns)
