"""Fakes that cost almost nothing, so that a benchmark measures only the service itself."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from core.domain.audio import Probe, RawFormat, Want
from core.domain.contract import RequestStatus
from core.domain.errors import NotKept
from core.domain.joining import AudioPart
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.products import Product
from core.domain.receipts import Receipt
from core.domain.warnings import BudgetWarning

CHAT = "bench"
AUDIO = b"audio"
PROBE = Probe("mp3", "mp3", 44_100, 2, 5_000, "audio/mpeg", "mp3")
WANT = Want(50_000_000, frozenset({PROBE.kind}), "mp3")


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of a job, mostly COMPLETED."""

    status: RequestStatus = RequestStatus.COMPLETED
    media_urls: tuple[str, ...] = ("http://gateway/audio",)
    error: str | None = None
    took_s: float | None = None


@dataclass
class FakeGateway:
    """A gateway that completes each request at once."""

    _numbers: Iterator[int] = field(default_factory=count)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:  # noqa: ARG002
        """Return a request id."""
        return f"request-{os.getpid()}-{next(self._numbers)}"  # unique across processes

    async def status(self, request_id: str) -> Answer:  # noqa: ARG002
        """Return COMPLETED."""
        return Answer()

    async def fetch(self, url: str, into: Path) -> str:  # noqa: ARG002
        """Write a small file."""
        into.write_bytes(AUDIO)  # noqa: ASYNC240 - five bytes
        return "audio/wav"


class FakeMedia:
    """Media functions that accept every file unchanged."""

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:  # noqa: ARG002
        """Return the same result every time."""
        return PROBE

    async def prepare(
        self,
        path: Path,
        into: Path,  # noqa: ARG002
        want: Want,  # noqa: ARG002
        raw: RawFormat | None = None,  # noqa: ARG002
    ) -> tuple[Probe, tuple[Path, Probe] | None]:
        """Return the file itself."""
        return PROBE, (path, PROBE)

    async def fit(
        self,
        path: Path,
        probe: Probe,
        into: Path,  # noqa: ARG002
        want: Want,  # noqa: ARG002
        raw: RawFormat | None = None,  # noqa: ARG002
    ) -> tuple[Path, Probe]:
        """Return the file itself."""
        return path, probe

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:  # noqa: ARG002
        """Write the parts one after the other."""
        into.write_bytes(b"".join(part.path.read_bytes() for part in parts))  # noqa: ASYNC240 - a few bytes each
        return [(into, PROBE)]


@dataclass
class FakeChat:
    """A chat that accepts everything."""

    _delivered: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Event] = field(default_factory=dict)
    _shown: dict[str, str] = field(default_factory=dict)

    async def delivered(self, job_id: str) -> None:
        """Wait for a job's audio to arrive."""
        if job_id not in self._delivered:
            event = self._waiting.setdefault(job_id, asyncio.Event())
            await event.wait()
        self._delivered.discard(job_id)

    def accepts(self, job: Job) -> Want:  # noqa: ARG002
        """Accept any audio."""
        return WANT

    def lasting(self, job: Job) -> Destination:
        """Return the whole destination."""
        return job.destination

    def line(self, job: Job) -> str:  # noqa: ARG002
        """Let all go at once."""
        return ""

    def room_in_s(self, job: Job) -> float:  # noqa: ARG002
        """Have room at any time."""
        return 0

    def shows(self, job: Job) -> bool:
        """Report each state as new once, as chats with a status message do."""
        return self._shown.get(job.job_id) != job.stage

    async def progress(self, job: Job) -> None:
        """Show nothing."""
        self._shown[job.job_id] = job.stage

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:  # noqa: ARG002
        """Check the audio and wake its waiters."""
        if Path(artifacts[0].path).read_bytes() != AUDIO:  # noqa: ASYNC240 - five bytes
            raise ValueError("that is not what the gateway made")
        self._delivered.add(job.job_id)
        if event := self._waiting.pop(job.job_id, None):
            event.set()

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:  # noqa: ARG002
        """Do nothing."""
        raise NotKept("nothing is kept")

    async def tell(self, job: Job, receipt: Receipt) -> None:  # noqa: ARG002
        """Raise: in a benchmark every job must succeed."""
        raise ValueError(f"{job.job_id} ended as {job.state}: {job.reason}")

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        """Do nothing."""
