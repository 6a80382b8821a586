"""Deliver artifacts as files in the output folder."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bots.commands.buttons import of_ending, of_repeat
from bots.console.buttons import typed
from bots.console.output_folder import OutputFolder
from bots.console.player import Playback
from bots.console.screen import Screen
from bots.text import order_replies, progress_replies, warnings
from core.domain.audio import Want
from core.domain.errors import DeliveryRefused, DeliveryUncertain, NotKept
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.receipts import Receipt
from core.domain.warnings import BudgetWarning

LARGEST_BYTES = 1 << 30
PLAYABLE = Want(LARGEST_BYTES, frozenset({"wav/pcm_s16le", "mp3/mp3", "ogg/opus", "mp4/aac"}), "mp3")


@dataclass(slots=True)
class Outcome:
    """The outcome of the whole conversation."""

    finished: bool = False
    """Whether every line was handled without a fault, and every order ended in time."""
    delivered: int = 0
    failed: int = 0
    """How many accepted orders ended without audio."""
    charged_micros: dict[str, int] = field(default_factory=dict)
    """Member's name -> what they were charged."""


class ConsoleDelivery:
    """The `Delivery` port in a terminal."""

    def __init__(self, screen: Screen, output: OutputFolder, *, in_turn: bool) -> None:
        self.outcome = Outcome()
        self.playback: Playback | None = None
        self._screen = screen
        self._output = output
        self._in_turn = in_turn
        self._ended: set[str] = set()
        self._shown: dict[str, str] = {}
        self._change = asyncio.Event()

    def accepts(self, _: Job) -> Want:
        """Accept what common players play."""
        return PLAYABLE

    def lasting(self, job: Job) -> Destination:
        """Return all of it."""
        return job.destination

    def line(self, _: Job) -> str:
        return ""

    def room_in_s(self, _: Job) -> float:
        return 0

    def shows(self, job: Job) -> bool:
        """Say whether the progress has changed; never in a script, which waits for each order."""
        return not self._in_turn and self._shown.get(job.job_id) != progress_replies.progress(job)

    async def progress(self, job: Job) -> None:
        self._shown[job.job_id] = progress_replies.progress(job)
        if job.job_id not in self._ended:
            self._screen.progress(job.job_id, self._shown[job.job_id])

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Copy the files to the output folder, and show their paths."""
        if uncertain:
            raise DeliveryUncertain("an earlier copy may lie there")
        for artifact in artifacts:
            try:
                kept = await asyncio.to_thread(self._output.keep, job, artifact)
            except OSError as error:
                raise DeliveryRefused(f"the file can't be written: {error}") from error
            duration_s = artifact.probe.duration_ms / 1000
            self._screen.good(f"{kept.path} ({duration_s:.1f} s)")
            if self.playback:
                self.playback.begin(kept.path, duration_s)
        self._screen.aside(order_replies.receipt(receipt) + typed(of_repeat(job)))
        self.outcome.delivered += 1
        self._end(job, receipt)

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:  # noqa: ARG002
        """Refuse: the folder is its reader's, who may have emptied it."""
        raise NotKept("nothing is kept here")

    async def tell(self, job: Job, receipt: Receipt) -> None:
        if receipt.asks:
            self._screen.answer(order_replies.ended(receipt) + typed(of_ending(receipt)))
            self._screen.ended(job.job_id)
            self._ended.add(job.job_id)  # a script goes on, and may answer
            self._change.set()
            return
        self._screen.answer(order_replies.ended(receipt))
        self.outcome.failed += 1
        self._end(job, receipt)

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        self._screen.aside(warnings.warning(job, warning))

    def _end(self, job: Job, receipt: Receipt) -> None:
        self._screen.ended(job.job_id)
        charged = self.outcome.charged_micros
        charged[job.member_name] = charged.get(job.member_name, 0) + receipt.charged_micros
        self._ended.add(job.job_id)
        self._change.set()
