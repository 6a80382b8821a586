"""Remove files that nobody needs, and of those that are kept the oldest beyond the limits.

What may go is decided from the store's rows alone, so it holds for every machine.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from core.domain.errors import ArtifactsAway
from core.domain.models import Job
from core.domain.quota import DAY_MS
from core.domain.stored import Share
from core.engine.meters import Meters
from core.ports import ArtifactStore, Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

SWEEP_S = 3600
AT_ONCE = 100
HERE, SHARED = "here", "shared"
"""Places of audio, in the metrics."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long finished audio is kept, and how much of it."""

    ms: int = 7 * DAY_MS
    bytes: int = 2_000_000_000
    """On one machine."""
    community_bytes: int = 1_000_000_000
    """Of one community: in what machines share, or else on one machine."""
    shared_bytes: int = 20_000_000_000
    """In what machines share."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What files of a job take."""

    job_id: str
    community: str
    size_bytes: int


class Tidier:
    """Looks through the files of this machine and through what machines share."""

    def __init__(self, store: Store, artifacts: ArtifactStore, clock: Clock, keep: Keep, meters: Meters) -> None:
        self._store = store
        self._artifacts = artifacts
        self._clock = clock
        self._keep = keep
        self._meters = meters

    async def tidy(self) -> None:
        """Do all of it. Raises StoreError."""
        try:
            shares = await self._artifacts.shared()
        except ArtifactsAway as error:
            log.warning("the shared store can't be swept now, and until then all stays on this machine: %s", error)
            return
        if shares is None:
            await self._keep_within(await self._artifacts.sizes(), self._keep.bytes, HERE)
        else:
            sizes = {job_id: share.size_bytes for job_id, share in shares.items()}
            young = {
                job_id for job_id, share in shares.items() if self._clock.since_ms(share.written_ms) < self._keep.ms
            }
            await self._keep_within(sizes, self._keep.shared_bytes, SHARED, spared=young)
            await self._tidy_copied(shares)

    async def keep_here_tidy(self) -> None:
        """Make room on a machine whose files are copies, now and every hour, until cancelled."""
        while True:
            try:
                await self._tidy_copied(await self._artifacts.shared() or {})
            except Exception:
                log.exception("the audio on this machine could not be swept")
            await asyncio.sleep(SWEEP_S)

    async def _keep_within(
        self, sizes: Mapping[str, int], most_bytes: int, place: str, spared: Collection[str] = ()
    ) -> None:
        """Let go of what nobody needs, then of the oldest beyond the limits.

        `spared`: of these nothing goes whose job is not known, as another service's may be there by mistake.
        """
        held: list[_Held] = []
        unneeded: list[str] = []
        async for job_id, job in self._jobs(sizes):
            if job is not None and _needs(job):
                held.append(_Held(job_id, job.community, sizes[job_id]))
            elif job is not None or job_id not in spared:
                unneeded.append(job_id)
        beyond = [one async for one in self._beyond(held, most_bytes)]
        for some in _batches((*unneeded, *(one.job_id for one in beyond))):
            await self._artifacts.drop(*some)
        kept_bytes = sum(one.size_bytes for one in held) - sum(one.size_bytes for one in beyond)
        self._meters.note("kept_audio_bytes", kept_bytes, place)

    async def _beyond(self, held: Sequence[_Held], most_bytes: int) -> AsyncIterator[_Held]:
        """Yield what has to go, the oldest first; its rows say so already, and what an open delivery needs stays."""
        excess_bytes = sum(one.size_bytes for one in held) - most_bytes
        excesses: dict[str, int] = defaultdict(lambda: -self._keep.community_bytes)
        for one in held:
            excesses[one.community] += one.size_bytes
        for one in held:
            if max(excess_bytes, excesses[one.community]) > 0 and await self._given_up(one.job_id):
                excess_bytes -= one.size_bytes
                excesses[one.community] -= one.size_bytes
                yield one

    async def _given_up(self, job_id: str) -> bool:
        """Note that a job's files are not kept; what its chat keeps can be sent again all the same."""
        job = await self._store.job(job_id)
        return bool(job and job.ended and await self._store.drop_artifacts(job, chat_keeps=job.kept is not None))

    async def _tidy_copied(self, shares: Mapping[str, Share]) -> None:
        """Remove from this machine what has a copy, beyond its limit the oldest first; copy what has none."""
        sizes = await self._artifacts.sizes()
        kept_bytes = sum(sizes.values())
        going: list[str] = []
        async for job_id, job in self._jobs(sizes):
            needed = job is not None and _needs(job)
            if job is not None and needed and not _is_copied(job, shares.get(job_id)):
                self._artifacts.share(job_id, job.artifacts)
            elif not needed or (job is not None and job.ended and kept_bytes > self._keep.bytes):
                kept_bytes -= sizes[job_id]
                going.append(job_id)
        for some in _batches(going):
            await self._artifacts.drop_here(*some)
        self._meters.note("kept_audio_bytes", kept_bytes, HERE)

    async def _jobs(self, sizes: Mapping[str, int]) -> AsyncIterator[tuple[str, Job | None]]:
        for some in _batches(sizes):
            found = {job.job_id: job for job in await self._store.jobs(some)}
            for job_id in some:
                yield job_id, found.get(job_id)


def _batches(job_ids: Iterable[str]) -> Iterator[Sequence[str]]:
    rest = iter(job_ids)
    while some := tuple(islice(rest, AT_ONCE)):
        yield some


def _needs(job: Job) -> bool:
    return not job.ended or any(artifact.path for artifact in job.artifacts)


def _is_copied(job: Job, share: Share | None) -> bool:
    return share is not None and share.size_bytes >= sum(artifact.size_bytes for artifact in job.artifacts)
