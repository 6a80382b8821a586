"""The terminal as a chat platform."""

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping, Sequence

from bots.commands.command import Answer
from bots.console.buttons import typed
from bots.console.delivery import ConsoleDelivery
from bots.console.identity import HERE, NAME
from bots.console.output_folder import OutputFolder
from bots.console.responder import Responder
from bots.console.screen import Screen
from bots.console.script import Line
from bots.platform import Button, Hook
from bots.text import replies
from bots.text.locale import _
from core.domain.attested import Attested
from core.domain.errors import DeliveryRefused
from core.domain.models import Job
from core.domain.orders import Destination
from core.service.service import Service


class Console(ConsoleDelivery):
    """Implements `bots.platform.Platform` for a scripted or interactive conversation."""

    name = NAME
    speaks_first = False
    sharded = False

    def __init__(
        self,
        lines: AsyncIterable[Line],
        screen: Screen,
        output: OutputFolder,
        *,
        in_turn: bool,
        over: asyncio.Event,
        deadline_s: float,
    ) -> None:
        """`in_turn`: take a line only once all earlier orders have ended. `over` is set after the last line.

        `deadline_s` is how long orders may take to end.
        """
        super().__init__(screen, output, in_turn=in_turn)
        self._lines = lines
        self._over = over
        self._deadline_s = deadline_s
        self._accepted: set[str] = set()
        self._responder: Responder

    @property
    def receiving(self) -> bool:
        """Whether there are more lines."""
        return not self._over.is_set()

    @property
    def calls_under_way(self) -> int:
        """Zero: there are no calls."""
        return 0

    def hooks(self) -> Mapping[str, Hook]:
        """Return none: nothing is posted to a terminal."""
        return {}

    async def open(self, service: Service) -> None:
        self._responder = Responder(service, self._accept)
        self._screen.offer(service.catalog)

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Show a direct message, with commands in place of its buttons."""
        words = "".join(f"\n{button.label}: /press {button.data}" for button in buttons)
        self._screen.answer(f"{replies.to_alone(member.removeprefix(f'{NAME}:'), text)}{words}")

    async def announce(self, __: str, words: Callable[[str], str]) -> None:
        self._screen.answer(words("/speak"))

    async def leave(self, __: str) -> None:
        """Refuse: there is only one community."""
        raise DeliveryRefused("the terminal can't be left")

    async def attest(self, __: str, ___: str) -> Attested | None:
        """Return nobody: the terminal has no console beside it."""
        return None

    def alone_with(self, __: str) -> Destination:
        return HERE

    async def run(self) -> None:
        """Handle the lines, wait until every order has ended, and end the demo."""
        try:
            await self._converse()
            self.outcome.finished = not self._responder.faults
        except TimeoutError:
            self._screen.answer(replies.not_ended(self._deadline_s))
        finally:
            self._over.set()

    def _accept(self, job: Job) -> None:
        """Wait for an order, which may have ended before it is sent again."""
        self._accepted.add(job.job_id)
        self._ended.discard(job.job_id)

    async def _converse(self) -> None:
        async for line in self._lines:
            await self._say(await self._responder.answer(line))
            if self._in_turn:
                await self._all_ended()
            if self._screen.failure:
                return
        if not self._accepted <= self._ended:
            self._screen.aside(_(replies.WAITING))
        await self._all_ended()

    async def _say(self, answer: Answer) -> None:
        self._screen.answer(f"{answer.text}{typed(answer.buttons)}")
        for file in answer.files:
            try:
                path = await asyncio.to_thread(self._output.put, file.name, file.content)
            except OSError as error:
                self._screen.answer(replies.not_written(file.name, error.strerror))
            else:
                self._screen.good(str(path))

    async def _all_ended(self) -> None:
        async with asyncio.timeout(self._deadline_s):
            while not self._accepted <= self._ended:
                self._change.clear()
                await self._change.wait()

    async def stop_receiving(self) -> None:
        """Do nothing: the app stops after the last line, or nobody is reading any more."""

    async def close(self) -> None:
        """Do nothing: there are no connections."""
