"""The terminal as a chat platform."""

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bots.commands.actions import Answer
from bots.console.output_folder import OutputFolder
from bots.console.responder import NAME, Responder
from bots.console.screen import Screen
from bots.console.script import Line
from bots.platform import Button, Hook
from bots.text import replies
from bots.text.locale import _
from core.domain.audio import Want
from core.domain.errors import DeliveryRefused, DeliveryUncertain
from core.domain.models import Artifact, Destination, Job, Receipt
from core.service import Service

LARGEST_BYTES = 1 << 30
PLAYABLE = Want(LARGEST_BYTES, frozenset({"wav/pcm_s16le", "mp3/mp3", "ogg/opus", "mp4/aac"}), "mp3")


@dataclass(slots=True)
class Outcome:
    """What came of the whole conversation."""

    finished: bool = False
    """Every line was heard, and every order ended in time."""
    delivered: int = 0
    failed: int = 0
    """Accepted orders that ended without audio."""
    charged_micros: dict[str, int] = field(default_factory=dict)
    """By the member's name, of those who ordered."""


class Console:
    """Implements `bots.platform.Platform` for a conversation that is written or typed."""

    name = NAME
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
        """`in_turn`: hear a line only when the order before it has ended. `over` is set after the last one.

        `deadline_s` is how long an order may take to end.
        """
        self.outcome = Outcome()
        self._lines = lines
        self._screen = screen
        self._output = output
        self._in_turn = in_turn
        self._over = over
        self._deadline_s = deadline_s
        self._accepted: set[str] = set()
        self._ended: set[str] = set()
        self._shown: dict[str, str] = {}
        self._change = asyncio.Event()
        self._responder: Responder

    @property
    def receiving(self) -> bool:
        """Whether there is more to hear."""
        return not self._over.is_set()

    def hooks(self) -> Mapping[str, Hook]:
        """Nothing is posted to a terminal."""
        return {}

    async def open(self, service: Service) -> None:
        """Get ready to deliver."""
        self._responder = Responder(service, lambda job: self._accepted.add(job.job_id))

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Show what is meant for one alone, and what may be typed in place of a press."""
        words = "".join(f"\n{button.label}: /press {button.data}" for button in buttons)
        self._screen.answer(f"{replies.to_alone(member.removeprefix(f'{NAME}:'), text)}{words}")

    async def announce(self, __: str, words: Callable[[str], str]) -> None:
        """Show what is said to everybody."""
        self._screen.answer(words("/speak"))

    async def leave(self, __: str) -> None:
        """Refuse: there is but this place."""
        raise DeliveryRefused("the terminal can't be left")

    async def run(self) -> None:
        """Hear the lines, wait until every order has ended, and end the demo."""
        try:
            await self._converse()
            self.outcome.finished = not self._responder.faults
        except TimeoutError:
            self._screen.answer(replies.not_ended(self._deadline_s))
        finally:
            self._over.set()

    async def _converse(self) -> None:
        async for line in self._lines:
            if answer := await self._responder.answer(line):
                await self._say(answer)
            if self._in_turn:
                await self._all_ended()
        if not self._accepted <= self._ended:
            self._screen.aside(_(replies.WAITING))
        await self._all_ended()

    async def _say(self, answer: Answer) -> None:
        self._screen.answer(answer.text)
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
        """Take no more orders: the lines are over when the app stops, or nobody reads them any more."""

    async def close(self) -> None:
        """Let go of every connection: there is none."""

    # --- Delivery -------------------------------------------------------------------------------------------------

    def accepts(self, __: Job) -> Want:
        """Take what every player plays."""
        return PLAYABLE

    def lasting(self, job: Job) -> Destination:
        """Keep all of it."""
        return job.destination

    def shows(self, job: Job) -> bool:
        """Say whether somebody may be wondering."""
        return not self._in_turn and self._shown.get(job.job_id) != replies.progress(job)

    async def progress(self, job: Job) -> None:
        """Show how far a job is."""
        self._shown[job.job_id] = replies.progress(job)
        self._screen.aside(self._shown[job.job_id])

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Put the files on the output, and say where they lie."""
        if uncertain:
            raise DeliveryUncertain("an earlier copy may lie there")
        for artifact in artifacts:
            try:
                kept = await asyncio.to_thread(self._output.keep, job, artifact)
            except OSError as error:
                raise DeliveryRefused(f"the file can't be written: {error}") from error
            self._screen.good(f"{kept.path} ({artifact.probe.duration_ms / 1000:.1f} s)")
        self._screen.aside(replies.receipt(receipt))
        self.outcome.delivered += 1
        self._end(job, receipt)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say how a job without audio ended."""
        self._screen.answer(replies.ended(receipt))
        self.outcome.failed += 1
        self._end(job, receipt)

    def _end(self, job: Job, receipt: Receipt) -> None:
        charged = self.outcome.charged_micros
        charged[job.member_name] = charged.get(job.member_name, 0) + receipt.charged_micros
        self._ended.add(job.job_id)
        self._change.set()
