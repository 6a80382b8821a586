"""Bring what the gateway has made for a job into the spool."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.domain.audio import raw_format
from core.domain.errors import GatewayError, MediaError, RequestUnknown
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Artifact, Job
from core.domain.products import row_of
from core.engine.delivery import DELIVER_S
from core.engine.downloads import Downloads
from core.engine.fitting import Fitter
from core.engine.pace import Pace, Patience
from core.engine.wakeups import Wakeups
from core.ports import ArtifactStore, Gateway
from core.stores.store import Store

log = logging.getLogger(__name__)


class Fetcher:
    """Fetches the audio of jobs into the spool."""

    def __init__(
        self,
        *,
        store: Store,
        gateway: Gateway,
        fitter: Fitter,
        artifacts: ArtifactStore,
        pace: Pace,
        wakeups: Wakeups,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._downloads = Downloads(gateway, artifacts, pace, wakeups.pause)
        self._fitter = fitter
        self._artifacts = artifacts
        self._pace = pace
        self._wakeups = wakeups

    async def at_hand(self, job: Job) -> Job:
        """Return the job with its audio in this spool, unless its chat keeps it: fetched again, or marked lost."""
        if job.kept or not _missing(job.artifacts):
            return job
        log.info("job %s: its audio is not here and is fetched again", job)
        trouble: GatewayError | MediaError | None = None
        for part in job.parts:
            if _missing(part.artifacts):
                urls = await self.media_urls(job, part.number)
                artifacts, trouble = await self.fetched(job, part.number, urls)
                if not artifacts:
                    break
                job = await self._store.note(job, part.number, artifacts=artifacts)
        else:
            return job
        log.warning("job %s: its audio is lost: %s", job, trouble)
        uncertain = job.stage is DeliveryState.SENDING
        reason = Reason.DELIVERY_UNCERTAIN if uncertain else Reason.LOST
        return await self._store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=reason, detail=str(trouble))

    async def media_urls(self, job: Job, number: int) -> Sequence[str]:
        """Ask for the URLs of a generation's audio, through an outage of the gateway; none where it never answers."""
        request_id = job.generation(number).request_id or ""
        outage, empty, unknown = (Patience(s) for s in (DELIVER_S, self._pace.empty_s, self._pace.unknown_s))
        while True:
            try:
                urls = (await self._gateway.status(request_id)).media_urls
                if urls or not empty.lasts():
                    return urls
            except GatewayError as error:
                log.warning("job %s: where its audio is can't be asked for now: %s", job, error)
                if not outage.lasts() or (isinstance(error, RequestUnknown) and not unknown.lasts()):
                    return ()
            await self._wakeups.pause(self._pace.poll_max_s)

    async def fetched(
        self, job: Job, number: int, urls: Sequence[str]
    ) -> tuple[tuple[Artifact, ...], GatewayError | MediaError | None]:
        """Return the artifacts that could be fetched and decoded, and the last error of the others."""
        what, stem = f"job {job.named(number)}", self._artifacts.path(job.job_id, str(number))
        raw = raw_format(row_of(job.product).output_of(job.generation(number).parameters))
        artifacts, trouble = await self._downloads.fetched(what, urls, stem, raw, partial(self._fitter.look, job))
        if not artifacts and len(job.generations) == 1:
            await self._artifacts.drop(job.job_id)
        return artifacts, trouble


def _missing(artifacts: Sequence[Artifact]) -> bool:
    return not all(Path(artifact.path).is_file() for artifact in artifacts)
