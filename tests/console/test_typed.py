"""Acts that are typed: every command, through the real service and store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots import typed
from bots.commands import Command, named
from core.errors import NotPermitted
from core.models import Caller, Person
from tests.core.rig import Incarnation, Rig
from tests.core.test_worker import at_rest
from tests.makers import caller, order

BOSS = caller("boss", is_admin=True)


@pytest.fixture
async def alive(tmp_path: Path) -> AsyncIterator[Incarnation]:
    async with Rig(tmp_path).running() as alive:
        yield alive


async def types(alive: Incarnation, line: str, who: Caller = BOSS) -> str:
    command, _, body = line.removeprefix("/").partition(" ")
    asked = named(Command(command, None, body))
    member = Person(member=f"test:{asked.handle}", name=asked.handle.title()) if asked.handle else None
    return (await typed.answer(alive.service, who, command, member, asked.words)).text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/quota set @ann 0.50 day", "Ann may now spend: $0.50 a day."),
        ("/quota SET @ann 5000 chars week", "Ann may now spend: $0.50 a week."),
        ("/quota show @ann", "Ann: $0.10 a day (the bot's default)"),
        ("/quota clear @ann", "Ann's own quota is cleared."),
        ("/quota default unlimited month", "Everybody without a quota of their own may now spend: unlimited."),
        ("/quota default clear", "The community's default is cleared."),
        ("/quota", "/quota set, show or clear"),
        ("/quota set 0.50 day", "/quota set, show or clear"),
        ("/quota dance @ann", "/quota set, show or clear"),
        ("/quota role Crew 1 day", "There are no roles here"),
        ("/grant @ann 0.50 for the song", "Ann now has $0.50 credit."),
        ("/grant @ann 5000 chars well done", "Ann now has $0.50 credit."),
        ("/grant @ann", "Write /grant @name"),
        ("/grant 0.50", "Write /grant @name"),
        ("/block @ann 2 h", "Ann's orders are refused until"),
        ("/block @ann", "Ann's orders are refused. What"),
        ("/block", "Write /block"),
        ("/unblock @ann", "Ann's orders are taken again."),
        ("/unblock", "Write /unblock"),
        ("/limits", "cooldown: none"),
        ("/limits cooldown 60", "cooldown: 60 seconds between two orders of a member"),
        ("/limits confirm $0.05", "confirm: orders over $0.05 are confirmed"),
        ("/limits products speech", "products: speech"),
        ("/usage", "Nothing was charged this month."),
        ("/usage day @ann", "Nothing was charged today."),
        ("/audit", "Nobody has changed anything here yet."),
        ("/pool", "Write /pool"),
    ],
)
async def test_what_an_admin_types(alive: Incarnation, line: str, says: str) -> None:
    assert says in await types(alive, line)


@pytest.mark.parametrize("line", ["/pool 5", "/pool test:band 5", "/communities"])
async def test_an_admin_is_no_operator(alive: Incarnation, line: str) -> None:
    with pytest.raises(NotPermitted, match="operator"):
        await types(alive, line)


async def test_usage_and_audit_name_what_happened(alive: Incarnation) -> None:
    await types(alive, "/grant @ann 1 hello")
    await alive.service.order(order())
    await at_rest(alive)
    assert "This month: $0.0014 (speech $0.0014).\nAnn: $0.0014" in await types(alive, "/usage")
    assert "Boss, grant Ann (test:ann): $0.00 → $1.00" in await types(alive, "/audit")
    answer = await typed.answer(alive.service, BOSS, "usage", None, ())
    assert [file.name for file in answer.files] == ["ledger.csv", "usage.png"]
