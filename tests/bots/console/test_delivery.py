"""Files are put on the output once, and where they can't be, that is said."""

import asyncio
import io
from pathlib import Path

import pytest

from bots.app.compose import build
from bots.console.connection import written
from bots.console.delivery import ConsoleDelivery
from bots.console.demo import throw_away
from bots.console.output_folder import OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line
from core.domain.errors import DeliveryUncertain
from core.domain.models import Artifact
from tests.audio import PROBE
from tests.bots.discord.conftest import receipt
from tests.makers import BLANK
from tests.waiting import WAIT_S


async def test_what_may_lie_there_already_is_not_put_there_again(tmp_path: Path) -> None:
    (tmp_path / "audio").write_bytes(b"audio")
    output = OutputFolder(tmp_path / "out")
    chat = ConsoleDelivery(Screen(io.StringIO()), output, in_turn=True)
    audio = [Artifact.of(tmp_path / "audio", PROBE, 5)]
    with pytest.raises(DeliveryUncertain):
        await chat.deliver(BLANK, audio, receipt(BLANK), uncertain=True)
    assert (output.kept, chat.outcome.delivered) == ([], 0)


async def test_audio_that_can_not_be_written_is_kept_and_said(tmp_path: Path) -> None:
    out, over = io.StringIO(), asyncio.Event()
    screen, output = Screen(out), OutputFolder(tmp_path / "out")
    (tmp_path / "out").rmdir()
    lines = written([Line("ann", is_admin=False, text="/speak Hello")], screen)
    console = Console(lines, screen, output, in_turn=True, over=over, deadline_s=WAIT_S)
    async with build(throw_away(tmp_path), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    assert "It is kept, and sending it again is free." in " ".join(out.getvalue().split())
    assert (console.outcome.delivered, console.outcome.failed) == (0, 1)
