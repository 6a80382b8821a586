"""Make audio in a thread, and cache it on disk within a limit."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bots.sandbox.products import PRODUCTS


class Studio:
    """Makes the audio of each distinct request once. Has one thread, since the speech engine can't use more."""

    def __init__(self, cache_bytes: int) -> None:
        self._limit = cache_bytes
        self._folder = TemporaryDirectory(prefix="troubadour-sandbox-")
        self._thread = ThreadPoolExecutor(1, "sandbox-audio")
        self._sizes: OrderedDict[Path, int] = OrderedDict()
        self._making: dict[Path, asyncio.Future[None]] = {}

    async def audio(self, product: str, payload: Mapping[str, Any]) -> Path:
        """Return the audio file of a valid request, made now unless it is cached."""
        key = sha256(json.dumps([product, payload], sort_keys=True).encode()).hexdigest()
        path = Path(self._folder.name, key)
        while path not in self._sizes:
            if path not in self._making:
                self._making[path] = asyncio.ensure_future(self._make(path, product, payload))
            await asyncio.shield(self._making[path])
        self._sizes.move_to_end(path)
        return path

    async def _make(self, path: Path, product: str, payload: Mapping[str, Any]) -> None:
        try:
            loop = asyncio.get_running_loop()
            size = await loop.run_in_executor(self._thread, lambda: path.write_bytes(PRODUCTS[product].make(payload)))
            self._sizes[path] = size
            self._drop_oldest(spare=path)
        finally:
            del self._making[path]

    def _drop_oldest(self, spare: Path) -> None:
        while sum(self._sizes.values()) > self._limit and next(iter(self._sizes)) != spare:
            path, _ = self._sizes.popitem(last=False)
            path.unlink()

    async def close(self) -> None:
        """Finish the audio being made, cancel the rest, and delete all files."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._folder.cleanup)
