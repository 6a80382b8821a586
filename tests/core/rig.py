"""The real service, worker and store over a gateway, media tools and a chat that do as a test tells them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.assembly.core import assemble
from core.assembly.runtime import Runtime
from core.domain.audio import Probe, RawFormat, Want
from core.domain.contract import RequestStatus
from core.domain.errors import TroubadourError
from core.domain.joining import AudioPart
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.policy import Policy
from core.domain.products import Catalog, Product, catalog
from core.domain.quota import Period, Quota
from core.domain.receipts import Receipt
from core.domain.troubles import Troubles
from core.domain.warnings import Budget, BudgetWarning
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.lease import Lease, SoleLease
from core.engine.meters import Meters
from core.engine.observed import ObservedBucket
from core.engine.pace import Pace
from core.engine.queue import Limits
from core.engine.sharing import SharedFolder
from core.engine.tidying import Keep
from core.engine.worker import Worker
from core.files.artifacts import ArtifactFolder
from core.ports import ArtifactStore, Bucket
from core.service.service import Service
from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.audio import PROBE, Preparing, concatenated
from tests.clock import SetClock
from tests.template import prepared
from tests.waiting import WAIT_S


@dataclass(frozen=True)
class Answer:
    said: str = "COMPLETED"
    media_urls: tuple[str, ...] = ("http://gateway/audio",)
    error: str | None = None
    took_s: float | None = None

    @property
    def status(self) -> RequestStatus:
        """What the words stand for."""
        return RequestStatus(self.said)


@dataclass
class ScriptedGateway:
    """Each call takes the next item of its script: an error is raised, a callable awaited; an empty script succeeds."""

    submits: list[Any] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    fetches: list[Any] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        self.posted.append(parameters[product.billed])
        result = await _next(self.submits)
        return result or f"request-{len(self.posted)}"

    async def status(self, request_id: str) -> Answer:
        self.asked.append(request_id)
        return await _next(self.statuses) or Answer()

    async def fetch(self, url: str, into: Path) -> str:
        content_type = await _next(self.fetches)
        into.write_bytes(b"audio")
        return "audio/wav" if content_type is None else str(content_type)


async def _next(script: list[Any]) -> Any:
    item = script.pop(0) if script else None
    if isinstance(item, Exception):
        raise item
    return await item() if callable(item) else item


@dataclass
class StubMedia(Preparing):
    """Finds every file to be the same second of sound, until told otherwise."""

    probes: list[Any] = field(default_factory=list)
    raws: list[RawFormat | None] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)
    fits: list[Any] = field(default_factory=list)
    joins: list[Any] = field(default_factory=list)

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        self.raws.append(raw)
        return await _next(self.probes) or PROBE

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        self.wants.append(want)
        await _next(self.fits)
        return path, probe

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:
        self.wants.append(want)
        await _next(self.joins)
        return [concatenated(parts, into, PROBE)]


@dataclass
class RecordingChat:
    """Takes deliveries as scripted and remembers what people would have seen."""

    deliveries: list[Any] = field(default_factory=list)
    repeats: list[Any] = field(default_factory=list)
    max_bytes: int = 1_000_000
    rooms: list[float] = field(default_factory=list)
    """Seconds until it has room, by when it is asked; then none."""
    keeps: bool = False
    """The chat keeps what it was sent, to be sent again."""
    copies: bool = False
    """And each time that it is sent again, as a message of its own."""
    tellings: list[Any] = field(default_factory=list)
    showings: list[Any] = field(default_factory=list)
    warnings: list[Any] = field(default_factory=list)
    heard: list[tuple[str, bytes, Receipt]] = field(default_factory=list)
    told: list[tuple[str, str | None]] = field(default_factory=list)
    warned: list[tuple[str, Budget, int]] = field(default_factory=list)
    uncertain: list[bool] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    places: list[int | None] = field(default_factory=list)
    """How many were before each, as it was shown."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def accepts(self, job: Job) -> Want:
        return Want(max_bytes=self.max_bytes, playable=frozenset({"wav/pcm_s16le", "ogg/opus"}), prefer="opus")

    def lasting(self, job: Job) -> Destination:
        return Destination("test", {"token": ""})

    def line(self, job: Job) -> str:
        return str(job.destination.data.get("line", ""))

    def room_in_s(self, job: Job) -> float:
        return self.rooms.pop(0) if self.rooms else 0

    def shows(self, job: Job) -> bool:
        return True

    async def progress(self, job: Job) -> None:
        self.shown.append(job.stage)
        self.places.append(job.outlook.before if job.outlook else None)
        self.changed.set()
        await _next(self.showings)

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        self.uncertain.append(uncertain)
        await _next(self.deliveries)
        content = b"".join([Path(a.path).read_bytes() for a in artifacts])
        self.heard.append((job.job_id, content, receipt))
        self.changed.set()
        return {"copy": content.decode()} if self.keeps else None

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        self.uncertain.append(uncertain)
        await _next(self.repeats)
        self.heard.append((job.job_id, b"kept " + kept["copy"].encode(), receipt))
        self.changed.set()
        return {**kept, "number": len(self.heard)} if self.copies else kept

    async def tell(self, job: Job, receipt: Receipt) -> None:
        await _next(self.tellings)
        self.told.append((job.stage.value, job.why))
        self.changed.set()

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        await _next(self.warnings)
        self.warned.append((job.member, warning.budget, warning.percent))
        self.changed.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not done():
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Rig:
    folder: Path
    clock: SetClock = field(default_factory=SetClock)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    media: StubMedia = field(default_factory=StubMedia)
    chat: RecordingChat = field(default_factory=RecordingChat)
    pace: Pace = field(
        default_factory=lambda: Pace(
            poll_min_s=0.001, poll_max_s=0.001, fetch_pause_s=0.001, net=0, empty_s=0.02, unknown_s=0.02
        )
    )
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(
        default_factory=lambda: Policy(
            default_quota=Quota(limit_micros=100_000, period=Period.DAY),
            direct_quota=Quota(limit_micros=0, period=Period.DAY),
        )
    )
    table: Catalog = field(default_factory=catalog)
    breaker_pause_s: float = 0.001
    lease: Callable[[SqlStore], Lease] = SoleLease
    keep: Keep = field(default_factory=Keep)
    machine: str = "spool"
    """Another has another disk, and the same database."""
    bucket: Bucket | None = None
    """Where machines share audio."""
    meters: Meters = field(default_factory=Meters)
    troubles: Troubles = field(default_factory=Troubles)

    @property
    def spool(self) -> Path:
        return self.folder / self.machine

    def spooled(self, job: Job) -> list[Path]:
        """Return the files of a job."""
        return sorted(self.spool.glob(f"*{job.job_id}*"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Incarnation"]:
        """One life of the process: open, recover, serve; then drain, and the books must balance."""
        driver = SqliteDriver(prepared(self.folder / "troubadour.db"))
        store = SqlStore(driver, self.clock)
        await store.open()
        try:
            async with self._kept() as artifacts:
                alive = self._build(driver, store, artifacts)
                await alive.worker.start()
                yield alive
                await alive.worker.stop(5)
            assert [sentence async for sentence in breaches(driver)] == []
        finally:
            await store.close()

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[ArtifactStore]:
        if self.bucket is None:
            yield ArtifactFolder(self.spool)
            return
        shared = SharedFolder(self.spool, ObservedBucket(self.bucket, self.meters, self.troubles))
        try:
            yield shared
        finally:
            await shared.close()

    def _build(self, driver: SqliteDriver, store: SqlStore, artifacts: ArtifactStore | None = None) -> "Incarnation":
        core = assemble(
            Runtime(
                store=store,
                admin_store=SqlAdminStore(driver, self.clock, store),
                gateway=self.gateway,
                media=self.media,
                deliveries={"test": self.chat},
                policy=self.policy,
                clock=self.clock,
                artifacts=artifacts or ArtifactFolder(self.spool),
                meters=self.meters,
                troubles=self.troubles,
                catalog=self.table,
                limits=self.limits,
                pace=self.pace,
                keep=self.keep,
                breaker=CircuitBreaker(self.breaker_pause_s),
                share=self.lease(store),
            )
        )
        assert isinstance(core.worker, Worker)
        return Incarnation(store, core.worker, core.service)

    def with_deadline(self, seconds: float) -> None:
        products = {name: replace(row, deadline_s=seconds) for name, row in self.table.products.items()}
        self.table = replace(self.table, products=products)


@dataclass(frozen=True)
class Incarnation:
    store: SqlStore
    worker: Worker
    service: Service


class Broken(TroubadourError):
    """A fault that nobody foresaw."""
