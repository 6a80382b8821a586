"""Credit that members ask for, on any platform: what a request leads to, and what becomes of the order it is for."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bots.commands import buttons
from bots.commands.command import Answer
from bots.text import credit_replies
from core.domain.errors import StoreError
from core.domain.kept_orders import KeptOrder
from core.domain.people import Caller
from core.domain.receipts import Accepted
from core.domain.refusals import Missing, Refusal
from core.domain.reports import CreditRequest
from core.service.service import Service

log = logging.getLogger(__name__)

Place = Callable[[KeptOrder], Awaitable[Accepted | None]]
"""Orders what was kept for its member, who isn't there; None where they are not known to be a member still."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a request: for the message with its buttons, and for the member."""

    request: CreditRequest
    said: Answer
    told: Answer


async def ask(service: Service, caller: Caller, about: str, *, goes: bool) -> tuple[CreditRequest, str]:
    """Ask for what a button says; return the request, and what the member is told. `goes`: the order is to follow."""
    amount_micros, order_id = buttons.credit_in(about, caller)
    request = await service.credit.ask(caller, amount_micros, order_id, goes=goes)
    return request, credit_replies.asked(request, goes=goes, had_order=bool(order_id))


async def decide(service: Service, admin: Caller, about: str, place: Place, *, approve: bool) -> Decision:
    """Grant or decline what a member asked for; their order goes then, or is offered. Raises Refusal."""
    request = await service.admin.decide(admin, buttons.id_in(about, Missing.REQUEST), approve=approve)
    said = Answer(credit_replies.decided(request, approve=approve))
    if not approve:
        return Decision(request, said, Answer(credit_replies.declined(request)))
    return Decision(request, said, await _granted(service, request, admin.community, place))


async def _granted(service: Service, request: CreditRequest, community: str, place: Place) -> Answer:
    """Tell of the credit, which is there whatever becomes of the order."""
    try:
        found = await service.kept_with(request, community)
    except StoreError as error:
        log.warning("request %s: its order can't be read: %s", request.credit_request_id, error)
        found = None
    if found is None:
        return Answer(credit_replies.granted(request))
    kept, cost_micros = found
    rose = kept.goes and cost_micros > kept.cost_micros
    if kept.goes and not rose:
        held_up = await _go(kept, place)
        if held_up is None:
            return Answer(credit_replies.granted(request, credit_replies.under_way()))
    else:
        held_up = credit_replies.offered(cost_micros, rose=rose)
    return Answer(credit_replies.granted(request, held_up), buttons=buttons.of_kept(kept.order_id, cost_micros))


async def _go(kept: KeptOrder, place: Place) -> str | None:
    """Order what was kept; return why it could not be, else None."""
    try:
        return None if await place(kept) else credit_replies.held_up(None)
    except Refusal as refusal:
        return credit_replies.held_up(refusal)
    except Exception:
        log.exception("the order %s that was kept did not go by itself", kept.order_id)
        return credit_replies.unknown()
