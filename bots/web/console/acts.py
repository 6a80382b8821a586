"""What forms do: the commands of the chats, with their checks, their core calls, their audit and their words."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from bots.commands import actions, credit
from bots.commands.command import Answer, Argument, Asked, Command, Kind, Who
from bots.commands.table import COMMANDS
from bots.text.locale import _, speaking
from bots.web.console.visit import NotThere, Visit
from core.admin import Subject
from core.domain.attested import Attested
from core.domain.kept_orders import KeptOrder
from core.domain.people import Caller, Person
from core.domain.quota import QuotaSource
from core.domain.receipts import Accepted
from core.domain.refusals import InvalidInput, Missing, NotFound
from core.engine.attesting import Unattested
from core.engine.calls import Calls

OFFERED: Mapping[Who, Mapping[str, Command]] = {
    who: {row.name: row for row in COMMANDS if row.who is who} for who in (Who.ADMIN, Who.OPERATOR)
}
"""Commands by name, of those who have pages of their own."""

TELL_S = 5.0
_calls = Calls()


def asked_of(visit: Visit, caller: Caller, role_names: Mapping[str, str] | None = None) -> Asked:
    """Describe the use of a command in the console, whose reader is alone."""
    return Asked(service=visit.service, caller=caller, has_roles=bool(role_names), role_names=role_names or {})


async def run(visit: Visit) -> web.StreamResponse:
    """Run the command that a form names, with its fields, and lead back to the page that held it."""
    command = _offered(visit)
    found = await visit.attested() if command.who is Who.ADMIN else Attested(visit.alone)
    asked = asked_of(visit, found.caller, found.role_names)
    said = await command.use(asked, lambda: _read(visit, command, found))
    if said is None:
        raise InvalidInput(command.name, "", _("all of its fields"))
    return visit.back(said.text)


def _offered(visit: Visit) -> Command:
    """Return the command that a form names: of a community's admins on its pages, of operators on theirs."""
    who = Who.ADMIN if "community" in visit.request.match_info else Who.OPERATOR
    command = OFFERED[who].get(visit.given("command"))
    if command is None or (who is Who.OPERATOR and not visit.is_operator):
        raise NotThere
    return command


async def _read(visit: Visit, command: Command, found: Attested) -> Mapping[str, Any]:
    """Return the arguments that the form gives, as the command takes them. Raises NotFound."""
    given: dict[str, Any] = {}
    for argument in command.arguments:
        if typed := visit.given(argument.name):
            given[argument.name] = await _argument(visit, argument, typed, found)
    return given


async def _argument(visit: Visit, argument: Argument, typed: str, found: Attested) -> object:
    match argument.kind:
        case Kind.MEMBER:
            return await person_of(visit, found.caller, typed)
        case Kind.ROLE:
            if typed not in found.role_names:
                raise NotFound(Missing.REQUEST, typed)
            return Subject(kind=QuotaSource.ROLE, key=typed, name=found.role_names[typed])
        case _other:
            return typed


async def person_of(visit: Visit, admin: Caller, member: str) -> Person:
    """Return somebody who was seen in the community. Raises NotFound."""
    person = await visit.service.admin.known(admin, Person(member=member, name=member))
    if person is None:
        raise NotFound(Missing.MEMBER, member.rpartition(":")[2])
    return person


async def decide(visit: Visit) -> web.StreamResponse:
    """Grant or decline a request for credit, and tell its member."""
    found = await visit.attested()
    approve = visit.given("decision") == "approve"
    request = visit.given("request")
    done = await credit.decide(visit.service, found.caller, request, partial(_place, visit), approve=approve)
    told = "" if await _told(visit, done) else f"\n{_('I could not write to them, so tell them.')}"
    return visit.back(f"{done.said.text}{told}")


async def _place(visit: Visit, kept: KeptOrder) -> Accepted | None:
    """Order what was kept for its member, if they are in the community still; it goes to their direct chat."""
    ordered = kept.order.caller
    chat = visit.console.platforms.get(ordered.platform)
    try:
        found = await visit.console.attesting.attest(visit.community, ordered.member)
    except Unattested:
        return None
    if found is None or chat is None:
        return None
    who, there = replace(found.caller, channel="", locale=ordered.locale), chat.alone_with(ordered.member)
    return await visit.service.order_kept(who, kept.order_id, kept.cost_micros, there)


async def _told(visit: Visit, done: credit.Decision) -> bool:
    """Write to a member what became of their request; return whether that was possible in time."""
    member = done.request.member
    chat = visit.console.platforms.get(member.partition(":")[0])
    if chat is None:
        return False
    with speaking(""):  # which language they read is not known here
        telling = chat.write_to(member, done.told.text, done.told.buttons)
        return await _calls.done(TELL_S, telling, member)


async def pronounce(visit: Visit) -> web.StreamResponse:
    """Have a word said otherwise for everybody in the community, or as it is written."""
    found = await visit.attested()
    written, spoken = visit.given("written"), visit.given("spoken")
    line = f'"{written}" as "{spoken}"' if spoken else f"remove {written}"
    said: Answer = await actions.pronounce(asked_of(visit, found.caller), f"here {line}")
    return visit.back(said.text)


PAGES: Mapping[str, Any] = {
    "POST /c/{community}/do": run,
    "POST /operator/do": run,
    "POST /c/{community}/requests": decide,
    "POST /c/{community}/words": pronounce,
}
