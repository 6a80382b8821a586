"""What the bot answers to a line of the conversation."""

import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bots import commands, replies
from bots.commands import Command
from bots.console.script import Line
from core.errors import Refusal
from core.models import Caller, Destination, Job, Order, Person
from core.service import Service

log = logging.getLogger(__name__)

NAME = "console"


class Desk:
    """Parses a line, asks the service, and returns what to show."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self._service = service
        self._on_accepted = on_accepted
        self._numbers = itertools.count(1)
        self.faults = 0
        """Lines that failed for a reason that is nobody's in the chat."""
        self._answers: Mapping[str, Callable[[Caller, Command], Awaitable[str]]] = {
            "speak": self._speak,
            "music": self._music,
            "voices": self._voices,
            "balance": self._balance,
            "help": self._help,
            "start": self._help,
            "quota": self._quota,
        }

    async def answer(self, line: Line) -> str | None:
        """Return what to say to a line, None where nobody asked; the one place where a refusal is caught."""
        command = commands.read(line.text)
        if command is None:
            return None
        try:
            return await self._answers.get(command.name, self._unknown)(_caller(line), command)
        except Refusal as error:
            return replies.refusal(error)
        except Exception:
            log.exception("a command failed")
            self.faults += 1
            return replies.FAULT

    async def _unknown(self, _: Caller, command: Command) -> str:
        return f"There is no command /{command.name}. /help lists what I do."

    # --- members --------------------------------------------------------------------------------------------------

    async def _speak(self, caller: Caller, command: Command) -> str:
        voice, text = commands.voice_and_text(command.body, self._service.catalog)
        if not text:
            return replies.usage_speak(self._service.catalog)
        return await self._order(caller, "speech", {"voice": voice, "text": text})

    async def _music(self, caller: Caller, command: Command) -> str:
        return await self._order(caller, "music", {"prompt": command.body}) if command.body else replies.USAGE_MUSIC

    async def _order(self, caller: Caller, product: str, parameters: Mapping[str, str]) -> str:
        order = Order(
            event_id=f"{NAME}:{next(self._numbers)}",
            caller=caller,
            product=product,
            parameters=parameters,
            destination=Destination(NAME),
        )
        accepted = await self._service.order(order)
        self._on_accepted(accepted.job)
        return replies.accepted(accepted)

    async def _voices(self, _: Caller, __: Command) -> str:
        return replies.voices(self._service.catalog)

    async def _balance(self, caller: Caller, _: Command) -> str:
        return replies.balance(await self._service.standing(caller))

    async def _help(self, _: Caller, __: Command) -> str:
        return replies.HELP

    # --- admins ---------------------------------------------------------------------------------------------------

    async def _quota(self, admin: Caller, command: Command) -> str:
        asked = commands.quota(command.body)
        if asked.verb == "default":
            return await self._default(admin, asked.words)
        member = _person(asked.handle) if asked.handle else None
        match asked.verb:
            case "set" if member:
                quota = await self._service.set_quota(admin, member, *commands.amount_and_period(asked.words))
                return replies.quota_set(member.name, quota)
            case "show" if member:
                return replies.quota_shown(member.name, await self._service.show_quota(admin, member))
            case "clear" if member:
                await self._service.clear_quota(admin, member)
                return replies.quota_cleared(member.name)
            case _:
                return replies.USAGE_QUOTA

    async def _default(self, admin: Caller, words: Sequence[str]) -> str:
        if tuple(words) == ("clear",):
            await self._service.clear_quota(admin, None)
            return replies.quota_cleared(None)
        quota = await self._service.set_quota(admin, None, *commands.amount_and_period(words))
        return replies.quota_set(None, quota)


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
    )
