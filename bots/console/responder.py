"""What the bot answers to a line of the conversation."""

import itertools
import logging
import os
from collections.abc import Awaitable, Callable, Mapping

from bots.commands import actions as acts
from bots.commands import orders, typed
from bots.commands import parse as commands
from bots.commands.actions import Answer
from bots.commands.parse import Command
from bots.console.script import Line
from bots.text import admin_replies, product_words, refusals, replies
from bots.text.locale import _, speaking, tag_of
from core.domain.errors import NeedsChoice, NeedsConfirmation, OverLimit, Refusal
from core.domain.models import Accepted, Caller, Destination, Job, Person
from core.domain.money import show
from core.service import Service

log = logging.getLogger(__name__)

NAME = "console"
_NUMBERS = frozenset("123456789")


class Responder:
    """Parses a line, asks the service, and returns what to show."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self._service = service
        self._on_accepted = on_accepted
        self._numbers = itertools.count(1)
        self.faults = 0
        """Lines that failed for a reason that is nobody's in the chat."""
        self._newest: dict[str, str] = {}
        """What /cancel, /confirm, /ask, /approve and /decline mean without a word: a script can't know it."""
        self._products = {row.command: row for row in service.catalog.products.values()}
        self._answers: Mapping[str, Callable[[Caller, Command], Awaitable[str | Answer]]] = {
            **dict.fromkeys(self._products, self._order),
            "voices": self._voices,
            "balance": self._balance,
            "help": self._help,
            "start": self._help,
            "confirm": self._confirm,
            "cancel": self._cancel,
            "ask": self._ask,
            "approve": self._decide,
            "decline": self._decide,
            **dict.fromkeys(typed.ACTS, self._act),
        }

    async def answer(self, line: Line) -> Answer | None:
        """Return what to say to a line, None where nobody asked; the one place where a refusal is caught."""
        command, caller = commands.read(line.text), _caller(line)
        if command is None:
            return None
        with speaking(caller.locale):
            said = await self._said(caller, command)
        return Answer(said) if isinstance(said, str) else said

    async def _said(self, caller: Caller, command: Command) -> str | Answer:
        try:
            return await self._answers.get(command.name, self._unknown)(caller, command)
        except Refusal as error:
            return refusals.refusal(error) + self._hint(caller, error)
        except Exception:
            log.exception("a command failed")
            self.faults += 1
            return _(refusals.FAULT)

    def _hint(self, caller: Caller, error: Refusal) -> str:
        """Say what may be typed to get past a refusal, where other platforms have a button; nothing for most."""
        match error:
            case NeedsConfirmation(offer_id=offer_id):
                self._newest[f"offer {caller.member}"] = offer_id
                return f"\n{replies.to_go_ahead(offer_id)}"
            case NeedsChoice(offer_id=offer_id, readings=readings):
                self._newest[f"offer {caller.member}"] = offer_id
                numbered = enumerate(readings, 1)
                return "".join(f"\n{replies.reading(name)}: /confirm {offer_id} {i}" for i, name in numbered)
            case OverLimit(missing_micros=int(micros)):
                self._newest[f"missing {caller.member}"] = show(micros)
                return f"\n{replies.to_ask(show(micros))}"
            case _:
                return ""

    async def _unknown(self, __: Caller, command: Command) -> str:
        return replies.no_such_command(command.name)

    # --- members --------------------------------------------------------------------------------------------------

    async def _order(self, caller: Caller, command: Command) -> str:
        catalog, event, row = self._service.catalog, f"{NAME}:{next(self._numbers)}", self._products[command.name]
        words = orders.Words(body=command.body)
        order = orders.read(words, row.name, catalog, caller, event_id=event, destination=Destination(NAME))
        if orders.is_empty(order, catalog):
            return product_words.usage(row, catalog)
        return self._accept(await self._service.order(order))

    def _accept(self, accepted: Accepted) -> str:
        self._on_accepted(accepted.job)
        self._newest[f"job {accepted.job.member}"] = accepted.job.job_id
        return replies.accepted(accepted)

    async def _confirm(self, caller: Caller, command: Command) -> str:
        """Agree to a price, or choose a reading: its number comes last, and the first is meant without one."""
        words = command.body.split()
        reading = int(words.pop()) - 1 if words and words[-1] in _NUMBERS else None
        offer_id = words[0] if words else self._newest.get(f"offer {caller.member}", "")
        return self._accept(await self._service.confirm(caller, offer_id, reading=reading))

    async def _cancel(self, caller: Caller, command: Command) -> str:
        await self._service.cancel(caller, command.body or self._newest.get(f"job {caller.member}", ""))
        return _(replies.CANCELLED)

    async def _ask(self, caller: Caller, command: Command) -> str:
        amount = command.body or self._newest.get(f"missing {caller.member}", "")
        wish = await self._service.ask_for(caller, amount)
        self._newest["wish"] = wish.request_id
        return f"{admin_replies.wished(wish)}\n{admin_replies.to_decide(wish)}"

    async def _voices(self, __: Caller, ___: Command) -> str:
        return replies.voices(self._service.catalog)

    async def _balance(self, caller: Caller, __: Command) -> str:
        return replies.balance(await self._service.standing(caller), await self._service.entries(caller))

    async def _help(self, caller: Caller, __: Command) -> str:
        return await acts.show_help(self._service, caller)

    # --- admins ---------------------------------------------------------------------------------------------------

    async def _decide(self, admin: Caller, command: Command) -> Answer:
        request_id = command.body or self._newest.get("wish", "")
        return await acts.decide(self._service, admin, request_id, approve=command.name == "approve")

    async def _act(self, admin: Caller, command: Command) -> Answer:
        asked = commands.named(command)
        name = asked.handle or asked.member_id
        member = _person(name) if name else None
        return await typed.answer(self._service, admin, command.name, member, asked)


def _person(name: str) -> Person:
    """Return the member of that name: here a name is the identity, there is nothing else to tell people by."""
    return Person(member=f"{NAME}:{name.casefold()}", name=name)


def _caller(line: Line) -> Caller:
    return Caller(
        platform=NAME,
        community=f"{NAME}:demo",
        member=_person(line.name).member,
        name=line.name,
        handle=line.name,
        is_admin=line.is_admin,
        channel=f"{NAME}:0",
        locale=tag_of(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)),
    )
