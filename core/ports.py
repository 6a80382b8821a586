"""What the core needs from the outside besides its stores: a gateway, media tools, the chats and a clock."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from core.domain.audio import Probe, RawFormat, Want
from core.domain.contract import RequestStatus
from core.domain.joining import AudioPart
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.products import Product
from core.domain.receipts import Receipt
from core.domain.stored import Share, Stored
from core.domain.warnings import BudgetWarning


class Clock(Protocol):
    """The wall clock; waiting goes through asyncio."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        ...

    def since_ms(self, at_ms: int) -> int:
        """Return how long ago it was that this clock said so: never less than 0, and without what it was set forward.

        Whoever decides that something has lasted too long asks this, for a clock may be set at any time.
        """
        ...


# --- the gateway ----------------------------------------------------------------------------------------------


class GatewayStatus(Protocol):
    """One answer of the status endpoint."""

    @property
    def status(self) -> RequestStatus:
        """How far the request is."""
        ...

    @property
    def media_urls(self) -> tuple[str, ...]:
        """Where the generated files are; may be empty."""
        ...

    @property
    def error(self) -> str | None:
        """The gateway's own words."""
        ...

    @property
    def took_s(self) -> float | None:
        """How long a finished request took, if the gateway says so."""
        ...


class Gateway(Protocol):
    """Generates audio. Raises GatewayError, whose class says what a submit's failure means."""

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        """Post one request, once; return the gateway's request id. Without a token it is not called back."""
        ...

    async def status(self, request_id: str) -> GatewayStatus:
        """Ask the universal status endpoint."""
        ...

    async def fetch(self, url: str, into: Path) -> str:
        """Stream one artifact to a file and return its content type.

        All its bytes are on disk then, and its name when `ArtifactStore.settle` has returned. Raises MediaUnavailable
        and StoreError.
        """
        ...


class MediaTools(Protocol):
    """Looks into audio files and makes them fit; never in this process."""

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        """Decode the whole file. Raises Undecodable."""
        ...

    async def prepare(
        self, path: Path, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Probe, tuple[Path, Probe] | None]:
        """Do as `probe` and `fit` for what was just fetched, at once.

        Where the file is audio but no other can be made of it now, the second is None: `fit` may be asked later.
        Raises Undecodable, SilentAudio.
        """
        ...

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        """Return a file that the chat takes: this one, with tags if any are wanted, or a transcoded one.

        Raises CannotFit. What is written is whole but not synced: after a restart it is made anew from this one.
        """
        ...

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:
        """Return an order's parts as files that the chat takes, in the order in which they are heard; mostly as one.

        They stand at `into`, or beside it where there are several; each is complete, or not there. A single part is
        fitted. Joining may be repeated. Raises CannotFit, Undecodable.
        """
        ...


class ArtifactStore(Protocol):
    """Keeps finished audio: files on this machine, by job, and perhaps copies where all machines find them."""

    def path(self, job_id: str, name: str) -> Path:
        """Return where a job's file of that name is written, in a folder that is there. Raises StoreError, StoreAway.

        Names of other files beside it begin with its own.
        """
        ...

    def has(self, job_id: str, path: str) -> bool:
        """Say whether a job's file lies here, or may be brought."""
        ...

    async def bring(self, job_id: str, file: Artifact) -> Path | None:
        """Return where a job's file lies here, wherever it was written; None where there is none any more.

        Raises ArtifactsAway where that can't be said now, StoreError, StoreAway.
        """
        ...

    def share(self, job_id: str, files: Sequence[Artifact]) -> None:
        """Begin to copy files that are here to where all machines find them; a failure is tried again."""
        ...

    async def settle(self) -> None:
        """Return once the names of all files that are there survive a power loss. Raises StoreError, StoreAway."""
        ...

    async def drop(self, *job_ids: str) -> None:
        """Remove the files of these jobs everywhere, as far as there are any."""
        ...

    async def drop_here(self, *job_ids: str) -> None:
        """Remove the files of these jobs from this machine."""
        ...

    async def sizes(self) -> Mapping[str, int]:
        """Return how many bytes each job's files take on this machine, by job id, the oldest first."""
        ...

    async def shared(self) -> Mapping[str, Share] | None:
        """Return the copies by job id, the oldest first; None where none are made. Raises ArtifactsAway."""
        ...


class Bucket(Protocol):
    """Objects that machines share. Each method has a deadline, and raises ArtifactsAway."""

    async def put(self, name: str, path: Path) -> int:
        """Write a file, all of it or nothing, and return its size."""
        ...

    async def get(self, name: str, into: Path, size_bytes: int) -> bool:
        """Read an object of that size into a file: all of it, or nothing; False where there is none.

        Raises StoreError, StoreAway for our own disk.
        """
        ...

    async def delete(self, names: Sequence[str]) -> None:
        """Remove objects, as far as they are there."""
        ...

    async def list(self, folder: str = "") -> Sequence[Stored]:
        """Return what there is, in a folder or anywhere."""
        ...

    def close(self) -> None:
        """Give up what has not begun."""
        ...


# --- the chats ------------------------------------------------------------------------------------------------


class Delivery(Protocol):
    """One chat platform, as the worker sees it."""

    def accepts(self, job: Job) -> Want:
        """Say which files the job's chat takes: size and formats."""
        ...

    def lasting(self, job: Job) -> Destination:
        """Return what may be kept of a job's destination for a day, without a token: its audio may come late."""
        ...

    def shows(self, job: Job) -> bool:
        """Say whether `progress` has anything to show that is not shown already.

        What was shown when the job was in other hands may have been overwritten since.
        """
        ...

    def line(self, job: Job) -> str:
        """Name what takes one delivery at a time: others wait for their turn before they begin. "" where many may go.

        What waits for its turn was not begun, so a stop meanwhile leaves no doubt.
        """
        ...

    def room_in_s(self, job: Job) -> float:
        """Return how long it takes until the chat may be sent audio; 0 where it may at once."""
        ...

    async def progress(self, job: Job) -> None:
        """Show that the job is queued, running or being sent. Best effort: the worker waits for nothing here."""
        ...

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        """Hand the files to the chat, with the receipt; return what `repeat` needs, where the chat keeps them.

        `uncertain`: an earlier attempt may have arrived. Where the platform can't tell a repeat from a new message,
        raise DeliveryUncertain without sending. Raises DeliveryError; the class says what follows.
        """
        ...

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        """Do as `deliver`, with what a chat of the platform keeps from an earlier delivery.

        Raises NotKept where it does not have that any more, or can't give it to this chat.
        """
        ...

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say how a job without audio in the chat ended (`job.stage`, `job.why`).

        Offer "send again" where it is undeliverable, and to take a part of it where it asks. Raises DeliveryError.
        """
        ...

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        """Warn the member of a job that was delivered, alone, or its community's admins. Raises DeliveryError."""
        ...


Deliveries = Mapping[str, Delivery]
"""By platform name."""


class Presence(Protocol):
    """The bot's place in the communities of one chat platform, from any process."""

    async def announce(self, community: str, words: Callable[[str], str]) -> None:
        """Say something where a community is greeted; `words` are made from how /speak is written there.

        Raises DeliveryError.
        """
        ...

    async def leave(self, community: str) -> None:
        """Leave a community; one that the bot is not in is left. Raises DeliveryError."""
        ...


__all__ = [
    "ArtifactStore",
    "Bucket",
    "Clock",
    "Deliveries",
    "Delivery",
    "Destination",
    "Gateway",
    "GatewayStatus",
    "MediaTools",
    "Presence",
]
