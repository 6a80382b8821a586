"""Where finished audio is kept: a folder of this machine, and what machines share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

from bots.app.settings import Settings
from bots.app.values import bucket_of
from core.domain.errors import ConfigurationError
from core.domain.troubles import Troubles
from core.engine.meters import Meters
from core.engine.observed import ObservedBucket
from core.engine.sharing import SharedFolder
from core.files.artifacts import ArtifactFolder
from core.ports import ArtifactStore

NO_EXTRA = "ARTIFACTS_URL needs an extra: pip install 'troubadour[s3]'"


@asynccontextmanager
async def artifacts_of(
    settings: Settings, folder: Path, meters: Meters, troubles: Troubles
) -> AsyncIterator[ArtifactStore]:
    """Yield what keeps audio in a folder, with copies where machines share them. Raises ConfigurationError."""
    address = bucket_of(settings)
    if address is None:
        yield ArtifactFolder(folder)
        return
    if not find_spec("obstore"):
        raise ConfigurationError(NO_EXTRA)
    from core.files.bucket import S3Bucket

    shared = SharedFolder(folder, ObservedBucket(S3Bucket(address, folder.name), meters, troubles))
    try:
        yield shared
    finally:
        await shared.close()
