"""A throw-away S3-compatible store for tests: SeaweedFS's server, and a road to it that can be bad."""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from core.domain.stored import BucketAddress
from core.ports import Bucket
from tests.ports import free_ports

WEED = Path(sys.executable).with_name("weed")
START_S = 120.0
KEY, SECRET = "canary-access-key", "canary-secret-of-the-store"
CREDENTIALS = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Read", "List", "Write", "Admin"],
        }
    ]
}
PORTS = (
    "master.port",
    "volume.port",
    "filer.port",
    "s3.port",
    *(f"{n}.port.grpc" for n in ("master", "volume", "filer", "s3")),
)
OFF = ("s3.port.iceberg=0", "s3.port.lance=0", "master.telemetry=false", "s3.iam=false")


class NoStore(Exception):
    """The server is not installed."""


@dataclass
class Store:
    """One server with one bucket; each test has a place of its own in it."""

    port: int
    prefixes: Iterator[str] = field(default_factory=lambda: (f"test/{number}" for number in count(1)))

    def address(self) -> BucketAddress:
        """Return an empty place; the server makes the bucket for the first object."""
        return BucketAddress(
            bucket="troubadour-tests",
            prefix=next(self.prefixes),
            region="eu-central-1",
            endpoint=f"http://127.0.0.1:{self.port}",
            key=SecretStr(KEY),
            secret=SecretStr(SECRET),
        )


def environment(address: BucketAddress) -> Mapping[str, str]:
    """Return the settings that lead to a bucket."""
    return {
        "ARTIFACTS_URL": f"s3://{address.bucket}/{address.prefix}",
        "ARTIFACTS_ENDPOINT": address.url,
        "ARTIFACTS_REGION": address.region,
        "ARTIFACTS_KEY": address.key.get_secret_value(),
        "ARTIFACTS_SECRET": address.secret.get_secret_value(),
    }


def bucket_at(address: BucketAddress, *folders: str) -> Bucket:
    """Open a bucket as the service does."""
    from core.files.bucket import S3Bucket  # noqa: PLC0415 - its library is an extra

    return S3Bucket(address, *folders)


class Opened:
    """A bucket, opened past everything of ours."""

    def __init__(self, address: BucketAddress) -> None:
        import obstore  # noqa: PLC0415 - an extra
        from obstore.store import S3Store  # noqa: PLC0415

        self._obstore = obstore
        self._store = S3Store(
            address.bucket,
            prefix=address.prefix,
            endpoint=address.endpoint,
            region=address.region,
            access_key_id=address.key.get_secret_value(),
            secret_access_key=address.secret.get_secret_value(),
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def names(self) -> set[str]:
        """Return the names of all objects."""
        return {one["path"] for page in self._obstore.list(self._store) for one in page}

    def answers(self) -> bool:
        """Say whether it takes objects."""
        try:
            self._obstore.put(self._store, "ready", b"yes")
        except (self._obstore.exceptions.BaseError, FileNotFoundError):  # while it starts it knows no paths
            return False
        return True


def names_in(address: BucketAddress) -> set[str]:
    """Return the names of all objects."""
    return Opened(address).names()


@contextmanager
def s3_server() -> Iterator[Store]:
    """Yield a server that takes requests. Raises NoStore."""
    if not WEED.exists() or not find_spec("obstore"):
        raise NoStore(f"{WEED} and obstore have to be there: make installs them")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        config = Path(folder, "credentials.json")
        config.write_text(json.dumps(CREDENTIALS))
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        options = [f"{name}={port}" for name, port in ports.items()]
        options += [*OFF, "filer", "s3", "ip=127.0.0.1", "ip.bind=127.0.0.1", "volume.max=50"]
        options += ["master.volumeSizeLimitMB=64", f"dir={folder}", f"s3.config={config}"]
        with Path(folder, "log").open("w") as log:
            server = subprocess.Popen([WEED, "server", *(f"-{o}" for o in options)], stdout=log, stderr=log, cwd=folder)
            try:
                store = Store(ports["s3.port"])
                _await(store, server, Path(folder, "log"))
                yield store
            finally:
                server.kill()
                server.wait()


def _await(store: Store, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until_s, first = time.monotonic() + START_S, Opened(store.address())
    while not first.answers():
        if server.poll() is not None or time.monotonic() > until_s:
            raise NoStore(f"the store did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)


class Fault(StrEnum):
    """What befalls whoever takes the road."""

    NONE = "none"
    REFUSED = "refused"
    SILENT = "silent"
    """Requests are taken, and never answered."""
    BUSY = "busy"
    """503, as from a store that wants fewer requests."""
    TORN = "torn"
    """Answers break off in their bodies."""


BUSY = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD_BYTES = 1500
"""More than the head of an answer has, and less than the bodies in these tests."""


class Road:
    """A way to the server on a port of its own."""

    def __init__(self, address: BucketAddress) -> None:
        self._there = int(address.url.rpartition(":")[2])
        self.place = address
        """Where the road leads, for who does not take it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._taken: socket.socket | None = None
        self._port = 0
        self._fault = Fault.NONE
        self.met = asyncio.Event()
        """Somebody met the fault."""

    async def __aenter__(self) -> Self:
        await self.be(Fault.NONE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    @property
    def address(self) -> BucketAddress:
        return replace(self.place, endpoint=f"http://127.0.0.1:{self._port}")

    async def be(self, fault: Fault) -> None:
        """Have all that comes meet a fault, and whoever is under way thrown off."""
        await self._close()
        self._fault = fault
        self.met.clear()
        if fault is Fault.REFUSED:
            self._taken = socket.socket()  # or else somebody else might listen there meanwhile
            self._taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._taken.bind(("127.0.0.1", self._port))
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        if self._taken:
            self._taken.close()
            self._taken = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.close()
        self._ends.clear()
        await asyncio.sleep(0)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        task = asyncio.create_task(self._pass(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._fault in {Fault.SILENT, Fault.BUSY}:
                await reader.read(1)
                self.met.set()
                if self._fault is Fault.SILENT:
                    await asyncio.Event().wait()
                writer.write(BUSY)
                return
            from_there, to_there = await asyncio.open_connection("127.0.0.1", self._there)
            self._ends.append(to_there)
            most = HEAD_BYTES if self._fault is Fault.TORN else None
            with suppress(ConnectionError):
                await asyncio.gather(_pump(reader, to_there), self._pump_back(from_there, writer, most))
        finally:
            writer.close()

    async def _pump_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
        await _pump(reader, writer, most)
        if most:
            self.met.set()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None = None) -> None:
    try:
        while (most is None or most > 0) and (block := await reader.read(min(65_536, most or 65_536))):
            most = None if most is None else most - len(block)
            writer.write(block)
            await writer.drain()
    finally:
        writer.close()
