"""Answer the lines of the conversation; refusals are caught here."""

import logging
from collections.abc import Callable

from bots.commands import parse
from bots.commands.command import Answer
from bots.commands.parse import Command
from bots.console import buttons
from bots.console.commands import Dispatcher
from bots.console.identity import BOT, caller_of
from bots.console.script import Line
from bots.text import refusals
from bots.text.locale import _, speaking
from core.domain.models import Job
from core.domain.people import Caller
from core.domain.refusals import Refusal
from core.engine.behalf import on_behalf_of
from core.service.service import Service

log = logging.getLogger(__name__)


class Responder:
    """Parses a line, runs its command, and returns the answer."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self._dispatcher = Dispatcher(service, on_accepted)
        self.faults = 0
        """How many lines failed with an unexpected error."""

    async def answer(self, line: Line) -> Answer:
        """Return the answer to a line."""
        command, caller = parse.read_mine(line.text, BOT), caller_of(line)
        with speaking(caller.locale), on_behalf_of(caller):
            return await self._said(caller, command) if command else self._dispatcher.hint(line.text)

    async def _said(self, caller: Caller, command: Command) -> Answer:
        try:
            return await self._dispatcher.use(caller, command)
        except Refusal as error:
            self._dispatcher.presses.note(caller, error)
            return Answer(refusals.refusal(error) + buttons.of_refusal(error))
        except Exception:
            log.exception("a command failed")
            self.faults += 1
            return Answer(_(refusals.FAULT))
