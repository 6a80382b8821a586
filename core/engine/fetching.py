"""Bring what the gateway has made for a job into the spool."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.domain.audio import raw_format
from core.domain.copies import replaced
from core.domain.errors import ArtifactsAway, GatewayError, MediaError, RequestUnknown
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Artifact, Generation, Job
from core.domain.products import row_of
from core.domain.quoting import unquoted
from core.engine.delivery import DELIVER_S
from core.engine.downloads import Downloads
from core.engine.fitting import Fitter
from core.engine.pace import Pace, Patience
from core.engine.wakeups import Wakeups
from core.ports import ArtifactStore, Gateway
from core.stores.store import Store

log = logging.getLogger(__name__)

AWAY_PAUSE_S = 15
"""Between two tries to reach audio that neither the shared store nor the gateway hands out."""


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
        """Return the job with its audio in this spool, unless its chat keeps it.

        It is brought from the store that machines share, fetched again, or marked as lost or out of reach.
        """
        patience = Patience(DELIVER_S)
        for part in () if job.kept else job.parts:
            if not part.artifacts:
                continue
            artifacts, trouble = await self._found(job, part)
            while not artifacts and isinstance(trouble, ArtifactsAway) and patience.lasts():
                await self._wakeups.pause(AWAY_PAUSE_S)
                artifacts, trouble = await self._found(job, part)
            if not artifacts:
                return await self._missed(job, trouble)
            if artifacts != part.artifacts:
                job = await self._store.note(job, part.number, artifacts=artifacts)
        return job

    async def _found(self, job: Job, part: Generation) -> tuple[tuple[Artifact, ...], Exception | None]:
        """Return the files of a part, brought here or fetched again, or what keeps them away."""
        away: ArtifactsAway | None = None
        try:
            paths = [await self._artifacts.bring(job.job_id, each) or _as_written(each) for each in part.artifacts]
            if all(paths):
                return tuple(replaced(a, path=str(at)) for a, at in zip(part.artifacts, paths, strict=True)), None
        except ArtifactsAway as error:
            log.warning("job %s: its audio can't be brought from the shared store now: %s", job, error)
            away = error
        log.info("job %s: its audio is not here and is fetched again", job)
        artifacts, trouble = await self.fetched(job, part.number, await self.media_urls(job, part.number))
        return artifacts, away or trouble

    async def _missed(self, job: Job, trouble: Exception | None) -> Job:
        log.warning("job %s: its audio is out of reach: %s", job, trouble)
        reason = Reason.AUDIO_AWAY if isinstance(trouble, ArtifactsAway) else Reason.LOST
        if job.stage is DeliveryState.SENDING:
            reason = Reason.DELIVERY_UNCERTAIN
        return await self._store.move_delivery(
            job, DeliveryState.UNDELIVERABLE, reason=reason, detail=unquoted(job, trouble)
        )

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
            await self._artifacts.drop_here(job.job_id)
        self._artifacts.share(job.job_id, artifacts)  # they are on disk here, and the chat does not wait for copies
        return artifacts, trouble


def _as_written(artifact: Artifact) -> Path | None:
    """Return where a file was written, if that is on this machine, too."""
    path = Path(artifact.path)
    return path if path.is_file() else None
