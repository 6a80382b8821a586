"""What is typed in the place of a press; without a word, each means the newest there is, which a script can't know."""

from collections.abc import Awaitable, Callable, Mapping

from bots.commands import actions
from bots.commands.command import Answer
from bots.commands.parse import Command
from bots.console import buttons
from bots.text import admin_replies, order_replies
from bots.text.locale import _
from core.domain.models import Accepted, Caller, Job
from core.domain.money import show
from core.domain.refusals import (
    InvalidInput,
    NeedsChoice,
    NeedsConfirmation,
    OverLimit,
    Refusal,
)
from core.service import Service

_NUMBERS = frozenset("123456789")


class Presses:
    """One method for each kind of button."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self._service = service
        self._on_accepted = on_accepted
        self._newest: dict[str, str] = {}
        self.acts: Mapping[str, Callable[[Caller, Command], Awaitable[Answer]]] = {
            buttons.CONFIRM: self._confirm,
            buttons.CANCEL: self._cancel,
            buttons.ASK: self._ask,
            buttons.APPROVE: self._decide,
            buttons.DECLINE: self._decide,
        }

    def accept(self, accepted: Accepted) -> Answer:
        """Say that an order was taken."""
        self._on_accepted(accepted.job)
        self._newest[f"job {accepted.job.member}"] = accepted.job.job_id
        return Answer(order_replies.accepted(accepted))

    def note(self, caller: Caller, refusal: Refusal) -> None:
        """Remember what may be typed to get past a refusal."""
        match refusal:
            case NeedsConfirmation(offer_id=offer_id) | NeedsChoice(offer_id=offer_id):
                self._newest[f"offer {caller.member}"] = offer_id
            case OverLimit(missing_micros=int(micros)):
                self._newest[f"missing {caller.member}"] = show(micros)

    async def _confirm(self, caller: Caller, command: Command) -> Answer:
        """Agree to a price, or choose a reading: its number comes last, and the first is meant without one."""
        words = command.body.split()
        reading = int(words.pop()) - 1 if words and words[-1] in _NUMBERS else None
        offer_id = words[0] if words else self._newest.get(f"offer {caller.member}", "")
        return self.accept(await self._service.confirm(caller, offer_id, reading=reading))

    async def _cancel(self, caller: Caller, command: Command) -> Answer:
        await self._service.cancel(caller, command.body or self._newest.get(f"job {caller.member}", ""))
        return Answer(_(order_replies.CANCELLED))

    async def _ask(self, caller: Caller, command: Command) -> Answer:
        amount = command.body or self._newest.get(f"missing {caller.member}", "")
        try:
            request = await self._service.ask_for(caller, amount)
        except InvalidInput as error:
            error.instead = error.instead and f"/{command.name} {error.instead}"
            raise
        self._newest["credit request"] = request.credit_request_id
        return Answer(f"{admin_replies.credit_requested(request)}\n{admin_replies.to_decide(request)}")

    async def _decide(self, admin: Caller, command: Command) -> Answer:
        credit_request_id = command.body or self._newest.get("credit request", "")
        return await actions.decide(self._service, admin, credit_request_id, approve=command.name == buttons.APPROVE)
