"""Run typed commands: orders, commands of the table, and what other platforms have buttons for."""

import itertools
from collections.abc import Callable

from bots.commands import orders, parse, table, typed
from bots.commands.command import Answer, Asked
from bots.commands.hints import hint, unknown
from bots.commands.mark_up import with_lines
from bots.commands.parse import Command, Named
from bots.console.identity import HERE, NAME, person
from bots.console.presses import Presses
from bots.text import product_words
from core.domain import limits
from core.domain.models import Job
from core.domain.people import Caller, Person
from core.service.service import Service


class Dispatcher:
    """Routes a command to its handler."""

    def __init__(self, service: Service, on_accepted: Callable[[Job], None]) -> None:
        self.presses = Presses(service, on_accepted)
        self._service = service
        self._products = service.catalog.by_command
        self._numbers = itertools.count(1)

    async def use(self, caller: Caller, command: Command) -> Answer:
        """Run a typed command. Raises Refusal."""
        if command.name in self._products:
            return await self._order(caller, command)
        if press := self.presses.acts.get(command.name):
            return await press(caller, command)
        if table.repeats(command.name, command.body):
            return self.presses.accept(await self._service.repeat(caller, f"{NAME}:{next(self._numbers)}", HERE))
        if table.rows(command.name):
            return await self._use(caller, command)
        return Answer(await unknown(self._asked(caller), command, more=self.presses.acts))

    def hint(self, text: str) -> Answer:
        """Say what to type: nobody speaks in a terminal but to the bot."""
        return Answer(hint(text, self._service.catalog, more=self.presses.acts))

    async def _order(self, caller: Caller, command: Command) -> Answer:
        event, row = f"{NAME}:{next(self._numbers)}", self._products[command.name]
        catalog = await self._service.voices.catalog_for(caller)
        words = orders.Words(body=with_lines(command.body))
        order = await orders.read_apart(words, row.name, catalog, caller, event_id=event, destination=HERE)
        if orders.is_empty(order, catalog):
            return Answer(product_words.usage(row, catalog))
        return self.presses.accept(await self._service.order(order))

    async def _use(self, caller: Caller, command: Command) -> Answer:
        async def find() -> tuple[Named, Person | None]:
            named = parse.named(command)
            name = named.handle or named.member_id
            return named, person(name) if name else None

        return await typed.use(self._asked(caller), command, find)

    def _asked(self, caller: Caller) -> Asked:
        return Asked(service=self._service, caller=caller, channel_name=lambda _: limits.HERE)
