"""What /help says of one command, and that its examples work as they stand."""

import pytest

from bots.commands.explaining import explained
from bots.commands.table import COMMANDS
from bots.commands.typed import usage
from bots.text import examples
from core.domain.products import catalog
from core.domain.refusals import Refusal
from tests.bots.commands.lines import BOSS, OWNER, types
from tests.bots.commands.ordering import ordered
from tests.core.rig import Incarnation

TABLE = catalog()


async def test_help_explains_one_command_to_whoever_may_use_it(alive: Incarnation) -> None:
    for line in ("/help speak", "/help /speak@bot", "/help SPEAK"):
        said = await types(alive, line)
        assert said.startswith("/speak [voice] text: Say something with a voice\nSuch as:\n/speak Aria Hello")
        assert "[whispers] [laughs]" in said
        assert "speed=1.2: 0.5 is half as fast" in said
    assert "/grant @ann 2.00 for the song" in await types(alive, "/help grant")
    assert "/quota default clear" in await types(alive, "/help quota")
    for line in ("/help", "/help me please", "/help pool"):
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


def test_nothing_is_explained_to_others() -> None:
    assert explained("quota", COMMANDS, TABLE, ()) == explained("nonsense", COMMANDS, TABLE, ()) == ""
