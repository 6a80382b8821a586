"""Status polls for each core, 100 at once, against a local gateway in another process.

The same on all sides: the server, the answer of about 100 bytes, connections that stay open, at most 256 of them, the
headers, and that the JSON is read. CPU is that of this process alone.

Not the same: the service judges the answer (status code, size, encoding, what stands in it) and has a deadline over
the whole exchange. Stock httpx is what `httpx.AsyncClient` does on its own transport. Bare aiohttp keeps the answer.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import httpx
from pydantic import SecretStr

from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, at_once
from benchmarks.peers import peer
from core.domain.errors import GatewayError
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings

CONNECTIONS = 256
KEY = "no-key-needed"
HEADERS = {"Ocp-Apim-Subscription-Key": KEY, "Cache-Control": "no-cache", "Accept": "application/json"}
FULL, QUICK = {"jobs": 100, "polls": 6_000}, {"polls": 300}
BENCHMARK = Benchmark(
    name="polls",
    sides={
        "service": Side(run="benchmarks.rows.polls:service", options=FULL, quick=QUICK),
        "httpx": Side(run="benchmarks.rows.polls:stock_httpx", options=FULL, quick=QUICK),
        "aiohttp": Side(run="benchmarks.rows.polls:bare_aiohttp", options=FULL, quick=QUICK),
    },
    rows=[
        Row(
            what="status polls",
            side="service",
            baseline="httpx",
            figure="per_core_s",
            unit="/s and core",
            aim=Aim(5, at_least=True),
        ),
        Row(
            what="status polls",
            side="service",
            baseline="aiohttp",
            figure="per_core_s",
            unit="/s and core",
            aim=Aim(0.4, at_least=True),
        ),
    ],
)

Poll = Callable[[str], Awaitable[object]]


async def service(*, jobs: int, polls: int, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Ask as the worker does."""
    async with peer() as gateway, AsyncExitStack() as stack:
        client = GatewayClient(GatewaySettings(url=gateway.url, key=SecretStr(KEY)))
        stack.push_async_callback(client.close)
        return await _measure(client.status, jobs, polls)


async def stock_httpx(*, jobs: int, polls: int, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Ask with httpx as it comes."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with peer() as gateway, httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=20) as client:

        async def ask(request_id: str) -> object:
            return (await client.get(f"{gateway.url}/v2/requests/status/{request_id}")).json()

        return await _measure(ask, jobs, polls)


async def bare_aiohttp(*, jobs: int, polls: int, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Ask with aiohttp and nothing around it."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with peer() as gateway, aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:

        async def ask(request_id: str) -> object:
            async with session.get(f"{gateway.url}/v2/requests/status/{request_id}") as answer:
                return await answer.json()

        return await _measure(ask, jobs, polls)


async def _measure(ask: Poll, jobs: int, polls: int) -> Figures:
    """Let every job ask in turn, after each has asked once."""
    failed = 0

    async def once(request_id: str) -> None:
        nonlocal failed
        try:
            await ask(request_id)
        except GatewayError:  # so many at once may wait too long for a connection
            failed += 1

    ids = [f"request-{number}" for number in range(jobs)]
    await at_once(jobs, once, ids)
    failed = 0
    with Watch() as watch:
        await at_once(jobs, once, [ids[number % jobs] for number in range(polls)])
    return watch.figures(polls, failed=failed)
