"""Lines as admins type them, through the real service and store."""

from bots.commands import typed
from bots.commands.command import Asked
from bots.commands.parse import Command, named
from core.domain.people import Caller, Person
from tests.core.rig import Incarnation
from tests.makers import caller

BOSS = caller("boss", is_admin=True)
OWNER = caller("owner", is_admin=True, channel="test:1")


async def types(alive: Incarnation, line: str, who: Caller = BOSS) -> str:
    command, _, body = line.removeprefix("/").partition(" ")
    asked = named(Command(command, None, body))
    name = asked.member_id or (asked.handle or "").title()
    member = Person(member=f"test:{name.lower()}", name=name) if asked.whom else None
    return (await typed.answer(Asked(service=alive.service, caller=who), command, member, asked)).text
