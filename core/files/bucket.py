"""Objects in an S3-compatible store: each is whole, or not there."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from yarl import URL

from core.domain.errors import ArtifactsAway
from core.domain.stored import BucketAddress, Stored
from core.files.spool import Part, own_disk

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Credential

T = TypeVar("T")
log = logging.getLogger(__name__)

AT_ONCE = 8
"""Calls at the same time; others wait for their turn."""
CONNECT = timedelta(seconds=5)
SILENCE = timedelta(seconds=10)
"""The longest wait for the next bytes of an answer."""
WHOLE = timedelta(seconds=120)
"""The longest that a request may take, of which a large file has one for each piece."""
TRIES = timedelta(seconds=20)
"""How long a request that failed is tried again, once more at most."""
PIECE_BYTES = 5 << 20
"""The least that S3 takes as a part of an upload; two of them are in memory for each."""
BLOCK_BYTES = 1 << 20
PAGE = 1000
"""How many objects are listed at a time."""
NO_PROXY = "http://127.0.0.1:9"
"""Stands for none, with every host excepted from it."""
_TOLD = re.compile(
    r'performing ([A-Z]+) |status code: ([^:\n]+)|<Code>(\w+)</Code>|message: "([^"]+)"|HttpError \{\s+kind: (\w+)'
)
_WORDS = {
    "Timeout": "no answer in time",
    "Request": "the connection broke off",
    "Interrupted": "the answer broke off",
    "Connect": "no connection",
}


class S3Bucket:
    """Implements `core.ports.Bucket`.

    Its calls block, in threads of their own: obstore's awaitable ones abort an interpreter that ends just after one.
    """

    def __init__(self, address: BucketAddress, *folders: str) -> None:
        """`folders`: what names begin with, after the address's own prefix."""
        self._store = S3Store(
            address.bucket,
            prefix="/".join(part for part in (address.prefix, *folders) if part) or None,
            endpoint=address.url,
            region=address.region,
            credential_provider=lambda: _credential(address),  # by name, the environment's would mix with them
            client_options=_client(address),
            retry_config={"max_retries": 1, "retry_timeout": TRIES},
        )
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="artifacts")

    async def put(self, name: str, path: Path) -> int:
        return await self._run(partial(self._put, name, path))

    async def get(self, name: str, into: Path, size_bytes: int) -> bool:
        return await self._run(partial(self._get, name, into, size_bytes))

    async def delete(self, names: Sequence[str]) -> None:
        if names:
            await self._run(partial(obstore.delete, self._store, names))

    async def list(self, folder: str = "") -> Sequence[Stored]:
        return await self._run(partial(self._list, folder))

    def close(self) -> None:
        """Give up what has not begun; what is under way ends by its own deadlines."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(_told, work))

    def _put(self, name: str, path: Path) -> int:
        size_bytes = path.stat().st_size
        obstore.put(self._store, name, path, chunk_size=PIECE_BYTES, max_concurrency=2)
        return size_bytes

    def _get(self, name: str, into: Path, size_bytes: int) -> bool:
        try:
            found = obstore.get(self._store, name)
        except FileNotFoundError:
            return False
        if found.meta["size"] != size_bytes:
            log.warning("%s in the shared store has %d bytes instead of %d", name, found.meta["size"], size_bytes)
            return False
        with own_disk():
            part = Part(into)
            try:
                for block in found.stream(BLOCK_BYTES):
                    part.write(block)
                part.publish()
            finally:
                part.discard()
        return True

    def _list(self, folder: str) -> Sequence[Stored]:
        pages = obstore.list(self._store, folder or None, chunk_size=PAGE)
        return [
            Stored(one["path"], one["size"], round(one["last_modified"].timestamp() * 1000))
            for page in pages
            for one in page
        ]


def _credential(address: BucketAddress) -> "S3Credential":
    return {
        "access_key_id": address.key.get_secret_value(),
        "secret_access_key": address.secret.get_secret_value(),
        "token": None,
        "expires_at": None,
    }


def _client(address: BucketAddress) -> "ClientConfig":
    """Say how it is called: by the proxy of the settings or by none, whatever the environment says."""
    return {
        "connect_timeout": CONNECT,
        "read_timeout": SILENCE,
        "timeout": WHOLE,
        "allow_http": True,
        "proxy_url": address.proxy or NO_PROXY,
        "proxy_excludes": "" if address.proxy else URL(address.url).host or "",
    }


def _told(work: Callable[[], T]) -> T:
    """Do it. Raises ArtifactsAway, in a few words: obstore's have pages, and StoreError."""
    try:
        return work()
    except (BaseError, FileNotFoundError) as error:
        log.debug("%s", error)
        found = dict.fromkeys(next(filter(None, each)).strip() for each in _TOLD.findall(str(error)))
        words = " ".join(_WORDS.get(word, word) for word in found) or str(error).partition("\n")[0]
        raise ArtifactsAway(words) from None
