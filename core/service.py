"""The use cases: everything that a bot may call."""

import logging
from dataclasses import dataclass

from core.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    OutOfCredit,
    OverLimit,
    StaleJob,
    StoreError,
    TooManyWaiting,
    Unavailable,
)
from core.ids import Ids
from core.lifecycle import State
from core.models import Accepted, Caller, Destination, Job, Order, Person
from core.money import parse_amount
from core.ports import Admission, Admitted, Store
from core.products import PRICE_MICROS, Catalog
from core.quota import Period, Quota, Standing, refusing_limit
from core.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator sets for everybody."""

    default_quota: Quota
    direct_quota: Quota
    """For direct chats, where no admin watches."""
    max_waiting: int = 10
    """Unresolved jobs that one member may have."""
    price_micros: int = PRICE_MICROS
    """Per 1,000 characters; what an amount typed in characters is counted with."""

    def quota(self, *, direct: bool) -> Quota:
        """Return the quota in force where neither the member nor the community has one."""
        return self.direct_quota if direct else self.default_quota


class Service:
    """What members and admins may do. Every method raises Refusal and then has changed nothing."""

    def __init__(self, store: Store, worker: Worker, catalog: Catalog, policy: Policy, ids: Ids) -> None:
        self._store = store
        self._worker = worker
        self.catalog = catalog
        self._policy = policy
        self._ids = ids

    # --- members --------------------------------------------------------------------------------------------------

    async def order(self, order: Order) -> Accepted:
        """Validate, price and admit an order, and hand it to the worker. The same event twice is one job."""
        if not order.caller.can_spend:
            raise NotPermitted("account")
        product = self.catalog[order.product]
        parameters = product.validate(order.parameters)
        self._check_open()
        cost_micros = product.cost_micros(parameters)
        job_id = self._ids.job()
        admission = Admission(
            order=order,
            job_id=job_id,
            callback_token=self._ids.token(),
            parameters=parameters,
            characters=product.characters(parameters),
            cost_micros=cost_micros,
            operator_quota=self._policy.quota(direct=order.caller.direct),
            max_waiting=self._policy.max_waiting,
        )
        try:
            admitted = await self._store.admit(admission)
        except StoreError as error:
            log.exception("an order can't be admitted")
            raise Unavailable("store") from error
        job = self._admitted(admission, admitted)
        if not admitted.duplicate:
            log.info("job %s: %s, %d characters, %s", job.job_id, job.product, job.characters, job.community)
            self._worker.accept(job)
        return Accepted(job=job, standing=admitted.standing, duplicate=admitted.duplicate)

    def _check_open(self) -> None:
        if self._worker.stopping:
            raise Unavailable("draining")
        if trouble := self._worker.trouble():
            raise Unavailable("out_of_credit" if isinstance(trouble, OutOfCredit) else "misconfigured")

    def _admitted(self, admission: Admission, admitted: Admitted) -> Job:
        if admitted.job is not None:
            return admitted.job
        if admitted.waiting >= admission.max_waiting:
            raise TooManyWaiting(admission.max_waiting)
        limit = refusing_limit(admitted.standing, admission.cost_micros)
        raise OverLimit(limit or "allowance", admission.cost_micros, admitted.standing)

    async def redeliver(self, caller: Caller, job_id: str, destination: Destination) -> Job:
        """Send an undeliverable job's artifact again, free, to where the member asked for it."""
        job = await self._store.job(job_id)
        if job is None or job.state is not State.UNDELIVERABLE or not job.artifacts:
            raise NotFound("job", job_id)
        if caller.member != job.member or caller.community != job.community:
            raise NotPermitted("owner")
        if self._worker.stopping:
            raise Unavailable("draining")
        try:
            job = await self._store.move(job, State.GENERATED, destination=destination, closed_ms=None)
        except StaleJob as error:  # pressed twice
            raise NotFound("job", job_id) from error
        self._worker.accept(job)
        return job

    async def place(self, job_id: str, destination: Destination) -> None:
        """Note more about where a job goes than was known when it was ordered, such as a status message."""
        await self._store.place(job_id, destination)

    async def standing(self, caller: Caller) -> Standing:
        """Return what the caller may spend now."""
        if not caller.can_spend:
            raise NotPermitted("account")
        quota = self._policy.quota(direct=caller.direct)
        return await self._store.standing(caller.community, caller.member, quota)

    async def remember(self, caller: Caller) -> None:
        """Keep the current name and @name of somebody who was seen."""
        person = Person(member=caller.member, name=caller.name)
        await self._store.remember(caller.community, person, caller.handle)

    # --- admins ---------------------------------------------------------------------------------------------------

    async def set_quota(self, caller: Caller, member: Person | None, amount: str, period: str) -> Quota:
        """Set the quota of one member, or the community's default when `member` is None; for admins."""
        _require_admin(caller)
        quota = Quota(limit_micros=parse_amount(amount, self._policy.price_micros), period=_period(period))
        await self._store.set_quota(caller.community, member.member if member else None, quota, caller.member)
        return quota

    async def show_quota(self, caller: Caller, member: Person) -> Standing:
        """Return what a member may spend now; for admins."""
        _require_admin(caller)
        quota = self._policy.quota(direct=caller.direct)
        return await self._store.standing(caller.community, member.member, quota)

    async def clear_quota(self, caller: Caller, member: Person | None) -> None:
        """Take a member's own quota away, or the community's default; for admins."""
        _require_admin(caller)
        await self._store.set_quota(caller.community, member.member if member else None, None, caller.member)

    async def find(self, caller: Caller, handle: str) -> Person:
        """Return the member behind an @name that was seen here; for admins. Raises NotFound."""
        _require_admin(caller)
        person = await self._store.find_handle(caller.community, handle)
        if person is None:
            raise NotFound("member", handle)
        return person

    async def community_moved(self, old: str, new: str) -> None:
        """Carry everything over to a community's new key, as when a group becomes a supergroup."""
        await self._store.move_community(old, new)
        log.info("community %s is now %s", old, new)

    # --- the gateway's callback -----------------------------------------------------------------------------------

    async def called_back(self, token: str, request_id: str) -> bool:
        """Take a callback as a hint to ask the gateway now; return whether the token is one of ours."""
        job = await self._store.job_by_callback(token)
        if job is None:
            return False
        self._worker.called_back(job, request_id)
        return True


def _require_admin(caller: Caller) -> None:
    if caller.direct or not caller.is_admin:  # nobody administers a direct chat: it would be their own quota
        raise NotPermitted("admin")


def _period(word: str) -> Period:
    try:
        return Period(word.strip().lower())
    except ValueError:
        raise InvalidInput("period", word, "day, week or month") from None
