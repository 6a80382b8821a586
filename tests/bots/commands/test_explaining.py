"""What /help says of one command, and that its examples work as they stand."""

from pathlib import Path

import pytest

from bots.commands.explaining import explained
from bots.commands.table import COMMANDS
from bots.commands.typed import usage
from bots.text import examples
from core.domain.people import Caller
from core.domain.products import catalog
from core.domain.refusals import Need, NotPermitted, Refusal
from tests.bots.commands.lines import BOSS, OWNER, types
from tests.bots.commands.ordering import ordered
from tests.core.rig import Incarnation, Rig
from tests.makers import caller

TABLE = catalog()


async def test_help_explains_one_command_to_whoever_may_use_it(alive: Incarnation) -> None:
    for line in ("/help speak", "/help /speak@bot", "/help SPEAK"):
        said = await types(alive, line)
        assert said.startswith("/speak [voice] text: Say something with a voice\nSuch as:\n/speak Aria Hello")
        assert "[whispers] [laughs]" in said
        assert "speed=1.2: 0.5 is half as fast" in said
    assert "/grant @ann 2.00 for the song" in await types(alive, "/help grant")
    assert "/quota default clear" in await types(alive, "/help quota")
    for line in ("/help", "/help me please", "/help how do I order"):
        assert "/help speak explains one of them" in await types(alive, line), line


@pytest.mark.parametrize("row", TABLE.products.values(), ids=lambda row: row.name)
def test_examples_of_orders_are_orders(row: object) -> None:
    for line in examples.orders(row, TABLE):  # type: ignore[arg-type]
        order = ordered(line.partition(" ")[2], row.name, table=TABLE)  # type: ignore[attr-defined]
        assert not order.readings
    assert len(examples.orders(row, TABLE)) == 3  # type: ignore[arg-type]


async def test_examples_of_commands_are_understood(alive: Incarnation) -> None:
    assert examples.COMMANDS.keys() == {command.name for command in COMMANDS if not command.is_typed}
    for command in COMMANDS:
        for line in examples.COMMANDS.get(command.name, ()):
            who = OWNER if command.name in {"pool", "communities", "resume"} else BOSS
            try:
                said = await types(alive, line, who)
            except Refusal as refusal:
                assert line.startswith(("/revoke", "/pool", "/communities", "/resume")), refusal  # noqa: PT017
            else:
                assert usage([command]) not in said


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("speek", "I don't know /speek. Did you mean /help speak?"),
        ("/Orders", "I don't know /orders. Did you mean /help history?"),
        ("xyzzy", "I don't know /xyzzy. Write /help for all that I can do."),
        ("poool", "I don't know /poool. Write /help for all that I can do."),
        ("consol", "I don't know /consol. Write /help for all that I can do."),
        ("console", "There are no pages to look at: whoever runs this bot has not switched them on."),
    ],
)
async def test_what_can_not_be_explained_is_said(alive: Incarnation, topic: str, said: str) -> None:
    assert await types(alive, f"/help {topic}") == said


@pytest.mark.parametrize(
    ("who", "needs"),
    [(BOSS, Need.OPERATOR), (caller(), Need.ADMIN), (caller(community="ann", direct=True), Need.GROUP)],
)
async def test_what_others_may_use_is_refused(alive: Incarnation, who: Caller, needs: Need) -> None:
    with pytest.raises(NotPermitted) as caught:
        await types(alive, "/help pool" if needs is Need.OPERATOR else "/help grant", who)
    assert caught.value.needs is needs


async def test_each_command_is_named_to_whoever_may_need_it(tmp_path: Path, alive: Incarnation) -> None:
    hidden = {"start", "console"}  # a button sends the one, and nothing is there for the other
    names = {f"/{command.group}" for command in COMMANDS if command.group not in hidden}
    assert names - {"/claim"} <= set((await types(alive, "/help", OWNER)).split())
    assert "/claim" not in await types(alive, "/help", OWNER)
    (tmp_path / "new").mkdir()
    async with Rig(tmp_path / "new").running() as unclaimed:
        assert "For whoever runs this bot: /claim\n" in await types(unclaimed, "/help", caller())


def test_nothing_is_explained_to_others() -> None:
    assert explained("quota", COMMANDS, TABLE, ()) == explained("nonsense", COMMANDS, TABLE, ()) == ""
