"""The life of accepted requests: QUEUED, PROCESSING, and then COMPLETED, FAILED or ERROR."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

from bots.sandbox.callbacks import Callbacks
from bots.sandbox.config import SandboxConfig
from bots.sandbox.faults import Fault, Media
from bots.sandbox.products import PRODUCTS
from bots.sandbox.refusals import Refused
from bots.sandbox.request_store import RequestStore
from bots.sandbox.studio import Studio
from core.domain.contract import RequestStatus, WebhookMode

log = logging.getLogger("troubadour.sandbox")

MEDIA_COUNT = {Media.TWICE: 2, Media.EMPTY: 0}
"""How many addresses a completed request offers under these faults, instead of one."""


def _now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Format a time as the status endpoint does: 2026-05-22T13:17:32.110Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(moment: datetime) -> str:
    """Format a time as callbacks do, except in `created_at`: 2026-05-22 13:19:23, in UTC, without a zone."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """An accepted request, with details for tests."""

    product: str
    model: str
    payload: Mapping[str, Any]
    headers: Mapping[str, str]
    """The submission's headers, without the key."""
    fault: Fault
    origin: str
    """The scheme, host and port at which the client reached the sandbox."""
    webhook_url: str | None
    webhook_mode: WebhookMode
    charged_micros: int
    request_id: str = ""
    status: RequestStatus = RequestStatus.QUEUED
    error: str | None = None
    polls: int = 0
    """How often its status was requested."""
    created_at: datetime = field(default_factory=_now)
    updated_at: datetime = field(default_factory=_now)
    last_callback: asyncio.Task[None] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.request_id = self.request_id or f"{self.model}_{uuid4()}"

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status.is_final

    def record(self) -> dict[str, Any]:
        """Return what a restart needs, which is all but the fault (found again by the text) and the origin."""
        kept = "request_id product model webhook_url webhook_mode charged_micros status error".split()
        times = {"created_at": self.created_at.isoformat(), "updated_at": self.updated_at.isoformat()}
        return {name: getattr(self, name) for name in kept} | {"payload": dict(self.payload)} | times

    @classmethod
    def from_record(cls, record: Mapping[str, Any], fault: Fault, origin: str) -> Self:
        """Restore a job from its `record`."""
        times = {name: datetime.fromisoformat(record[name]) for name in ("created_at", "updated_at")}
        sets = {"status": RequestStatus(record["status"]), "webhook_mode": WebhookMode(record["webhook_mode"])}
        return cls(**{**record, **times, **sets}, headers={}, fault=fault, origin=origin)

    def body(self, stamp: Callable[[datetime], str] = iso) -> dict[str, Any]:
        """Return the status as documented; `stamp` formats the times."""
        return {
            "request_id": self.request_id,
            "status": self.status,
            "model_id": self.model,
            "error": self.error,
            "output": self._output(),
            "created_at": iso(self.created_at),
            "updated_at": stamp(self.updated_at),
            "completed_at": stamp(self.updated_at) if self.ended else None,
        }

    def _output(self) -> dict[str, Any] | None:
        if self.status is not RequestStatus.COMPLETED or self.fault.media is Media.NULL:
            return None
        media_type, suffix = PRODUCTS[self.product].label(self.payload)
        names = [f"output.{suffix}", f"output-2.{suffix}"][: MEDIA_COUNT.get(self.fault.media, 1)]
        return {
            "media_url": [f"{self.origin}/media/v1/{self.request_id}/{name}" for name in names],
            "media_type": media_type,
        }


class Queue:
    """Advances accepted requests with time, and reports them by webhook."""

    def __init__(self, config: SandboxConfig, studio: Studio) -> None:
        self.jobs: dict[str, Job] = {}
        """Request id -> job, oldest first: all unfinished ones and the last that finished."""
        self.charged_micros = 0
        self._config = config
        self._studio = studio
        self._requests = RequestStore(config.folder)
        self._callbacks = Callbacks(config)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: deque[str] = deque()

    @property
    def full(self) -> bool:
        """Whether the limit on unfinished requests is reached."""
        return len(self._tasks) >= self._config.open_limit

    def accept(self, job: Job) -> None:
        """Charge a request and start it."""
        self._requests.put(job.request_id, job.record())
        self._add(job)

    def resume(self, fault_of: Callable[[str], Fault], origin: str) -> None:
        """Resume the requests of an earlier run."""
        for record in self._requests.records():
            try:
                text = PRODUCTS[record["product"]].billed(record["payload"])
                job = Job.from_record(record, fault_of(text), origin)
            except (KeyError, TypeError, ValueError, Refused) as error:
                log.warning("a kept request can't be read: %r", error)
            else:
                self._add(job)

    def _add(self, job: Job) -> None:
        self.jobs[job.request_id] = job
        self.charged_micros += job.charged_micros
        if job.ended:
            self._retire(job)
            return
        task = asyncio.create_task(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop all requests and deliveries."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._callbacks.close()

    async def _run(self, job: Job) -> None:
        await self._wait(job, self._config.queued_s)
        self._enter(job, RequestStatus.PROCESSING)
        await self._wait(job, math.inf if job.fault.never_ends else self._config.processing_s)
        final = job.fault.final
        if final is not RequestStatus.COMPLETED:
            job.error = "The sandbox was asked to fail this request"
        elif not await self._produce(job):
            final = RequestStatus.ERROR
            job.error = "The audio could not be made"
        self._end(job, final)

    async def _wait(self, job: Job, time_s: float) -> None:
        """Wait, reporting in every cycle in mode `sync`."""
        while time_s > self._config.cycle_s:
            await asyncio.sleep(self._config.cycle_s)
            time_s -= self._config.cycle_s
            self._report(job)
        await asyncio.sleep(time_s)

    async def _produce(self, job: Job) -> bool:
        try:
            await self._studio.audio(job.product, job.payload)
        except Exception:
            log.exception("%s failed", job.request_id)
            return False
        return True

    def _enter(self, job: Job, status: RequestStatus) -> None:
        job.status, job.updated_at = status, _now()
        self._requests.put(job.request_id, job.record())
        self._report(job)

    def _end(self, job: Job, status: RequestStatus) -> None:
        if status is RequestStatus.ERROR:  # the contract: "System error — not charged"
            self.charged_micros -= job.charged_micros
            job.charged_micros = 0
        self._enter(job, status)
        self._retire(job)

    def _retire(self, job: Job) -> None:
        """Remember a finished request, and drop the oldest if there are too many."""
        self._ended.append(job.request_id)
        if len(self._ended) > self._config.keep:
            oldest = self._ended.popleft()
            del self.jobs[oldest]
            self._requests.drop(oldest)

    def _report(self, job: Job) -> None:
        if job.webhook_url and (job.ended or job.webhook_mode is WebhookMode.SYNC):
            job.last_callback = self._callbacks.post(job.webhook_url, job.body(plain), job.last_callback)
