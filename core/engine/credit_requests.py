"""Members ask their admins for credit; the order that they lack it for is kept until there is some."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from core.domain.admission import Admission
from core.domain.allowed import Rule, allowed
from core.domain.amounts import parse_amount
from core.domain.errors import StoreError
from core.domain.ids import Ids
from core.domain.kept_orders import Call
from core.domain.money import MICROS, show
from core.domain.orders import Destination
from core.domain.people import Caller
from core.domain.policy import Policy
from core.domain.refusals import AlreadyAsked, Cause, InvalidInput, Limit, Need, NotPermitted, OverLimit, Unavailable
from core.domain.reports import CreditRequest
from core.engine.admin_calls import may_call
from core.engine.attesting import Attesting, Unattested
from core.stores.store import Store

log = logging.getLogger(__name__)

LARGEST_WISH_MICROS = 100 * MICROS
MOST_OPEN = 20
"""Requests of a community that are posted anew."""
_WISHES = allowed(Rule.WISH, most_micros=LARGEST_WISH_MICROS)


class CreditRequests:
    """What members ask for; who decides is `core.admin`'s. A method that raises Refusal has changed nothing."""

    def __init__(self, store: Store, policy: Policy, ids: Ids, attesting: Attesting) -> None:
        """`attesting` says who a member is in a community from where they aren't seen: their direct chat."""
        self._store = store
        self._attesting = attesting
        self._policy = policy
        self._ids = ids

    async def ask_for(self, caller: Caller, amount: str, order_id: str = "") -> CreditRequest:
        """Ask the admins for credit, in an amount as people type it. Raises InvalidInput, AlreadyAsked."""
        micros = parse_amount(amount, self._policy.price_micros, _WISHES)
        if micros is None:
            raise InvalidInput("amount", amount, _WISHES)
        return await self.ask(caller, micros, order_id)

    async def ask(self, caller: Caller, amount_micros: int, order_id: str = "", *, goes: bool = False) -> CreditRequest:
        """Ask the admins for credit, and keep an order of the caller's until they decide.

        `goes`: it is to be ordered as soon as they grant it. Raises AlreadyAsked, and OverLimit for a blocked member.
        """
        if not caller.can_spend or caller.direct:
            raise NotPermitted(Need.COMMUNITY if caller.direct else Need.ACCOUNT)
        quota = self._policy.quota(direct=caller.direct)
        standing = await self._store.standing(caller.community, caller.member, quota, caller.roles)
        if standing.blocked:
            raise OverLimit(Limit.BLOCKED, amount_micros, standing)
        if not 0 < amount_micros <= LARGEST_WISH_MICROS:
            raise InvalidInput("amount", show(amount_micros), _WISHES)
        request = await self._store.ask(self._ids.job(), caller, amount_micros, order_id, goes=goes)
        if request is None:
            raise AlreadyAsked
        return replace(request, calls=await may_call(self._store, caller.community, Call.CREDIT))

    async def withdraw(self, caller: Caller, request: CreditRequest) -> None:
        """Take back a credit request that could not be shown to the admins."""
        await self._store.withdraw(request.credit_request_id, caller)
        if request.calls:
            await self._store.drop_call(caller.community, Call.CREDIT)

    async def open(self, community: str) -> Sequence[CreditRequest]:
        """Return the requests in a community that wait for a decision, as many as may be shown anew."""
        return await self._store.open_requests(community, MOST_OPEN)

    async def orderer(self, caller: Caller, placed_id: str) -> Caller:
        """Describe who orders what was kept or offered: in a direct chat its member, as its community has them now.

        They are in none of its channels then.

        Raises NotPermitted where they have left it, Unavailable where that can't be asked.
        """
        community = await self._store.placed_for(caller.member, placed_id) if caller.direct else None
        if community is None or community == caller.community:
            return caller
        try:
            found = await self._attesting.attest(community, caller.member)
        except Unattested as error:
            raise Unavailable(Cause.CHAT) from error
        if found is None:
            raise NotPermitted(Need.MEMBER)
        return replace(found.caller, channel="", locale=caller.locale, event_id=caller.event_id)

    async def keep(self, admission: Admission) -> str:
        """Keep an order that was refused, for when its member asks for credit; return its id, "" if that fails."""
        order = admission.order
        # Where it was asked is not kept: it may hold a token, and it goes from another place.
        placed = replace(order, destination=Destination(order.caller.platform))
        try:
            return await self._store.keep_order(admission.job_id, placed, admission.cost_micros)
        except StoreError as error:
            log.warning("an order that was refused is not kept: %s", error)
            return ""
