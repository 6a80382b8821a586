"""Make what was generated into files that the job's chat takes."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from core.domain.audio import Probe, RawFormat, Want, raw_format
from core.domain.copies import replaced
from core.domain.errors import CannotFit, MediaError
from core.domain.finishing import AS_IS, Finish
from core.domain.joining import AudioPart
from core.domain.models import Artifact, Job
from core.domain.parts import heading
from core.domain.products import row_of
from core.ports import Deliveries, MediaTools

log = logging.getLogger(__name__)

MOST_PREPARED = 256
"""Files that are remembered until they are delivered; of others, what a delivery needs is made then."""


class Fitter:
    """Knows what each chat takes, and what was made ready for it while its audio was first looked into."""

    def __init__(
        self, media: MediaTools, deliveries: Deliveries, finish_of: Callable[[Job], Finish] = lambda _: AS_IS
    ) -> None:
        """`finish_of` returns how a job's files are finished."""
        self._media = media
        self._finish_of = finish_of
        self._deliveries = deliveries
        self._prepared: OrderedDict[str, tuple[Want, Path, Probe]] = OrderedDict()
        """By the path of what was fetched."""

    def wanted(self, job: Job) -> Want:
        """Return what the job's chat takes, and its member has chosen."""
        chosen = row_of(job.product).output_of(job.parameters)
        takes = self._deliveries[job.platform].accepts(job)
        return replaced(takes, output_format=chosen, finish=self._finish_of(job))

    async def look(self, job: Job, path: Path, raw: RawFormat | None) -> Probe:
        """Look into what was fetched, and in the same go make of it what the chat takes. Raises what `probe` raises."""
        if len(job.parts) > 1:  # joined, once all of them are there
            return await self._media.probe(path, raw)
        want = self.wanted(job)
        probe, fit = await self._media.prepare(path, _fit_for(path, want), want, raw)
        if fit is not None:
            self._prepared[str(path)] = (want, *fit)
            if len(self._prepared) > MOST_PREPARED:
                self._prepared.popitem(last=False)
        return probe

    def ready(self, artifacts: Sequence[Artifact], want: Want) -> tuple[Artifact, ...] | None:
        """Return the files for a delivery if they are made already."""
        made = [self._prepared.get(artifact.path, (None, Path(), artifact.probe)) for artifact in artifacts]
        if any(made_for != want for made_for, *_ in made):
            return None
        return tuple([artifact_of(path, probe) for _, path, probe in made])

    async def fitted(self, job: Job, want: Want) -> tuple[Artifact, ...]:
        """Return the files for a delivery. Raises CannotFit, Undecodable."""
        raw = raw_format(want.output_format)
        if len(job.parts) > 1:
            return await self._joined(job, want, raw)
        return tuple([await self._fitted(artifact, want, raw) for artifact in job.artifacts])

    async def _fitted(self, artifact: Artifact, want: Want, raw: RawFormat | None) -> Artifact:
        source = Path(artifact.path)
        made_for, path, probe = self._prepared.pop(artifact.path, (None, source, artifact.probe))
        if made_for != want or not path.is_file():
            try:
                path, probe = await self._media.fit(source, artifact.probe, _fit_for(source, want), want, raw)
            except CannotFit:
                raise
            except MediaError as error:  # our own fault: the audio itself has been decoded before
                if artifact.size_bytes > want.max_bytes:
                    raise
                log.warning("%s is sent as it was fetched: %s", source.name, error)
                return artifact
        return artifact_of(path, probe)

    async def _joined(self, job: Job, want: Want, raw: RawFormat | None) -> tuple[Artifact, ...]:
        parts: list[AudioPart] = []
        pause_ms = 0
        for made in job.parts:
            for artifact in made.artifacts:
                title = heading(job, made)
                parts.append(AudioPart(Path(artifact.path), artifact.probe, pause_ms=pause_ms, title=title, raw=raw))
                pause_ms = made.pause_ms
        files = await self._media.join(parts, _fit_for(Path(job.artifacts[0].path), want), want)
        return tuple([artifact_of(path, probe) for path, probe in files])


def artifact_of(path: Path, probe: Probe) -> Artifact:
    """Describe a file that was just written, and so is still in the page cache."""
    return Artifact.of(path, probe, path.stat().st_size)


def _fit_for(source: Path, want: Want) -> Path:
    """Return where the file goes that is made of another, or begins with it, for a chat."""
    return source.with_name(f"{source.name}-{want.prefer}-{want.max_bytes}")
