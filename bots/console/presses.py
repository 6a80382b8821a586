"""Typed commands in place of button presses. Scripts can't know ids, so without one they mean the newest.

Where money is spent or granted, they mean the only pending question; if there are several, those are listed.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from bots.commands import actions, credit, presses
from bots.commands.buttons import anew_in, kept_in
from bots.commands.command import Answer, Asked, Press
from bots.commands.parse import Command
from bots.console import buttons
from bots.console.identity import HERE
from bots.platform import ButtonKind
from bots.text import credit_replies, order_replies, progress_replies, refusals, replies, terminal_replies
from bots.text.locale import _
from core.domain.amounts import AMOUNT
from core.domain.kept_orders import KeptOrder
from core.domain.models import Job
from core.domain.money import show
from core.domain.people import Caller
from core.domain.receipts import Accepted
from core.domain.refusals import (
    Decided,
    InvalidInput,
    NeedsChoice,
    NeedsConfirmation,
    OverLimit,
    Refusal,
)
from core.domain.reports import CreditRequest
from core.service.service import Service

_READINGS = {str(n): n - 1 for n in range(1, 10)}
"""What may stand at the end of a confirmation."""
_OWN = {ButtonKind.DETAILS, ButtonKind.LEFT}
"""Without an id the first means the newest order; the other is typed as /balance."""


class Presses:
    """Handles presses, with one method for each kind of button."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self._service = service
        self._on_accepted = on_accepted
        self._newest: dict[str, str] = {}
        self._offers: dict[str, dict[str, NeedsChoice | NeedsConfirmation]] = {}
        """Member -> offer id -> offer."""
        self._requests: dict[str, CreditRequest] = {}
        self.acts: Mapping[str, Callable[[Caller, Command], Awaitable[Answer]]] = {
            ButtonKind.CONFIRM: self._confirm,
            ButtonKind.CANCEL: self._cancel,
            ButtonKind.DETAILS: self._details,
            ButtonKind.ANEW: self._anew,
            ButtonKind.TAKE: self._choose,
            ButtonKind.NOTHING: self._choose,
            ButtonKind.RESEND: self._resend,
            ButtonKind.ASK: self._ask,
            ButtonKind.APPROVE: self._decide,
            ButtonKind.DECLINE: self._decide,
            ButtonKind.KEPT: self._kept,
            **{kind: partial(self._answered, press) for kind, press in presses.PRESSES.items() if kind not in _OWN},
        }

    def accept(self, accepted: Accepted) -> Answer:
        """Note an accepted order, and return the answer to it."""
        self._on_accepted(accepted.job)
        self._newest[f"job {accepted.job.as_asked.member}"] = accepted.job.job_id
        return Answer(progress_replies.accepted(accepted))

    def note(self, caller: Caller, refusal: Refusal) -> None:
        """Remember the id or amount that would get past a refusal."""
        match refusal:
            case NeedsConfirmation() | NeedsChoice():
                self._waiting(caller)[refusal.offer_id] = refusal
            case OverLimit(missing_micros=int(micros)):
                self._newest[f"missing {caller.member}"] = show(micros)
                self._newest[f"refused {caller.member}"] = refusal.order_id

    async def _answered(self, press: Press, caller: Caller, command: Command) -> Answer:
        """Answer with what a press leads to on any platform."""
        if not command.body:
            return Answer(terminal_replies.incomplete(command.name))
        pressed = await press(Asked(service=self._service, caller=caller), command.body)
        return pressed.said or pressed.card or pressed.choice or Answer("")

    async def _confirm(self, caller: Caller, command: Command) -> Answer:
        """Confirm a price, or choose a reading by the number at the end."""
        words, waiting = command.body.split(), self._waiting(caller)
        reading = _READINGS[words.pop()] if words and words[-1] in _READINGS else None
        if not words and not waiting:
            return Answer(_(terminal_replies.NOTHING_WAITS))
        if not words and len(waiting) > 1:
            return _listed(refusals.refusal(offer) + buttons.of_refusal(offer) for offer in waiting.values())
        offer_id = next(iter(words or waiting), "")
        try:
            accepted = await self._service.confirm(caller, offer_id, reading=reading)
        except NeedsConfirmation:  # the reading is chosen, and its price is another question
            waiting.pop(offer_id, None)
            raise
        waiting.pop(offer_id, None)
        return self.accept(accepted)

    def _job_id(self, caller: Caller, command: Command) -> str:
        """Return the order that is meant: the newest, unless one is named. Raises InvalidInput where there is none."""
        job_id = command.body or self._newest.get(f"job {caller.member}", "")
        if not job_id:
            raise InvalidInput("order", "", _(terminal_replies.NOTHING_ORDERED))
        return job_id

    def _waiting(self, caller: Caller) -> dict[str, NeedsChoice | NeedsConfirmation]:
        """Return the offers to a member that have not expired."""
        offers = self._offers.setdefault(caller.member, {})
        for offer_id in [i for i, offer in offers.items() if offer.expires_ms <= time.time() * 1000]:
            del offers[offer_id]
        return offers

    async def _cancel(self, caller: Caller, command: Command) -> Answer:
        return Answer(order_replies.cancelled(await self._service.cancel(caller, self._job_id(caller, command))))

    async def _anew(self, caller: Caller, command: Command) -> Answer:
        named = self._voice(command)
        about = self._job_id(caller, replace(command, body="") if named else command)
        job_id, voice = anew_in(f"{about}:{named}" if named else about, self._service.catalog.cast)
        return self.accept(await self._service.anew(caller, job_id, HERE, voice=voice))

    def _voice(self, command: Command) -> str:
        """Return the voice that is named in the place of an order, "" for none. Raises InvalidInput."""
        name, catalog = command.body, self._service.catalog
        if not name or (any(map(str.isdigit, name)) and not catalog.cast.named(name)):
            return ""
        try:
            return actions.voice_meant(name, catalog)
        except InvalidInput as error:
            error.instead = error.instead and f"/{command.name} {error.instead}"
            raise

    async def _details(self, caller: Caller, command: Command) -> Answer:
        return Answer(order_replies.details(await self._service.own(caller, self._job_id(caller, command))))

    async def _choose(self, caller: Caller, command: Command) -> Answer:
        job_id = self._job_id(caller, command)
        take = command.name == ButtonKind.TAKE
        job = await self._service.choose(caller, job_id, take=take)
        self._on_accepted(job)
        return Answer(order_replies.chosen(job))

    async def _resend(self, caller: Caller, command: Command) -> Answer:
        self._on_accepted(await self._service.redeliver(caller, self._job_id(caller, command), HERE))
        return Answer(_(order_replies.SENDING_AGAIN))

    async def _ask(self, caller: Caller, command: Command) -> Answer:
        amount = command.body or self._newest.get(f"missing {caller.member}", "")
        try:
            refused = self._newest.get(f"refused {caller.member}", "")
            request = await self._service.credit.ask_for(caller, amount, refused)
        except InvalidInput as error:
            error.instead = f"/{command.name} {error.instead or AMOUNT}"
            raise
        self._requests[request.credit_request_id] = request
        return Answer(_asked(request))

    async def _decide(self, admin: Caller, command: Command) -> Answer:
        if not command.body and len(self._requests) > 1:
            return _listed(map(_asked, self._requests.values()))
        credit_request_id = command.body or next(iter(self._requests), "")
        if not credit_request_id:
            return Answer(_(terminal_replies.NOTHING_WAITS))
        try:
            done = await credit.decide(
                self._service, admin, credit_request_id, _by_hand, approve=command.name == ButtonKind.APPROVE
            )
        except Decided:
            self._requests.pop(credit_request_id, None)
            raise
        self._requests.pop(credit_request_id, None)
        offer = done.told.buttons
        return Answer(f"{done.said.text}\n{done.told.text}", buttons=offer) if offer else done.said

    async def _kept(self, caller: Caller, command: Command) -> Answer:
        if not command.body:
            return Answer(terminal_replies.incomplete(command.name))
        order_id, cost_micros = kept_in(command.body)
        return self.accept(await self._service.order_kept(caller, order_id, cost_micros, HERE))


async def _by_hand(_: KeptOrder) -> Accepted | None:
    """Order nothing: in a terminal nobody chooses that an order goes by itself."""
    return None


def _asked(request: CreditRequest) -> str:
    return f"{credit_replies.requested(request)}\n{credit_replies.to_decide(request)}"


def _listed(questions: Iterable[str]) -> Answer:
    return Answer("\n".join((_(replies.SEVERAL_WAIT), *questions)))
