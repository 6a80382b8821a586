"""Status polls per core, 100 at once, against a local gateway in another process.

All sides: the server, the response of about 100 bytes, at most 256 connections that stay open, the headers, and
parsing the JSON. CPU is that of this process alone.

Differences: the service validates the response (status code, size, encoding, fields) and has a deadline for the whole
exchange. Stock httpx is `httpx.AsyncClient` on its own transport. Bare aiohttp returns the response unchecked.
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
    """Poll as the worker does."""
    async with peer() as gateway, AsyncExitStack() as stack:
        client = GatewayClient(GatewaySettings(url=gateway.url, key=SecretStr(KEY)))
        stack.push_async_callback(client.close)
        return await _measure(client.status, jobs, polls)


async def stock_httpx(*, jobs: int, polls: int, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Poll with stock httpx."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with peer() as gateway, httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=20) as client:

        async def ask(request_id: str) -> object:
            return (await client.get(f"{gateway.url}/v2/requests/status/{request_id}")).json()

        return await _measure(ask, jobs, polls)


async def bare_aiohttp(*, jobs: int, polls: int, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Poll with bare aiohttp."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with peer() as gateway, aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:

        async def ask(request_id: str) -> object:
            async with session.get(f"{gateway.url}/v2/requests/status/{request_id}") as answer:
                return await answer.json()

        return await _measure(ask, jobs, polls)


async def _measure(ask: Poll, jobs: int, polls: int) -> Figures:
    """Poll for every job in turn, after one round of warm-up."""
    failed = 0

    async def once(request_id: str) -> None:
        nonlocal failed
        try:
            await ask(request_id)
        except GatewayError:  # so many at once would time out while waiting for a connection
            failed += 1

    ids = [f"request-{number}" for number in range(jobs)]
    await at_once(jobs, once, ids)
    failed = 0
    with Watch() as watch:
        await at_once(jobs, once, [ids[number % jobs] for number in range(polls)])
    return watch.figures(polls, failed=failed)
